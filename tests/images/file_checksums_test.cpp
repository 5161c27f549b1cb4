#include "images/file_checksums.h"

#include <cstdlib>

#include "storage/hash.h"
#include "support/support.h"

namespace senet {
namespace {

TEST(FileChecksums, TellWhileTheyReadSlowlyAndNameTheFolder) {
  const testing::TemporaryFolder folder;
  const char* const before = std::getenv("XDG_CACHE_HOME");
  const std::string cache = before ? before : "";
  setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), /*overwrite=*/1);
  std::vector<std::filesystem::path> files;
  for (const std::string name : {"a", "b"}) {
    files.push_back(folder / name);
    testing::write_file(files.back(), "of " + name);
  }
  std::vector<std::string> told;
  on_slow_checksums([&](const std::string& line) { told.push_back(line); }, std::chrono::milliseconds(0));
  const std::vector<uint64_t> checksums = file_checksums(files);
  on_slow_checksums(nullptr);
  before ? setenv("XDG_CACHE_HOME", cache.c_str(), /*overwrite=*/1) : unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(checksums[1], checksum("of b", 4));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("2 of 2 in " + folder.path().string()), std::string::npos) << told[0];
}

}  // namespace
}  // namespace senet
