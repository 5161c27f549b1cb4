#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace senet {

enum class OptionType { boolean, integer, real, text, integers, reals, texts, budgets };

// What an option is about. Reports tell a change of schedule or of data from a change of the method; forecasts add up
// epochs. Results keep it.
enum class OptionKind {
  method,    // what a method computes
  schedule,  // how long, at which rate and on which views of the images a training runs, whatever the method
  epochs,    // of the schedule: how many epochs a training runs, or may run at most
  data,      // which images those of the data set are: what its name and their number say
  source,    // another cell or result that a step takes something of (Step::sources), whose phase stands in the key
};

// The declaration of one option. Help, validation, `senet plugins` and `senet options` all come from it. Plain data, so
// that a table of options is a `constexpr` array and needs no static initialiser:
//
//   constexpr senet::Option kOptions[] = {
//       senet::real_option("density", "0.1", "share of the convolution weights that are kept (d)").between(0, 1),
//   };
struct Option {
  const char* name;
  OptionType type;
  const char* default_value;  // as it would stand in a TOML file
  const char* help;
  const char* unit = "";
  double minimum = -std::numeric_limits<double>::infinity();  // bounds are inclusive; of each element for lists
  double maximum = std::numeric_limits<double>::infinity();
  const char* choices = "";  // allowed texts, separated by blanks; empty: any
  bool affects_result = true;
  OptionKind kind = OptionKind::method;

  constexpr Option between(double low, double high) const {
    Option copy = *this;
    copy.minimum = low;
    copy.maximum = high;
    return copy;
  }
  constexpr Option at_least(double low) const { return between(low, std::numeric_limits<double>::infinity()); }
  constexpr Option one_of(const char* names) const {
    Option copy = *this;
    copy.choices = names;
    return copy;
  }
  constexpr Option in(const char* unit_name) const {
    Option copy = *this;
    copy.unit = unit_name;
    return copy;
  }
  // How many epochs a training runs, or may run at most: forecasts add such options up, and `--overfit-one-batch` sets
  // each of them.
  constexpr Option counts_epochs() const { return of_kind(OptionKind::epochs); }
  constexpr Option of_schedule() const { return of_kind(OptionKind::schedule); }
  constexpr Option of_data() const { return of_kind(OptionKind::data); }
  constexpr Option names_source() const { return of_kind(OptionKind::source); }
  constexpr Option of_kind(OptionKind what) const {
    Option copy = *this;
    copy.kind = what;
    return copy;
  }
  // Where files lie, how often to save: what changes no number. Such an option is left out of a phase's key.
  constexpr Option without_effect() const {
    Option copy = *this;
    copy.affects_result = false;
    return copy;
  }
};

constexpr Option boolean_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::boolean, default_value, help};
}
constexpr Option integer_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::integer, default_value, help};
}
constexpr Option real_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::real, default_value, help};
}
constexpr Option text_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::text, default_value, help};
}
constexpr Option integers_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::integers, default_value, help};
}
constexpr Option reals_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::reals, default_value, help};
}
constexpr Option budgets_option(const char* name, const char* default_value, const char* help) {
  return Option{name, OptionType::budgets, default_value, help};
}

// Tables of options as one, in their order; of an option that two of them declare, the first:
//
//   constexpr senet::Option kOwn[] = {…};
//   constexpr senet::JoinedOptions kOptions(kOwn, senet::kDistilledOptions);
template <size_t N>
struct JoinedOptions {
  Option options[N] = {};
  size_t count = 0;

  template <size_t... Sizes>
  constexpr explicit JoinedOptions(const Option (&... tables)[Sizes]) {
    (add(tables), ...);
  }

 private:
  template <size_t Size>
  constexpr void add(const Option (&table)[Size]) {
    const size_t before = count;
    for (const Option& option : table) {
      bool declared = false;
      for (size_t i = 0; i < before; ++i) declared = declared || std::string_view(options[i].name) == option.name;
      if (!declared) options[count++] = option;
    }
  }
};
template <size_t... Sizes>
JoinedOptions(const Option (&... tables)[Sizes]) -> JoinedOptions<(Sizes + ...)>;

using OptionValue = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                                 std::vector<std::string>>;

// The resolved, validated values of one section of an experiment: one for every declared option.
class Options {
 public:
  struct Item {
    Option declaration;
    OptionValue value;
    std::string origin;  // "default", "file.toml:12:3" or "--set"
    bool is_default;     // equal to the declared default, wherever it came from
  };

  explicit Options(std::string section = "") : section_(std::move(section)) {}

  // Reading an option that was never declared, or as another type, is an Error: a mistake in the calling code.
  bool boolean(const std::string& name) const;
  int64_t integer(const std::string& name) const;
  double real(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  const std::vector<int64_t>& integers(const std::string& name) const;
  const std::vector<double>& reals(const std::string& name) const;
  const std::vector<std::string>& texts(const std::string& name) const;

  const std::string& section() const { return section_; }
  const std::vector<Item>& items() const { return items_; }
  const Item& item(const std::string& name) const;
  bool has(const std::string& name) const;

  void add(Item item);
  // Another value of the same type for an option, in place of the one it has.
  void replace(const std::string& name, OptionValue value, const std::string& origin);

 private:
  template <class T>
  const T& get(const std::string& name) const;

  std::string section_;
  std::vector<Item> items_;
};

}  // namespace senet
