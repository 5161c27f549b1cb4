#include "report/gnuplot.h"

#include <sys/wait.h>
#include <unistd.h>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/scratch_folder.h"

namespace senet {

namespace fs = std::filesystem;

std::string gnuplot_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    // gnuplot runs what stands between backquotes.
    quoted += c == '\n' ? ' ' : c == '`' ? '\'' : c;
  }
  return quoted + "\"";
}

void run_gnuplot(const fs::path& folder, const std::string& commands) {
  const fs::path entered = folder.empty() ? fs::path(".") : folder;
  const pid_t child = ::fork();
  SENET_CHECK(child >= 0, "gnuplot cannot be started");
  if (child == 0) {
    if (::chdir(entered.c_str()) == 0) ::execlp("gnuplot", "gnuplot", "-e", commands.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  SENET_CHECK(
      WIFEXITED(status) && WEXITSTATUS(status) == 0, "gnuplot could not draw in ", entered.string(), ": ", commands,
      WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "; it is not installed: scripts/setup installs it" : "");
}

std::string draw_once(const std::string& script, const std::map<std::string, std::string>& files,
                      const std::string& made) {
  const ScratchFolder folder("figure");
  for (const auto& [name, content] : files) write_atomically(folder.path() / name, content);
  write_atomically(folder.path() / "script.gp", script);
  run_gnuplot(folder.path(), "load \"script.gp\"");
  return made.empty() ? "" : read_file(folder.path() / made);
}

}  // namespace senet
