#define BOOST_DLL_USE_STD_FS
#include <unistd.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/arguments.h"
#include "cli/limits.h"
#include "cli/output.h"
#include "cli/threads.h"
#include "senet/error.h"

namespace {

// Until a training begins there is nothing to keep.
extern "C" void on_early_stop(int) {
  const char message[] = "senet: stopped\n";
  (void)!write(STDERR_FILENO, message, sizeof message - 1);
  _exit(static_cast<int>(senet::Exit::interrupted));
}

int execute(const senet::Arguments& arguments, std::ostream& output) {
  if (const std::string shortage = senet::memory_shortage(senet::kLibraryMemory); !shortage.empty()) {
    std::cerr << "senet: the libraries cannot be loaded: " << shortage << "\n";
    return 1;
  }
  // OpenMP reads it as its library is loaded. On a busy machine it would give fewer threads than it is asked for.
  unsetenv("OMP_DYNAMIC");
  const auto file = boost::dll::program_location().parent_path().parent_path() / "lib" /
                    (arguments.of_finished_results ? "libsenet_tools.so" : "libsenet_cli.so");
  const char* entry = arguments.of_finished_results ? "senet_execute_tool" : "senet_execute";
  const std::string needs = "senet: `senet " + arguments.verb + "` needs " + file.string();
  if (!std::filesystem::exists(file)) {
    std::cerr << needs << ": no such file; install senet again (cmake --install)\n";
    return 1;
  }
  try {
    // Global, with the core that it brings, so that plugins find the core's symbols; static, so that it stays until the
    // process has ended.
    static const boost::dll::shared_library library(
        file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_global);
    return library.get<int(const senet::Arguments*, std::ostream*)>(entry)(&arguments, &output);
  } catch (const std::exception& error) {
    std::cerr << needs << ", which cannot be loaded: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace

int main(int count, char** values) {
  std::signal(SIGINT, on_early_stop);
  std::signal(SIGTERM, on_early_stop);
  // A file that grows beyond its limit (ulimit -f) is an error of writing, which says so, as any other.
  std::signal(SIGXFSZ, SIG_IGN);
  senet::StandardOutput output;
  senet::Arguments arguments;
  arguments.processors = senet::available_threads();
  const auto parsed = senet::parse_arguments(count, values, arguments, output.stream());
  const int code = parsed ? *parsed : execute(arguments, output.stream());
  const std::string problem = output.finish();
  if (problem.empty()) return code;
  std::cerr << "senet: cannot write to standard output: " << problem << "\n";
  return code == 0 ? static_cast<int>(senet::Exit::failure) : code;
}
