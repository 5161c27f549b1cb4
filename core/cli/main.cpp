#define BOOST_DLL_USE_STD_FS
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <iostream>

#include "cli/arguments.h"

int main(int count, char** values) {
  senet::Arguments arguments;
  if (const auto code = senet::parse_arguments(count, values, arguments)) return *code;
  try {
    // Global, so that plugins find the core's symbols; static, so that it stays until the process has ended.
    static const boost::dll::shared_library core(
        boost::dll::program_location().parent_path() / ".." / "lib" / "libsenet_core.so",
        boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_global);
    return core.get<int(const senet::Arguments*)>("senet_execute")(&arguments);
  } catch (const std::exception& error) {
    std::cerr << "senet: cannot load its core library: " << error.what() << "\n";
    return 1;
  }
}
