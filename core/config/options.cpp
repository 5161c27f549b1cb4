#include "senet/options.h"

#include <algorithm>

#include "senet/error.h"

namespace senet {

template <class T>
const T& Options::get(const std::string& name) const {
  const Item& found = item(name);
  SENET_CHECK(std::holds_alternative<T>(found.value), "option '", section_, ".", name,
              "' is read as another type than it is declared with");
  return std::get<T>(found.value);
}

bool Options::boolean(const std::string& name) const { return get<bool>(name); }
int64_t Options::integer(const std::string& name) const { return get<int64_t>(name); }
double Options::real(const std::string& name) const { return get<double>(name); }
const std::string& Options::text(const std::string& name) const { return get<std::string>(name); }
const std::vector<int64_t>& Options::integers(const std::string& name) const { return get<std::vector<int64_t>>(name); }
const std::vector<double>& Options::reals(const std::string& name) const { return get<std::vector<double>>(name); }
const std::vector<std::string>& Options::texts(const std::string& name) const {
  return get<std::vector<std::string>>(name);
}

const Options::Item& Options::item(const std::string& name) const {
  for (const Item& item : items_) {
    if (name == item.declaration.name) return item;
  }
  fail("section '", section_, "' declares no option '", name, "'");
}

bool Options::has(const std::string& name) const {
  return std::any_of(items_.begin(), items_.end(), [&](const Item& item) { return name == item.declaration.name; });
}

void Options::replace(const std::string& name, OptionValue value, const std::string& origin) {
  for (Item& item : items_) {
    if (name != item.declaration.name) continue;
    SENET_CHECK(item.value.index() == value.index(), "option '", section_, ".", name, "' is of another type");
    item.value = std::move(value);
    item.origin = origin;
    item.is_default = false;
    return;
  }
  fail("section '", section_, "' declares no option '", name, "'");
}

void Options::add(Item item) { items_.push_back(std::move(item)); }

}  // namespace senet
