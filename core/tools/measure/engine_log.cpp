#include "tools/measure/engine_log.h"

#include <algorithm>
#include <regex>
#include <sstream>

#include "senet/error.h"

namespace senet {

std::vector<RunCost> read_run_costs(const std::string& log, const std::string& name) {
  static const std::regex executed(R"(SPU execution (\S+) completed, .* total time ([0-9.e+-]+)s)");
  static const std::regex link(
      R"(Link details: total send bytes (\d+), recv bytes (\d+), send actions (\d+), recv actions (\d+))");
  std::vector<RunCost> costs;
  bool open = false;
  std::istringstream lines(log);
  std::string line;
  std::smatch match;
  while (std::getline(lines, line)) {
    if (line.find("SPU execution ") != std::string::npos && std::regex_search(line, match, executed)) {
      SENET_CHECK(!open, name, ": does not say what the program '", costs.back().name, "' sent");
      costs.push_back({match[1], std::stod(match[2]), 0, 0, 0, 0});
      open = true;
    } else if (line.find("Link details: ") != std::string::npos && std::regex_search(line, match, link)) {
      SENET_CHECK(open, name, ": says what was sent by no program: ", line);
      costs.back().sent = std::stoll(match[1]);
      costs.back().received = std::stoll(match[2]);
      costs.back().messages_sent = std::stoll(match[3]);
      costs.back().messages_received = std::stoll(match[4]);
      open = false;
    }
  }
  SENET_CHECK(!open, name, ": ends within a program's costs");
  return costs;
}

namespace {

struct Event {
  enum class Kind { mark, send, receive, both } kind;
  std::string key;  // of a message: the same at both parties; of a mark: the program's name
};

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// "root:P2P-4:0->1" is a message from 0 to 1, "root:5:ALLGATHER" one from each to the other. A mark's tag is what the
// engine finds in memory that it no longer owns: any bytes, line ends among them.
std::vector<Event> read_events(const std::string& messages, char party) {
  static const std::string begin = "[spu link] key=";
  static const std::string mark = "value=4073656e657420";  // "@senet "
  std::vector<Event> events;
  for (size_t at = messages.find(begin), next = 0; at != std::string::npos; at = next) {
    at += begin.size();
    next = messages.find(begin, at);
    const std::string record = messages.substr(at, next == std::string::npos ? next : next - at);
    if (const size_t found = record.find(mark); found != std::string::npos) {
      const size_t hex = found + mark.size();
      const std::string program = from_hex(record.substr(hex, record.find_first_not_of("0123456789abcdef", hex) - hex));
      events.push_back({Event::Kind::mark, program.substr(0, program.find(';'))});
      continue;
    }
    const std::string key = record.substr(0, record.find(','));
    const size_t arrow = key.find("->");
    if (arrow == std::string::npos || arrow == 0) {
      events.push_back({Event::Kind::both, key});
    } else {
      events.push_back({key[arrow - 1] == party ? Event::Kind::send : Event::Kind::receive, key});
    }
  }
  return events;
}

using Programs = std::map<std::string, std::vector<Event>>;

Programs by_program(const std::vector<Event>& events) {
  Programs programs;
  std::vector<Event>* current = nullptr;
  for (const Event& event : events) {
    if (event.kind == Event::Kind::mark) {
      current = &programs[event.key];
    } else if (current) {
      current->push_back(event);
    }
  }
  return programs;
}

// A party's main thread talks over the link "root". For large values it starts threads with links of their own
// ("root-1"), whose events are logged as they come, and goes on when they are done.
struct Thread {
  std::vector<Event> events;
  size_t at = 0;
  int64_t clock = 0;
  bool announced = false;  // the event at hand is of kind both, and its message is on its way

  bool done() const { return at == events.size(); }
};
using Section = std::map<std::string, Thread>;  // what runs at one time, by link

using Depths = std::map<std::string, int64_t>;  // of each message on its arrival

class Party {
 public:
  explicit Party(const std::vector<Event>& events) {
    bool main = false;
    for (const Event& event : events) {
      const std::string link = event.key.substr(0, event.key.find(':'));
      if (sections_.empty() || main != (link == kMainLink)) sections_.emplace_back();
      main = link == kMainLink;
      sections_.back()[link].events.push_back(event);
    }
  }

  bool done() const { return at_ == sections_.size(); }
  int64_t clock() const { return clock_; }

  // Goes on as far as messages have arrived. Whether it went on at all.
  bool advance(Depths& sent, const Depths& arriving) {
    bool moved = false;
    for (; !done(); ++at_) {
      bool all = true;
      for (auto& [link, thread] : sections_[at_]) {
        moved = advance(thread, sent, arriving) || moved;
        all = all && thread.done();
      }
      if (!all) break;
      join();
    }
    return moved;
  }
  // Lets one message go that does not come.
  void skip() {
    for (auto& [link, thread] : sections_[at_]) {
      if (thread.done()) continue;
      thread.announced = false;
      ++thread.at;
      return;
    }
  }

 private:
  static constexpr const char* kMainLink = "root";

  bool advance(Thread& thread, Depths& sent, const Depths& arriving) const {
    bool moved = false;
    if (thread.at == 0) thread.clock = clock_;
    for (; !thread.done(); ++thread.at) {
      const Event& event = thread.events[thread.at];
      if (event.kind != Event::Kind::receive && !thread.announced) {
        sent[event.key] = thread.clock + 1;
        thread.announced = moved = true;
      }
      if (event.kind != Event::Kind::send) {
        const auto message = arriving.find(event.key);
        if (message == arriving.end()) break;
        thread.clock = std::max(thread.clock, message->second);
      }
      thread.announced = false;
      moved = true;
    }
    return moved;
  }
  void join() {
    for (const auto& [link, thread] : sections_[at_]) clock_ = std::max(clock_, thread.clock);
  }

  std::vector<Section> sections_;
  size_t at_ = 0;
  int64_t clock_ = 0;
};

// Lamport's clocks: a message carries the depth of its sender.
Rounds rounds_of(const std::vector<Event>& first, const std::vector<Event>& second) {
  Rounds rounds;
  for (const Event& event : first) rounds.messages_sent[0] += event.kind != Event::Kind::receive;
  for (const Event& event : second) rounds.messages_sent[1] += event.kind != Event::Kind::receive;
  Party client(first), server(second);
  Depths from_client, from_server;
  while (!client.done() || !server.done()) {
    const bool client_moved = client.advance(from_client, from_server);
    const bool server_moved = server.advance(from_server, from_client);
    if (client_moved || server_moved) continue;
    ++rounds.unordered;
    (client.done() ? server : client).skip();
  }
  rounds.count = std::max(client.clock(), server.clock());
  return rounds;
}

}  // namespace

std::map<std::string, Rounds> read_rounds(const std::string& messages0, const std::string& messages1) {
  const Programs first = by_program(read_events(messages0, '0')), second = by_program(read_events(messages1, '1'));
  std::map<std::string, Rounds> rounds;
  for (const auto& [program, events] : first) {
    const auto other = second.find(program);
    SENET_CHECK(other != second.end(), "the engine's second party has not logged the messages of its program '",
                program, "', which its first party has");
    rounds[program] = rounds_of(events, other->second);
  }
  return rounds;
}

}  // namespace senet
