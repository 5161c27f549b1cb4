// A libFuzzer target for the reader that SENET_FUZZ_READER names (readers.h); scripts/fuzz runs them.

#include <cstdlib>
#include <iostream>

#include "fuzz/readers.h"
#include "senet/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& reader = []() -> const std::function<void(const std::string&)>& {
    const char* name = std::getenv("SENET_FUZZ_READER");
    const auto found = senet::testing::readers().find(name ? name : "");
    if (found == senet::testing::readers().end()) {
      std::cerr << "SENET_FUZZ_READER has to name a reader:";
      for (const auto& [known, unused] : senet::testing::readers()) std::cerr << " " << known;
      std::cerr << "\n";
      std::exit(2);
    }
    return found->second;
  }();
  try {
    reader(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const senet::Error&) {
  }
  return 0;
}
