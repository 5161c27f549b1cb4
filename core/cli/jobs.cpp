#include "cli/jobs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "senet/error.h"

namespace senet {

namespace {

std::vector<std::string> command_of(const Arguments& arguments, int threads, bool terminal) {
  std::vector<std::string> words = {"senet",
                                    "run",
                                    arguments.subject,
                                    "--runs",
                                    arguments.runs,
                                    "--results",
                                    arguments.results,
                                    "--device",
                                    arguments.device,
                                    "--threads",
                                    text(threads),
                                    "--as-job",
                                    terminal ? "terminal" : "log",
                                    "--began=" + std::to_string(arguments.began)};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--cell", arguments.cell);
  add("--budget", arguments.budget);
  add("--seed", arguments.only_seed ? text(*arguments.only_seed) : "");
  add("--phase", arguments.phase);
  for (const std::string& assignment : arguments.sets) add("--set", assignment);
  for (const std::string& folder : arguments.plugin_dirs) add("--plugin-dir", folder);
  return words;
}

// A process of this program, whose standard error is read here.
class Job {
 public:
  Job(const std::vector<std::string>& command, std::string name) : name_(std::move(name)) {
    std::vector<char*> values;
    for (const std::string& word : command) values.push_back(const_cast<char*>(word.c_str()));
    values.push_back(nullptr);
    std::array<int, 2> pipe{};
    if (pipe2(pipe.data(), O_CLOEXEC) != 0) fail("a job cannot be started: ", std::strerror(errno));
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      // A group of its own: a terminal's Ctrl-C reaches it through its parent alone, once.
      setpgid(0, 0);
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(static_cast<int>(Exit::interrupted));
      const int nowhere = open("/dev/null", O_RDWR);
      dup2(nowhere, STDIN_FILENO);
      dup2(nowhere, STDOUT_FILENO);
      dup2(pipe[1], STDERR_FILENO);
      std::signal(SIGINT, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
      execv("/proc/self/exe", values.data());
      _exit(static_cast<int>(Exit::failure));
    }
    const int error = errno;
    close(pipe[1]);
    output_ = pipe[0];
    if (pid_ < 0) {
      close(output_);
      fail("a job cannot be started: ", std::strerror(error));
    }
  }
  ~Job() {
    if (output_ >= 0) close(output_);
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  int output() const { return output_; }  // negative: it has ended
  const std::string& progress() const { return line_; }
  void stop() const {
    if (pid_ > 0) kill(pid_, SIGTERM);
  }
  // What there is to read: whole lines are shown, the last one is its progress.
  void read(Console& console) {
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(output_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return end(console);
    for (ssize_t i = 0; i < count; ++i) {
      line_ += bytes[static_cast<size_t>(i)];
      if (line_.size() >= kClear.size() && line_.compare(line_.size() - kClear.size(), kClear.size(), kClear) == 0) {
        line_.clear();
      } else if (line_.back() == '\n') {
        line_.pop_back();
        console.message(name_ + line_);
        line_.clear();
      }
    }
  }

 private:
  void end(Console& console) {
    line_.clear();
    close(output_);
    output_ = -1;
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    if (WIFSIGNALED(status)) console.message(text(name_, "was ended by signal ", WTERMSIG(status)));
  }

  inline static const std::string kClear = kClearLine;
  std::string name_, line_;
  pid_t pid_ = -1;
  int output_ = -1;
};

// As much of the jobs' progress as a terminal's line holds.
std::string progress_of(const std::vector<std::unique_ptr<Job>>& jobs) {
  winsize window{};
  const size_t most = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col - 1 : 79;
  std::string line;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const std::string& progress = jobs[i]->progress();
    const size_t begin = progress.find_first_not_of(' ');
    if (begin != std::string::npos) line += text(line.empty() ? "[" : "  [", i + 1, "] ", progress.substr(begin));
  }
  return line.substr(0, most);
}

}  // namespace

int threads_of_a_job(int jobs, int threads, bool on_cpu) {
  if (jobs > threads && on_cpu) {
    fail_usage("--jobs ", jobs, ": there are ", threads,
               " threads to share (--threads, the scheduler's number, or the "
               "processors that this process may run on); ask for at most ",
               threads, " jobs");
  }
  return std::max(1, threads / jobs);
}

void run_in_jobs(const Arguments& arguments, int threads, Console& console) {
  console.stop_when_asked();
  std::vector<std::unique_ptr<Job>> jobs;
  for (int i = 0; i < arguments.jobs; ++i) {
    const std::string name = text("[", i + 1, "] ");
    jobs.push_back(std::make_unique<Job>(command_of(arguments, threads, console.on_terminal()), name));
  }
  bool told = false;
  for (;;) {
    std::vector<pollfd> waited;
    for (const auto& job : jobs) {
      if (job->output() >= 0) waited.push_back({job->output(), POLLIN, 0});
    }
    if (waited.empty()) break;
    constexpr int kMilliseconds = 1000;  // a signal may come between the question and the wait
    if (!told && console.stop_requested()) {
      for (const auto& job : jobs) job->stop();
      told = true;
    }
    if (poll(waited.data(), waited.size(), kMilliseconds) <= 0) continue;
    for (const auto& job : jobs) {
      for (const pollfd& one : waited) {
        if (one.fd == job->output() && one.revents != 0) {
          job->read(console);
          break;
        }
      }
    }
    const std::string progress = progress_of(jobs);
    if (!progress.empty()) console.progress_line(progress);
  }
  if (console.stop_requested()) throw Error("stopped with its jobs", Exit::interrupted);
}

}  // namespace senet
