#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "senet/dataset.h"
#include "senet/sensitivity.h"

// Plugins that treat the process as their own.
namespace {

class Exits final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network&, senet::PhaseContext&) override { std::exit(0); }
};
class QuickExits final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network&, senet::PhaseContext&) override { std::quick_exit(0); }
};
class Prints final : public senet::Sensitivity {
 public:
  Prints() { std::puts("a plugin was made"); }
  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    std::cout << "a plugin measures" << std::endl;
    return std::vector<double>(teacher.sites().size(), 1);
  }
};
class Spins final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network&, senet::PhaseContext&) override {
    for (volatile int turns = 0;;) turns = turns + 1;
  }
};
class ExitingSet final : public senet::Dataset {
 public:
  senet::Images load(senet::Split) override { std::exit(0); }
  int64_t classes() const override { return 2; }
  senet::Normalisation normalisation() const override { return {{0}, {1}}; }
};
class WaitingSet final : public senet::Dataset {
 public:
  senet::Images load(senet::Split) override {
    std::cerr << "the set loads\n";
    std::this_thread::sleep_for(std::chrono::hours(1));
    return {};
  }
  int64_t classes() const override { return 2; }
  senet::Normalisation normalisation() const override { return {{0}, {1}}; }
};

}  // namespace

SENET_PLUGIN(senet::entry<Exits>("exits", "calls exit() while it measures"),
             senet::entry<QuickExits>("quick_exits", "calls quick_exit() while it measures"),
             senet::entry<Prints>("prints", "prints on standard output"),
             senet::entry<Spins>("spins", "never comes back"),
             senet::entry<ExitingSet>("exiting_set", "calls exit() while it loads"),
             senet::entry<WaitingSet>("waiting_set", "loads for an hour"));
