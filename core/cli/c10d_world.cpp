#include "cli/c10d_world.h"

#ifdef SENET_C10D

#ifndef USE_C10D_GLOO  // PyTorch's own CMake package says it; the system's leaves it out
#define USE_C10D_GLOO
#endif
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "cli/gpu_group.h"
#include "cli/rank_gpu.h"
#include "cli/variables.h"
#include "device/device.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kMeeting{60000}, kBeat{2000}, kGone{6000}, kFrozen{40000}, kLeft{20000};
// Others wait while the first rank reads, writes or judges: being slow is no reason to end.
constexpr std::chrono::hours kPatience{24};

// torchrun's agent holds the port that it has given, with a store of its own that every rank may use.
bool has_agents_store(const Rendezvous& at) {
  return at.port != 0 && variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
}

c10::intrusive_ptr<c10d::TCPStore> open_store(const Rendezvous& at, bool is_server) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(at.port);
  options.isServer = is_server && !has_agents_store(at);
  options.numWorkers = at.size;
  options.waitWorkers = false;
  options.timeout = kMeeting;
  return c10::make_intrusive<c10d::TCPStore>(at.address, options);
}

// What the keys of this world begin with: an agent's store outlives the ranks, and may see several runs of them. Each
// rank counts its own, which are as many as the others'.
std::string prefix_of_keys(c10d::TCPStore& store, int rank) {
  const std::string start = "senet/" + variable("TORCHELASTIC_RESTART_COUNT");
  return text(start, "/", store.add(text(start, "/runs/", rank), 1));
}

// Where the other hosts reach this one: by the interfaces that GLOO_SOCKET_IFNAME names, with commas between them, as
// in PyTorch; else by the address of its name.
auto gloo_devices(const Rendezvous& at) {
  decltype(c10d::ProcessGroupGloo::Options::create()->devices) devices;
  if (at.address == "127.0.0.1") {
    devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(at.address));
    return devices;
  }
  std::istringstream names(variable("GLOO_SOCKET_IFNAME"));
  try {
    for (std::string name; std::getline(names, name, ',');)
      devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(name));
  } catch (const std::exception& error) {
    fail_usage("the environment has GLOO_SOCKET_IFNAME=", names.str(), "; expected names of network interfaces of ",
               host_name(), " (", first_line(error), ")");
  }
  if (devices.empty()) devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
  return devices;
}

std::string get(c10d::Store& store, const std::string& key) {
  const std::vector<uint8_t> bytes = store.get(key);
  return {bytes.begin(), bytes.end()};
}
void set(c10d::Store& store, const std::string& key, const std::string& value) {
  store.set(key, std::vector<uint8_t>(value.begin(), value.end()));
}

