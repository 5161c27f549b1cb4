#include "display/gnuplot.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "display/format.h"
#include "display/scratch_folder.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

bool on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

void run_gnuplot(const fs::path& folder, const std::string& commands) {
  const pid_t child = ::fork();
  SENET_CHECK(child >= 0, "gnuplot cannot be started: ", std::strerror(errno));
  if (child == 0) {
    if (::chdir(folder.c_str()) == 0) ::execlp("gnuplot", "gnuplot", "-e", commands.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  SENET_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "gnuplot could not draw: ", commands);
}

// gnuplot says nothing when there is no room for all of a picture.
bool is_whole(const std::string& name, const std::string& picture) {
  const std::string ending = fs::path(name).extension();
  const std::string last = ending == ".svg" ? "</svg>" : ending == ".pdf" ? "%%EOF" : "IEND\xae\x42\x60\x82";
  const size_t found = picture.rfind(last);
  return found != std::string::npos && picture.size() - found <= last.size() + 2;
}

}  // namespace

std::string gnuplot_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    // gnuplot runs what stands between backquotes.
    quoted += c == '\n' ? ' ' : c == '`' ? '\'' : c;
  }
  return quoted + "\"";
}

std::string gnuplot_number(double value, int digits) { return std::isnan(value) ? "NaN" : fixed(value, digits); }

std::string gnuplot_missing() {
  return on_path("gnuplot") ? "" : "gnuplot, which draws, is not installed (Debian: apt install gnuplot-nox)";
}

std::string font_missing() {
  // Pango, with which gnuplot writes, brings this program.
  std::FILE* match = ::popen("fc-match 2>/dev/null", "r");
  if (!match) return "";
  const bool none = std::fgetc(match) == EOF;
  return ::pclose(match) == 0 && none
             ? "no font is installed for the letters of a picture (Debian: apt install fonts-dejavu-core)"
             : "";
}

std::map<std::string, std::string> draw_pictures(const std::string& commands,
                                                 const std::map<std::string, std::string>& files,
                                                 const std::vector<std::string>& pictures) {
  if (const std::string missing = gnuplot_missing(); !missing.empty()) fail(missing);
  const bool letters = std::any_of(pictures.begin(), pictures.end(),
                                   [](const std::string& name) { return fs::path(name).extension() != ".svg"; });
  if (const std::string missing = letters ? font_missing() : ""; !missing.empty()) fail(missing);
  const ScratchFolder folder("figure");
  for (const auto& [name, content] : files) write_atomically(folder.path() / name, content);
  run_gnuplot(folder.path(), commands);
  std::map<std::string, std::string> drawn;
  for (const std::string& name : pictures) {
    const fs::path file = folder.path() / name;
    drawn[name] = read_file(file);
    SENET_CHECK(is_whole(name, drawn[name]), file.string(), ": gnuplot left it unfinished; is there no space left in ",
                folder.path().parent_path().string(), "? TMPDIR names another folder");
  }
  return drawn;
}

}  // namespace senet
