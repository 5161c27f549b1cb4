#include "tools/measure/engine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <sstream>
#include <thread>

#include "display/scratch_folder.h"
#include "senet/error.h"
#include "storage/clock.h"
#include "storage/files.h"
#include "storage/json.h"
#include "tools/measure/process.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kVersion = "0.9.5";
constexpr const char* kSetup = "scripts/setup-mpc installs it";
constexpr const char* kPartyName[2] = {"party 0 (client)", "party 1 (server)"};
constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr double kGrace = 60;  // seconds that a party is given to end after the other: both leave at their own pace
constexpr double kProbe = 60;  // seconds in which an engine has to say which it is

std::string content(const fs::path& file) { return fs::exists(file) ? read_file(file) : ""; }

std::string last_lines(const fs::path& file, size_t count) {
  std::deque<std::string> lines;
  std::istringstream in(content(file));
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    lines.push_back(line);
    if (lines.size() > count) lines.pop_front();
  }
  std::string all;
  for (const std::string& each : lines) all += "\n    " + each;
  return all;
}

std::string last_words(const fs::path& work) {
  std::string words;
  for (const int party : {0, 1}) {
    const std::string number = std::to_string(party);
    for (const std::string& file : {"output" + number, "log" + number}) {
      const std::string lines = last_lines(work / file, 8);
      if (!lines.empty()) words += text("\n  last of ", kPartyName[party], ", ", file, ":", lines);
    }
  }
  return words.empty() ? "\n  the engine said nothing" : words;
}

// A TCP port on loopback, held while the object lives.
class Port {
 public:
  explicit Port(int64_t number) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int reuse = 1;
    setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(number));
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(descriptor_, plain, sizeof(address)) != 0 || listen(descriptor_, 1) != 0) {
      const int error = errno;
      close(descriptor_);
      fail_usage("port ", number, " on loopback cannot be used (", std::strerror(error),
                 "); leave --port out, or give one that is free, as its successor has to be");
    }
    socklen_t size = sizeof(address);
    getsockname(descriptor_, plain, &size);
    number_ = ntohs(address.sin_port);
  }
  ~Port() { close(descriptor_); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  std::string number() const { return std::to_string(number_); }

 private:
  int descriptor_;
  int number_ = 0;
};

std::array<std::string, 2> two_ports(int64_t first) {
  const Port port0(first), port1(first == 0 ? 0 : first + 1);
  return {port0.number(), port1.number()};
}

fs::path environment_folder(const std::string& named, const fs::path& prefix) {
  if (!named.empty()) return named;
  if (const char* variable = std::getenv("SENET_MPC_VENV"); variable && *variable) return variable;
  const fs::path here = ".venv-mpc";
  return fs::exists(here) ? here : (prefix / ".." / "..").lexically_normal() / here;
}

PartyReport read_report(const fs::path& work, int party) {
  const std::string number = std::to_string(party);
  const fs::path said = work / ("party" + number + ".json");
  const Json json = parse_json(read_file(said), said.string());
  const fs::path log = work / ("log" + number);
  PartyReport report;
  report.programs = read_run_costs(read_file(log), log.string());
  report.memory = json.at("memory").get<std::map<std::string, int64_t>>();
  report.compile_seconds = json.at("compile_seconds").get<double>();
  return report;
}

}  // namespace