// Every rank counts in the store that it lives, on a connection of its own, and watches the others' counts.
class Heartbeat {
 public:
  Heartbeat(const Rendezvous& at, std::vector<std::string> hosts, const std::string& prefix)
      : at_(at), hosts_(std::move(hosts)) {
    seen_.assign(at_.size, {"", "", Clock::now(), Clock::now()});
    store_ = c10::make_intrusive<c10d::PrefixStore>(prefix, open_store(at_, false));
    thread_ = std::thread([this] { run(); });
  }
  ~Heartbeat() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ends_ = true;
    }
    woken_.notify_all();
    thread_.join();
  }

  // "rank 2 on HOST", …: those whose count has stood still, after waiting until that can be told.
  std::string gone() {
    const auto begun = Clock::now();
    std::string names;
    while (names.empty() && Clock::now() - begun < kGone + 3 * kBeat) {
      std::this_thread::sleep_for(kBeat / 4);
      names = standing_still(kGone);
    }
    // The first rank ends last: its store is what the others ask.
    if (at_.rank == 0) std::this_thread::sleep_for(2 * kBeat);
    return names;
  }

  void begin_work() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++work_;
    at_work_ = true;
    left_.clear();
  }
  void end_work(const std::string& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    at_work_ = false;
    if (!error.empty()) left_ = text(work_, " ", error);
  }

  // From now on NCCL's network is watched too.
  void watch(const std::shared_ptr<GpuGroup>& gpus) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gpus_ = gpus;
  }
  // This process ends by itself, or by force after a while: the host may wait for a GPU that waits for ever.
  void end_soon(const std::string& why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!ends_because_.empty()) return;
    ends_because_ = why;
    broken_since_ = Clock::now();
  }

 private:
  std::string standing_still(std::chrono::milliseconds since) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (store_is_lost_) return name(0);
    std::string names;
    for (int rank = 0; rank < at_.size; ++rank) {
      if (rank != at_.rank && Clock::now() - seen_[rank].changed > since)
        names += (names.empty() ? "" : ", ") + name(rank);
    }
    return names;
  }
  std::string name(int rank) const { return text("rank ", rank, " on ", hosts_[rank]); }

  void run() {
    for (int64_t count = 0;; ++count) {
      try {
        beat(count);
      } catch (const std::exception&) {
        const std::lock_guard<std::mutex> lock(mutex_);
        store_is_lost_ = true;  // it is the first rank's
      }
      std::unique_lock<std::mutex> lock(mutex_);
      if (woken_.wait_for(lock, kBeat, [this] { return ends_; })) return;
      lock.unlock();
      end_if_frozen();
      end_if_left();
      end_if_gpus_wait_for_ever();
    }
  }
  void beat(int64_t count) {
    std::string mine = std::to_string(count) + ' ';
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      mine += left_;
    }
    set(*store_, text("beat/", at_.rank), mine);
    for (int rank = 0; rank < at_.size; ++rank) {
      const std::string now = get(*store_, text("beat/", rank)), left = now.substr(now.find(' ') + 1);
      const std::lock_guard<std::mutex> lock(mutex_);
      Seen& seen = seen_[rank];
      if (now != seen.beat) seen = {now, seen.left, Clock::now(), seen.left_since};
      if (left != seen.left) seen = {now, left, seen.changed, Clock::now()};
      if (rank == 0) last_contact_ = Clock::now();
    }
  }
  // A rank whose machine is gone closes no connection: whoever waits for it would wait for ever.
  void end_if_frozen() {
    std::string names = standing_still(kFrozen);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (store_is_lost_ && Clock::now() - last_contact_ < kFrozen) return;
    }
    if (!names.empty()) end(text(names, " gave no sign of life for ", kFrozen.count() / 1000, " s"));
  }
  // Ranks that fail for one reason leave their work together.
  void end_if_left() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int rank = 0; rank < at_.size; ++rank) {
      const Seen& seen = seen_[rank];
      const size_t words = seen.left.find(' ');
      if (rank == at_.rank || !at_work_ || seen.left.substr(0, words) != std::to_string(work_)) continue;
      if (Clock::now() - seen.left_since > kLeft)
        end(text(name(rank), " has failed alone (", seen.left.substr(words + 1), ")"));
    }
  }
  void end_if_gpus_wait_for_ever() {
    std::shared_ptr<GpuGroup> gpus;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!ends_because_.empty() && Clock::now() - broken_since_ > kFrozen) end(ends_because_);
      gpus = gpus_.lock();
    }
    const std::string error = gpus ? gpus->error() : std::string();
    if (!error.empty()) end_soon("NCCL has lost the other ranks' GPUs (" + error + ")");
  }
  [[noreturn]] void end(const std::string& why) const {
    std::cerr << "senet: rank " << at_.rank << " on " << host_name() << " ends: " << why
              << "; the last checkpoint is kept\n";
    _exit(static_cast<int>(Exit::failure));
  }

  const Rendezvous at_;
  const std::vector<std::string> hosts_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool ends_ = false, store_is_lost_ = false;
  Clock::time_point last_contact_ = Clock::now(), broken_since_ = Clock::now();
  std::weak_ptr<GpuGroup> gpus_;
  std::string ends_because_;
  struct Seen {
    std::string beat, left;  // a count, and the work that the rank has left: its number and why
    Clock::time_point changed, left_since;
  };
  std::vector<Seen> seen_;
  int64_t work_ = 0;
  bool at_work_ = false;
  std::string left_;
  std::thread thread_;
};

