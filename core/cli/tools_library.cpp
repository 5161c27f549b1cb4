#include "cli/tools_library.h"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include "cli/commands.h"
#include "senet/error.h"

namespace senet {

std::filesystem::path tools_library() { return installation_prefix() / "lib" / "libsenet_tools.so"; }

const ToolFunctions& load_tools() {
  const std::filesystem::path file = tools_library();
  if (!std::filesystem::exists(file)) fail(file.string(), ": no such file; install senet again (cmake --install)");
  try {
    // Static, so that the library stays until the process has ended.
    static const boost::dll::shared_library library(file, boost::dll::load_mode::rtld_now);
    return library.get<const ToolFunctions>("senet_tool_functions");
  } catch (const std::exception& error) {
    fail(file.string(), ": cannot be loaded: ", error.what());
  }
}

}  // namespace senet
