#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/support.h"

namespace senet::testing {

struct Outcome {
  int code = -1;  // exit code, or 128 + signal
  std::string out, error;
};

// A running `senet`, with its output in files.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const fs::path& folder,
          const std::vector<std::string>& environment = {})
      : out_(folder / "stdout"), error_(folder / "stderr") {
    fs::create_directories(folder);
    pid_ = fork();
    if (pid_ != 0) return;
    const auto redirect = [](const fs::path& path, int target) {
      const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      dup2(descriptor, target);
    };
    redirect(out_, STDOUT_FILENO);
    redirect(error_, STDERR_FILENO);
    if (chdir(folder.c_str()) != 0) _exit(126);
    for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
    std::vector<char*> values = {const_cast<char*>(SENET_TEST_PROGRAM)};
    for (const std::string& argument : arguments) values.push_back(const_cast<char*>(argument.c_str()));
    values.push_back(nullptr);
    execv(SENET_TEST_PROGRAM, values.data());
    _exit(127);
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  bool running() {
    if (pid_ <= 0) return false;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
    finish(status);
    return false;
  }
  pid_t pid() const { return pid_; }
  // To one that has ended, nothing: kill() takes -1 for every process there is.
  void signal(int number) const {
    if (pid_ > 0) kill(pid_, number);
  }
  Outcome wait() {
    int status = 0;
    if (pid_ > 0 && waitpid(pid_, &status, 0) == pid_) finish(status);
    return {code_, slurp(out_), slurp(error_)};
  }

 private:
  void finish(int status) {
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
  }
  fs::path out_, error_;
  pid_t pid_ = -1;
  int code_ = -1;
};

inline Outcome run_program(const std::vector<std::string>& arguments, const fs::path& folder,
                           const std::vector<std::string>& environment = {}) {
  return Process(arguments, folder, environment).wait();
}

inline nlohmann::json json_of(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  auto json = nlohmann::json::parse(outcome.out, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << outcome.out;
  return json;
}

// A shell script in `folder`, with the program as $SENET.
inline Outcome run_shell(const std::string& script, const fs::path& folder) {
  write_file(folder / "script.sh", script);
  const std::string command =
      "cd '" + folder.string() + "' && SENET='" + SENET_TEST_PROGRAM + "' sh script.sh >script.out 2>script.err";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(folder / "script.out"),
          slurp(folder / "script.err")};
}

// Whether a script may have a file system of its own, so that it can be full or read-only for root too.
inline bool can_mount(const fs::path& folder) { return run_shell("unshare -rm true", folder).code == 0; }

// An experiment of all phases that takes about a second.
inline std::string tiny_experiment() {
  return R"(name = "tiny"
seeds = [1]
[dataset]
plugin = "synthetic"
channels = 2
height = 8
width = 8
classes = 4
train_images = 160
test_images = 64
[model]
plugin = "resnet18"
width = 2
[training]
batch = 32
precision = "float32"
checkpoint_seconds = 0
crop_padding = 1
[teacher]
epochs = 8
[sensitivity]
epochs = 3
[mask]
epochs = 3
[finetune]
epochs = 3
[[cell]]
budgets = ["20%"]
)";
}

// The same data, model and teacher, with other sections and cells.
inline std::string tiny_experiment_of(const std::string& sections) {
  std::string experiment = tiny_experiment();
  experiment.resize(experiment.find("[sensitivity]"));
  return experiment + sections;
}

// The same experiment on another data set.
inline std::string tiny_experiment_on(const std::string& dataset) {
  std::string experiment = tiny_experiment();
  const size_t section = experiment.find("[dataset]"), end = experiment.find("[model]");
  return experiment.replace(section, end - section, "[dataset]\n" + dataset);
}

}  // namespace senet::testing
