#include "measure/engine_log.h"

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

// Lamport's clocks: a message carries the depth of its sender.
int64_t depth_of(const std::vector<Event>& first, const std::vector<Event>& second) {
  const std::vector<Event>* events[2] = {&first, &second};
  size_t at[2] = {0, 0};
  int64_t clock[2] = {0, 0};
  std::map<std::string, int64_t> sent[2];  // depth of each message on its arrival, by its sender
  bool announced[2] = {false, false};      // the event at hand is of kind both, and its message is on its way
  for (;;) {
    bool moved = false;
    for (const int party : {0, 1}) {
      while (at[party] < events[party]->size()) {
        const Event& event = (*events[party])[at[party]];
        if (event.kind != Event::Kind::receive && !announced[party]) {
          sent[party][event.key] = clock[party] + 1;
          announced[party] = true;
        }
        if (event.kind != Event::Kind::send) {
          const auto message = sent[1 - party].find(event.key);
          if (message == sent[1 - party].end()) break;
          clock[party] = std::max(clock[party], message->second);
        }
        announced[party] = false;
        ++at[party];
        moved = true;
      }
    }
    if (moved) continue;
    // Threads of a party log as they come: what waits for a message that is logged later is let go.
    const int party = at[0] < events[0]->size() ? 0 : 1;
    if (at[party] >= events[party]->size()) break;
    announced[party] = false;
    ++at[party];
  }
  return std::max(clock[0], clock[1]);
}

}  // namespace

std::map<std::string, int64_t> read_rounds(const std::string& messages0, const std::string& messages1) {
  const Programs first = by_program(read_events(messages0, '0')), second = by_program(read_events(messages1, '1'));
  std::map<std::string, int64_t> rounds;
  for (const auto& [program, events] : first) {
    const auto other = second.find(program);
    rounds[program] = depth_of(events, other == second.end() ? std::vector<Event>() : other->second);
  }
  return rounds;
}

}  // namespace senet
