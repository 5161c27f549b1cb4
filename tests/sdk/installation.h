#pragma once

#include "support/program.h"

namespace senet::testing {

// The SDK in a folder that it was moved to after it had been installed in another.
inline const fs::path& prefix() {
  static const TemporaryFolder folder;
  static const fs::path moved = [] {
    const Outcome outcome = run_shell(
        "'" SENET_TEST_CMAKE "' --install '" SENET_TEST_BUILD "' --prefix '" + (folder / "first").string() + "'",
        folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    fs::rename(folder / "first", folder / "moved");
    return folder / "moved";
  }();
  return moved;
}

// A shell script with the installed program as `senet` and, as `configure`, CMake with the compiler of the SDK.
inline Outcome shell(const std::string& script, const fs::path& folder) {
  return run_shell("set -e\nsenet() { '" + (prefix() / "bin/senet").string() + "' \"$@\"; }\ncmake() { '" +
                       SENET_TEST_CMAKE + "' \"$@\"; }\nconfigure() { cmake -DCMAKE_CXX_COMPILER='" +
                       SENET_TEST_COMPILER + "' -DCMAKE_PREFIX_PATH='" + prefix().string() + "' \"$@\"; }\n" + script,
                   folder);
}

}  // namespace senet::testing
