#include "cli/c10d_world.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "senet/error.h"
#include "support/support.h"

namespace senet {
namespace {

// Each rank is a process; `body` gives its exit code. Returns the exit codes by rank, 128 + its number for a signal.
// `agents_port`: of a store that somebody else holds, where there is one.
std::vector<int> run_ranks(int size, const std::function<int(World&)>& body, int agents_port = 0,
                           const std::string& address = "127.0.0.1") {
  int ports[2];
  EXPECT_EQ(::pipe(ports), 0);
  std::vector<pid_t> ranks;
  for (int rank = 0; rank < size; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 99;
      try {
        int port = agents_port;
        if (rank > 0 && port == 0) (void)!::read(ports[0], &port, sizeof port);
        const auto world = form_world({rank, size, address, port}, [&](int opened) {
          for (int other = 1; other < size && agents_port == 0; ++other)
            (void)!::write(ports[1], &opened, sizeof opened);
        });
        code = body(*world);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
      ::_exit(code);
    }
    ranks.push_back(child);
  }
  std::vector<int> codes;
  for (const pid_t child : ranks) {
    int status = 0;
    ::waitpid(child, &status, 0);
    codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  ::close(ports[0]);
  ::close(ports[1]);
  return codes;
}

std::vector<float> values_of_rank(int rank, int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(std::ldexp(static_cast<float>((i * 7919 + rank * 104729) % 1000 - 500) / 3.0f, rank * 3 - 4));
  return values;
}

// ((0 + 1) + (2 + 3)) + …
float tree(const std::vector<float>& values) {
  if (values.size() == 1) return values[0];
  const auto middle = values.begin() + static_cast<int64_t>(values.size()) / 2;
  return tree({values.begin(), middle}) + tree({middle, values.end()});
}

class AWorld : public ::testing::TestWithParam<int> {};

TEST_P(AWorld, AddsInABalancedTreeOnEveryRank) {
  const int size = GetParam();
  for (const int64_t count : {1, 5, 1027, 4096, 4097, 10007}) {  // up to 4,096 are sent whole, more in slices
    std::vector<std::vector<float>> values;
    for (int rank = 0; rank < size; ++rank) values.push_back(values_of_rank(rank, count));
    const std::vector<int> codes = run_ranks(size, [&](World& world) {
      torch::Tensor sum = torch::tensor(values[world.rank()]);
      world.sum(sum);
      for (int64_t i = 0; i < count; ++i) {
        std::vector<float> of_ranks;
        for (const std::vector<float>& rank : values) of_ranks.push_back(rank[i]);
        if (sum.data_ptr<float>()[i] != tree(of_ranks)) return 1;
      }
      return 0;
    });
    EXPECT_EQ(codes, std::vector<int>(size, 0)) << count << " values";
  }
}

TEST_P(AWorld, GathersByRankAndTellsTheFirstOnesWords) {
  const int size = GetParam();
  const std::vector<int> codes = run_ranks(size, [&](World& world) {
    const auto all = world.gather(torch::full({2, 3}, world.rank(), torch::kFloat64));
    bool right = static_cast<int>(all.size()) == size;
    for (int rank = 0; rank < size; ++rank) right = right && all[rank].eq(rank).all().item<bool>();
    right = right && world.of_first(text("words of ", world.rank())) == "words of 0" && world.of_first("").empty();
    return right ? 0 : 1;
  });
  EXPECT_EQ(codes, std::vector<int>(size, 0));
}

INSTANTIATE_TEST_SUITE_P(OfSize, AWorld, ::testing::Values(1, 2, 4));

TEST(AWorldThatLosesARank, EndsTheOthersAndNamesIt) {
  const testing::TemporaryFolder folder;
  const std::vector<int> codes = run_ranks(4, [&](World& world) {
    torch::Tensor one = torch::ones({8});
    world.sum(one);
    if (world.rank() == 2) ::raise(SIGKILL);
    try {
      for (int i = 0; i < 1000; ++i) world.sum(one);
    } catch (const Error& error) {
      std::ofstream(folder / std::to_string(world.rank())) << error.what();
      return 1;
    }
    return 0;
  });
  EXPECT_EQ(codes, (std::vector<int>{1, 1, 128 + SIGKILL, 1}));
  for (const int rank : {0, 1, 3}) {
    const std::string message = testing::slurp(folder / std::to_string(rank));
    EXPECT_NE(message.find("has lost rank 2 on "), std::string::npos) << message;
    EXPECT_NE(message.find("the last checkpoint is kept"), std::string::npos) << message;
  }
}

TEST(AWorldWhereARankFailsAlone, EndsTheOthersWithItsWords) {
  const testing::TemporaryFolder folder;
  const std::vector<int> codes = run_ranks(2, [&](World& world) {
    (void)!::freopen((folder / std::to_string(world.rank())).c_str(), "w", stderr);
    for (int work = 0; work < 2; ++work) {
      world.begin_work();
      torch::Tensor one = torch::ones({8});
      world.sum(one);
      if (work == 0) {
        world.end_work("both have failed");
      } else if (world.rank() == 1) {
        world.end_work("its disk is gone");
        try {
          world.of_first("");
        } catch (const Error&) {
          return 3;
        }
      }
    }
    torch::Tensor one = torch::ones({8});
    world.sum(one);
    return 0;
  });
  EXPECT_EQ(codes, (std::vector<int>{1, 3}));
  const std::string message = testing::slurp(folder / "0");
  EXPECT_NE(message.find("has failed alone (its disk is gone)"), std::string::npos) << message;
  EXPECT_NE(message.find("rank 1 on "), std::string::npos) << message;
}

TEST(ARendezvous, WhosePortIsTakenSaysWhatToDo) {
  const std::vector<int> codes = run_ranks(1, [&](World&) {
    set_world(nullptr);
    int port = 0;
    const auto first = form_world({0, 1, "127.0.0.1", 0}, [&](int opened) { port = opened; });
    try {
      form_world({0, 1, "127.0.0.1", port}, [](int) {});
    } catch (const Error& error) {
      const bool says = std::string(error.what()).find("no other program may hold that port") != std::string::npos;
      return says && error.exit() == Exit::usage ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(codes, (std::vector<int>{0}));
}

int that_sums_up(World& world) {
  torch::Tensor sum = torch::full({1}, world.rank() + 1.0f);
  world.sum(sum);
  return sum.item<float>() == 3 ? 0 : 1;
}

// A variable of the environment, for as long as it lives.
struct Variable {
  Variable(const char* called, const char* value) : name(called) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
  const char* name;
};

// As torchrun's agent does, another process holds the port, and says so.
TEST(AWorld, MeetsInAnAgentsStore) {
  int ports[2];
  ASSERT_EQ(::pipe(ports), 0);
  const pid_t agent = ::fork();
  if (agent == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      const auto store =
          form_world({0, 1, "127.0.0.1", 0}, [&](int opened) { (void)!::write(ports[1], &opened, sizeof opened); });
      ::pause();
    } catch (const std::exception&) {
    }
    ::_exit(99);
  }
  ::close(ports[1]);
  int port = 0;
  EXPECT_EQ(::read(ports[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));
  for (const char* restart : {"0", "0", "1"}) {
    const Variable agents("TORCHELASTIC_USE_AGENT_STORE", "True"), start("TORCHELASTIC_RESTART_COUNT", restart);
    EXPECT_EQ(run_ranks(2, that_sums_up, port), (std::vector<int>{0, 0})) << "start " << restart;
    EXPECT_EQ(run_ranks(2, that_sums_up), (std::vector<int>{0, 0})) << "a rank that starts the others has no agent";
  }
  ::kill(agent, SIGKILL);
  ::waitpid(agent, nullptr, 0);
  ::close(ports[0]);
}

TEST(AWorld, GoesByTheInterfacesThatTheEnvironmentNames) {
  for (const char* names : {"lo", "lo,lo"}) {
    const Variable interfaces("GLOO_SOCKET_IFNAME", names);
    EXPECT_EQ(run_ranks(2, that_sums_up, 0, "localhost"), (std::vector<int>{0, 0})) << names;
  }
  const Variable interfaces("GLOO_SOCKET_IFNAME", "no_such0");
  EXPECT_EQ(run_ranks(2, that_sums_up), (std::vector<int>{0, 0})) << "ranks of one host need none";
  const std::string error = testing::error_of([] { form_world({0, 1, "localhost", 0}, [](int) {}); });
  EXPECT_TRUE(testing::mentions(error, "GLOO_SOCKET_IFNAME=no_such0; expected names of network interfaces")) << error;
}

}  // namespace
}  // namespace senet