class C10dWorld final : public World {
 public:
  C10dWorld(const Rendezvous& at, const c10::intrusive_ptr<c10d::TCPStore>& store) : World(at.rank, at.size) {
    const std::string prefix = prefix_of_keys(*store, at.rank);
    store_ = c10::make_intrusive<c10d::PrefixStore>(prefix, store);
    std::vector<std::string> hosts = of_all_ranks("host", host_name());
    const std::string wrong = wrong_gpus(of_all_ranks("gpu", at.device.is_cuda() ? gpu_id(at.device) : ""), hosts);
    set(*store_, text("beat/", at.rank), "");
    // The first rank's store is there until every rank has asked what it has to.
    for (int rank = 0; rank < at.size && (wrong.empty() || at.rank == 0); ++rank) get(*store_, text("beat/", rank));
    if (!wrong.empty()) fail_usage(wrong);
    auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = kPatience;
    options->devices = gloo_devices(at);
    // Before Gloo, which waits for a rank that is gone as long as for one that is slow.
    heartbeat_ = std::make_unique<Heartbeat>(at, std::move(hosts), prefix);
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, at.rank, at.size, options);
    if (!at.device.is_cuda()) return;
    gpus_ = join_gpus(store_, at.rank, at.size, at.device);
    heartbeat_->watch(gpus_);
  }
  ~C10dWorld() override {
    if (!gpus_) return;
    heartbeat_->end_soon("its GPU does not come to an end");
    gpus_->abort();
    gpus_.reset();
  }

  void begin_work() override { heartbeat_->begin_work(); }
  void end_work(const std::string& error) override { heartbeat_->end_work(error); }
  std::vector<torch::Tensor> gather(const torch::Tensor& mine) override {
    if (mine.is_cuda()) {
      torch::Tensor rows;
      reached([&] { rows = gpus_->gather(mine); });
      return rows.unbind(0);
    }
    std::vector<std::vector<torch::Tensor>> all(1);
    for (int rank = 0; rank < size(); ++rank) all[0].push_back(torch::empty_like(mine, at::MemoryFormat::Contiguous));
    std::vector<torch::Tensor> sent = {mine.detach().contiguous()};
    reached([&] { group_->allgather(all, sent)->wait(); });
    return all[0];
  }

 protected:
  torch::Tensor exchange(const torch::Tensor& slices) override {
    torch::Tensor sent = slices.contiguous(), received;
    std::vector<int64_t> equal;
    reached([&] {
      if (slices.is_cuda()) {
        received = gpus_->exchange(sent);
      } else {
        received = torch::empty_like(sent);
        group_->alltoall_base(received, sent, equal, equal)->wait();
      }
    });
    return received;
  }
  void broadcast(torch::Tensor& values) override {
    std::vector<torch::Tensor> all = {values};
    reached([&] { values.is_cuda() ? gpus_->broadcast(values) : (void)group_->broadcast(all)->wait(); });
  }

 private:
  std::vector<std::string> of_all_ranks(const std::string& what, const std::string& mine) {
    set(*store_, text(what, "/", rank()), mine);
    std::vector<std::string> all;
    for (int rank = 0; rank < size(); ++rank) all.push_back(get(*store_, text(what, "/", rank)));
    return all;
  }
  // On a GPU a lost rank is noticed here too: ranks meet on the CPU after every step.
  template <class Call>
  void reached(const Call& call) {
    if (lost_) throw *lost_;
    try {
      call();
    } catch (const c10::OutOfMemoryError&) {
      throw;
    } catch (const std::exception& error) {
      const std::string gone = heartbeat_->gone();
      lost_.emplace(text("rank ", rank(), " of ", size(), " on ", host_name(), " has lost ",
                         gone.empty() ? "the connection to the others" : gone, " (", first_line(error),
                         "); the last checkpoint is kept: give the same command again"));
      if (gpus_) {
        heartbeat_->end_soon("its GPU waits for " + (gone.empty() ? std::string("the others") : gone));
        gpus_->abort();
      }
      throw *lost_;
    }
  }

  c10::intrusive_ptr<c10d::Store> store_;
  std::unique_ptr<Heartbeat> heartbeat_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::shared_ptr<GpuGroup> gpus_;
  std::optional<Error> lost_;  // whoever calls again is told at once
};

}  // namespace

bool can_form_world() { return true; }

std::unique_ptr<World> form_world(Rendezvous at, const std::function<void(int port)>& opened) {
  try {
    if (at.device.is_cuda()) keep_nccl_from_ending_this_process();
    const auto store = open_store(at, at.rank == 0);
    at.port = store->getPort();
    if (at.rank == 0) opened(at.port);
    return std::make_unique<C10dWorld>(at, store);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_usage(
        "rank ", at.rank, " of ", at.size, " could not meet the others at ", at.address, ":", at.port, " (",
        first_line(error),
        "); all ranks have to be started within a minute, with the same MASTER_ADDR and MASTER_PORT, and no other "
        "program may hold that port");
  }
}

}  // namespace senet

#else

#include "senet/error.h"

namespace senet {

bool can_form_world() { return false; }

std::unique_ptr<World> form_world(Rendezvous, const std::function<void(int)>&) {
  fail_usage(
      "this build of senet cannot train in shards: Gloo's headers were not there when it was built (libgloo-dev)");
}

}  // namespace senet

#endif
