#include "cli/exit_guard.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "plugin/host.h"
#include "senet/error.h"

namespace senet {

namespace {

pid_t guarded = 0;  // a process that was forked from it may end as it likes
const std::string* guarded_verb = nullptr;

void refuse(const std::string& call) {
  if (getpid() != guarded) return;
  std::fflush(nullptr);  // the last words of whoever called it
  const std::string plugin = PluginHost::running();
  std::cerr << "senet: " << call << " was called within `senet " << *guarded_verb << "`, by "
            << (plugin.empty() ? "a plugin or a library" : plugin)
            << ", which has to return or throw: what was going on is not finished\n";
  _exit(static_cast<int>(Exit::failure));
}

}  // namespace

ExitGuard::ExitGuard(const std::string& verb) {
  static const bool armed = [] {
    on_exit([](int status, void*) { refuse(text("exit(", status, ")")); }, nullptr);
    at_quick_exit([] { refuse("quick_exit()"); });
    return true;
  }();
  (void)armed;
  guarded_verb = &verb;
  guarded = getpid();
}

ExitGuard::~ExitGuard() { guarded = 0; }

}  // namespace senet
