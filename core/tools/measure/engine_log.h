#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace senet {

// What one party's engine logged of one executed program.
struct RunCost {
  std::string name;
  double seconds = 0;
  int64_t sent = 0, received = 0;  // bytes
  int64_t messages_sent = 0, messages_received = 0;
};

// In the order of execution. `name` is what errors call the log.
std::vector<RunCost> read_run_costs(const std::string& log, const std::string& name);

struct Rounds {
  int64_t count = 0;                  // the longest chain of messages, each of which waits for the one before
  int64_t messages_sent[2] = {0, 0};  // by each party, as the log of messages has them
  int64_t unordered = 0;              // messages logged where no order of events explains them: let go, not counted
};

// Of each program that ran, from both parties' logs of messages, in which a mark stands before each program. Throws
// when only one of them has a program.
std::map<std::string, Rounds> read_rounds(const std::string& messages0, const std::string& messages1);

}  // namespace senet