Engine::Engine(const std::string& environment, fs::path prefix) : script_(prefix / "share" / "senet" / "spu_party.py") {
  const fs::path folder = environment_folder(environment, prefix);
  python_ = folder / "bin" / "python";
  if (!fs::exists(python_)) {
    fail_usage("there is no engine for private inference: ", python_.string(), " does not exist; ", kSetup,
               ", --engine or SENET_MPC_VENV name another environment");
  }
  SENET_CHECK(fs::exists(script_), script_.string(), ": is missing beside the program");
  const ScratchFolder scratch("engine");
  const fs::path output = scratch.path() / "output";
  std::string said;
  bool answered = false, in_time = false;
  {
    ChildProcess probe({python_.string(), script_.string(), "--version"}, output);
    for (const double begin = seconds_now(); probe.running() && seconds_now() - begin < kProbe;)
      std::this_thread::sleep_for(kPoll);
    in_time = !probe.running();
    answered = in_time && probe.succeeded();
    said = content(output);
  }
  if (!in_time) {
    fail_usage("the engine in ", folder.string(), " did not say within ", kProbe, " s which version it is; is ",
               python_.string(), " sound?");
  }
  versions_ = Json::parse(said, nullptr, /*allow_exceptions=*/false);
  if (!answered || !versions_.is_object()) {
    fail_usage("the environment ", folder.string(), " has no working engine (", said, "); ", kSetup);
  }
  const std::string version = versions_.value("spu", "");
  if (version != kVersion) {
    fail_usage("the engine in ", folder.string(), " is SPU ", version, "; this harness measures with ", kVersion, "; ",
               kSetup, " anew when the folder is removed");
  }
}

EngineReport Engine::run(const EngineJob& job, const std::function<bool()>& stop_requested) const {
  const std::array<std::string, 2> ports = two_ports(job.port);
  std::string protocol;
  for (const char c : job.protocol) protocol += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const char* old : {"log0", "log1", "messages0", "messages1", "output0", "output1", "party0.json", "party1.json",
                          "compiled", "logits.bin"}) {
    fs::remove_all(job.work / old);
  }
  const auto start = [&](int party) {
    const std::string number = std::to_string(party);
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{python_.string(), script_.string(), number, ports[0], ports[1],
                                 fs::absolute(job.package).string(), fs::absolute(job.work).string(), protocol,
                                 std::to_string(job.fraction_bits), std::to_string(job.images)},
        job.work / ("output" + number));
  };
  const std::array<std::unique_ptr<ChildProcess>, 2> parties = {start(0), start(1)};
  const double begin = seconds_now();
  double one_ended = 0;
  while (parties[0]->running() || parties[1]->running()) {
    if (stop_requested()) throw Error("stopped; both parties were ended", Exit::interrupted);
    for (const int party : {0, 1}) {
      if (!parties[party]->running() && !parties[party]->succeeded()) {
        const std::string end = parties[party]->how_it_ended();
        parties[1 - party]->end();
        fail(kPartyName[party], " of the engine ", end, " (", job.protocol, ")", last_words(job.work));
      }
    }
    if (seconds_now() - begin > job.timeout) {
      for (const auto& party : parties) party->end();
      fail("the engine was not done after ", job.timeout, " s (", job.protocol,
           "), and was ended; --timeout gives it more", last_words(job.work));
    }
    const bool one_left = !parties[0]->running() || !parties[1]->running();
    if (one_left && one_ended == 0) one_ended = seconds_now();
    if (one_ended > 0 && seconds_now() - one_ended > kGrace) {
      for (const auto& party : parties) party->end();
      fail("one party of the engine ended and the other did not (", job.protocol, ")", last_words(job.work));
    }
    std::this_thread::sleep_for(kPoll);
  }
  for (const int party : {0, 1}) {
    SENET_CHECK(parties[party]->succeeded(), kPartyName[party], " of the engine ", parties[party]->how_it_ended(), " (",
                job.protocol, ")", last_words(job.work));
  }

  EngineReport report;
  for (const int party : {0, 1}) report.parties[party] = read_report(job.work, party);
  report.rounds = read_rounds(read_file(job.work / "messages0"), read_file(job.work / "messages1"));
  const std::string logits = read_file(job.work / "logits.bin");
  report.logits.resize(logits.size() / sizeof(float));
  std::memcpy(report.logits.data(), logits.data(), report.logits.size() * sizeof(float));
  report.compiled_program = read_file(job.work / "compiled" / "program");
  for (int i = 0; fs::exists(job.work / "compiled" / ("layer-" + std::to_string(i))); ++i) {
    report.compiled_layers.push_back(read_file(job.work / "compiled" / ("layer-" + std::to_string(i))));
  }
  return report;
}

}  // namespace senet
