#include "fuzz/readers.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::slurp;

TEST(Readers, GiveASoundFileOrAnErrorForEveryInputOfTheCorpus) {
  for (const auto& [name, read] : testing::readers()) {
    const std::filesystem::path corpus = std::filesystem::path(SENET_TEST_SOURCE) / "tests/fuzz/corpus" / name;
    ASSERT_TRUE(std::filesystem::is_directory(corpus)) << corpus;
    int sound = 0, refused = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
      SCOPED_TRACE(entry.path());
      try {
        read(slurp(entry.path()));
        ++sound;
      } catch (const Error& error) {
        EXPECT_STRNE(error.what(), "");
        ++refused;
      }
    }
    EXPECT_GT(sound, 0) << name << ": fuzzing has to start from a file that is sound";
    EXPECT_GT(refused, 0) << name;
  }
}

// Every beginning of a sound file, and every sound file with one byte changed.
TEST(Readers, SurviveSoundFilesThatWereCutOrChanged) {
  for (const auto& reader : testing::readers()) {
    const auto& read = reader.second;
    const std::filesystem::path corpus = std::filesystem::path(SENET_TEST_SOURCE) / "tests/fuzz/corpus" / reader.first;
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
      if (entry.path().filename().string().rfind("sound", 0) != 0) continue;
      const std::string sound = slurp(entry.path());
      ASSERT_NO_THROW(read(sound)) << entry.path();
      std::mt19937 engine(3);
      const auto survive = [&](const std::string& bytes) {
        try {
          read(bytes);
        } catch (const Error&) {
        }
      };
      for (int i = 0; i < 60; ++i) {
        survive(sound.substr(0, engine() % (sound.size() + 1)));
        std::string changed = sound;
        for (int k = 0; k < 1 + i % 3; ++k) changed[engine() % changed.size()] = static_cast<char>(engine());
        survive(changed);
      }
    }
  }
}

}  // namespace
}  // namespace senet
