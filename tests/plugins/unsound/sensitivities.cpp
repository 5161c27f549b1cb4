#include <cmath>
#include <stdexcept>

#include "senet/sensitivity.h"

// Sensitivity measures that do not keep to their interface.
namespace {

class Throws final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network&, senet::PhaseContext&) override {
    throw std::out_of_range("something inside the plugin");
  }
};
class ThrowsAtOnce final : public senet::Sensitivity {
 public:
  ThrowsAtOnce() { throw 42; }
  std::vector<double> measure(senet::Network&, senet::PhaseContext&) override { return {}; }
};
class NotANumber final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    std::vector<double> values(teacher.sites().size(), 1);
    values[3] = std::nan("");
    return values;
  }
};
class TooShort final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    return std::vector<double>(teacher.sites().size() - 1, 1);
  }
};

}  // namespace

SENET_PLUGIN(senet::entry<Throws>("throws", "throws while it measures"),
             senet::entry<ThrowsAtOnce>("throws_at_once", "throws when it is made"),
             senet::entry<NotANumber>("not_a_number", "gives NaN for one site"),
             senet::entry<TooShort>("too_short", "gives a number too few"));
