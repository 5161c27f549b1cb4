#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/form.h"

namespace senet {

// What the bits of a phase depend on besides its inputs: program, libraries, device, instructions, threads. A field
// that is empty (threads: 0) is not known: records of earlier versions lack some.
struct Environment {
  std::string version, revision, abi, libtorch, compiler, device, gpu, cpu, cpu_capability, precision;
  std::string onednn_isa;       // the instructions of oneDNN's convolutions, which ATen's capability does not bound
  std::string visible_devices;  // CUDA_VISIBLE_DEVICES: where it ran, on which no bits depend
  int64_t threads = 0;

  bool operator==(const Environment& other) const;
  bool operator!=(const Environment& other) const { return !(*this == other); }
};
// What is not known is left out.
void form(Form& form, Environment& environment);

// A field by the name that JSON has for it, as a text; tables and comparisons list them in this order.
struct EnvironmentField {
  std::string name, value;
};
std::vector<EnvironmentField> fields_of(const Environment& environment);

}  // namespace senet
