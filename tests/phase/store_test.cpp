#include "phase/store.h"

#include <sys/wait.h>

#include <atomic>
#include <memory>
#include <thread>

#include "storage/files.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::slurp;
using testing::TemporaryFolder;
using testing::write_file;

PhaseInputs inputs(int version = 1, const Json& values = {{"seed", 1}, {"data", "abc"}}) {
  return {"teacher", version, values};
}

struct Store {
  TemporaryFolder folder;
  PhaseStore store{folder.path()};
  int runs = 0;
  std::string holder, damaged;

  std::optional<PhaseRecord> try_run(const PhaseInputs& which = inputs()) {
    return store.run(
        which,
        [&](PhaseRecord& record) {
          ++runs;
          write_file(record.folder / "weights", "bits");
          record.series["numbers"] = {42, 0.5};
          PhaseStore::add_file(record, "weights");
        },
        holder, [&](const std::string& damage) { damaged = damage; });
  }
  PhaseRecord run(const PhaseInputs& which = inputs()) { return try_run(which).value(); }
};

TEST(PhaseKey, DependsOnKindVersionAndEveryInputButNotTheirOrder) {
  const std::string key = inputs().key();
  EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(key, inputs().key());
  EXPECT_EQ(key, inputs(1, {{"data", "abc"}, {"seed", 1}}).key());
  EXPECT_NE(key, inputs(2).key());
  EXPECT_NE(key, inputs(1, {{"seed", 2}, {"data", "abc"}}).key());
  EXPECT_NE(key, (PhaseInputs{"mask", 1, inputs().inputs}).key());
}

TEST(PhaseStore, AFinishedPhaseIsNeverRunTwice) {
  Store s;
  const PhaseRecord first = s.run(), second = s.run();
  EXPECT_EQ(s.runs, 1);
  EXPECT_FALSE(first.found_finished);
  EXPECT_TRUE(second.found_finished);
  EXPECT_EQ(to_json(second), to_json(first));
  EXPECT_EQ(second.series.at("numbers"), (std::vector<double>{42, 0.5}));
  EXPECT_EQ(s.store.state("teacher", inputs().key()), PhaseStore::State::finished);
  EXPECT_EQ(s.store.state("teacher", inputs(2).key()), PhaseStore::State::absent);
  s.run(inputs(2));
  EXPECT_EQ(s.runs, 2);
}

TEST(PhaseStore, APhaseThatFailedSaysWhyAndRunsAgain) {
  Store s;
  EXPECT_NE(error_of([&] {
              s.store.run(
                  inputs(), [](PhaseRecord&) { fail("broken"); }, s.holder, nullptr);
            }).find("broken"),
            std::string::npos);
  std::string why;
  EXPECT_EQ(s.store.state("teacher", inputs().key(), &why), PhaseStore::State::failed);
  EXPECT_NE(why.find("broken"), std::string::npos) << why;
  s.run();
  EXPECT_EQ(s.runs, 1);
  EXPECT_EQ(s.store.state("teacher", inputs().key()), PhaseStore::State::finished);
}

TEST(PhaseStore, ADamagedPhaseIsSetAsideAndRedone) {
  for (const char* file : {"weights", "record.json"}) {
    Store s;
    const PhaseRecord first = s.run();
    write_file(first.folder / file, "bitz");
    const PhaseRecord again = s.run();
    EXPECT_EQ(s.runs, 2) << file;
    EXPECT_EQ(again.series.at("numbers").front(), 42);
    EXPECT_NE(s.damaged.find("set aside"), std::string::npos) << s.damaged;
    EXPECT_EQ(slurp(first.folder.string() + ".damaged-1/" + file), "bitz");
    EXPECT_EQ(slurp(first.folder / "weights"), "bits");
  }
  Store s;
  std::filesystem::remove(s.run().folder / "weights");
  s.run();
  EXPECT_EQ(s.runs, 2) << "a missing file is damage too";
}

TEST(PhaseStore, WhatAnotherProcessRunsIsLeftToItAndItsHolderNamed) {
  Store s;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    s.store.run(
        inputs(),
        [&](PhaseRecord& record) {
          (void)!write(ready[1], "x", 1);
          usleep(300000);
          write_file(record.folder / "weights", "child");
          PhaseStore::add_file(record, "weights");
        },
        s.holder, nullptr);
    _exit(0);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  std::string holder;
  EXPECT_EQ(s.store.state("teacher", inputs().key(), &holder), PhaseStore::State::running);
  EXPECT_NE(holder.find(std::to_string(child)), std::string::npos) << holder;
  EXPECT_FALSE(s.try_run().has_value());
  EXPECT_NE(s.holder.find(std::to_string(child)), std::string::npos) << s.holder;
  waitpid(child, nullptr, 0);
  const PhaseRecord record = s.run();
  EXPECT_EQ(s.runs, 0) << "the other process ran it";
  EXPECT_EQ(slurp(record.folder / "weights"), "child");
}

TEST(FileLock, ADeadHoldersLockIsFree) {
  const TemporaryFolder folder;
  const auto path = folder / "lock";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FileLock lock(path);
    (void)!write(ready[1], "x", 1);
    pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_NE(lock_holder(path), "");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(lock_holder(path), "");
  EXPECT_TRUE(FileLock(path).held());
}

TEST(FileLock, IsOfTheFileThatIsAtThePathNow) {
  const TemporaryFolder folder;
  const auto path = folder / "lock";
  auto holder = std::make_unique<FileLock>(path);
  ASSERT_TRUE(holder->held());
  EXPECT_FALSE(FileLock(path).held()) << "another open file of the same process has no share in it";
  std::atomic<bool> found{false};
  std::thread waiting([&] {
    const FileLock lock(path, FileLock::Kind::exclusive, FileLock::Wait::yes);
    found = lock.held() && std::filesystem::exists(path) && !lock_holder(path).empty();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::filesystem::remove(path);
  holder.reset();
  waiting.join();
  EXPECT_TRUE(found) << "a lock on a file that was removed keeps nobody out";
}

TEST(Files, AWriteThatCannotHappenSaysWhereAndWhyAndLeavesTheOldContent) {
  const TemporaryFolder folder;
  write_atomically(folder / "a", "old");
  EXPECT_EQ(read_file(folder / "a"), "old");
  const std::string message = error_of([&] { write_atomically((folder / "a") / "b", "new"); });
  EXPECT_NE(message.find((folder / "a").string()), std::string::npos) << message;
  EXPECT_EQ(read_file(folder / "a"), "old");
}

}  // namespace
}  // namespace senet
