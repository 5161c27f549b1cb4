#include "senet/sensitivity.h"

namespace {

class Impostor final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    return std::vector<double>(teacher.sites().size(), 7);
  }
};

}  // namespace

SENET_PLUGIN(senet::entry<Impostor>("uniform", "a name that another plugin has"));
