#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>
#include "storage/json.h"

#include "tools/measure/engine_log.h"

namespace senet {

// What an engine is to run: an export (export/package.h), on its first images.
struct EngineJob {
  std::filesystem::path package;
  std::filesystem::path work;  // for logs and what it leaves; an existing folder
  std::string protocol;        // "semi2k", "cheetah"
  int fraction_bits = 18;
  int64_t images = 1;
  int64_t port = 0;  // of party 0, the next one for party 1; 0: free ones
  double timeout = 3600;
};

struct PartyReport {
  // "image-0" …: the whole program; then "layer-0", "layer-0-again" …: each layer alone on the first image, twice.
  std::vector<RunCost> programs;
  std::map<std::string, int64_t> memory;  // of each program, the most that the process held meanwhile, bytes
  double compile_seconds = 0;
};

struct EngineReport {
  PartyReport parties[2];                // the client, the server
  std::map<std::string, Rounds> rounds;  // of each program
  std::vector<float> logits;             // images×classes
  std::string compiled_program;          // PPHLO text
  std::vector<std::string> compiled_layers;
};

// SecretFlow SPU in a Python environment of its own: two processes on this machine, over loopback.
class Engine {
 public:
  // `environment`: the folder that `scripts/setup-mpc` made; empty: what SENET_MPC_VENV names, else .venv-mpc here or
  // beside the build folder. Throws (exit code 2) when it holds no engine, or another version than this harness was
  // tested with.
  Engine(const std::string& environment, std::filesystem::path prefix);

  const Json& versions() const { return versions_; }

  // Throws when a party fails or dies and when time is up, with the engine's own last lines; throws with
  // Exit::interrupted when a stop is requested. No process outlives the call.
  EngineReport run(const EngineJob& job, const std::function<bool()>& stop_requested) const;

 private:
  std::filesystem::path python_, script_;
  Json versions_;
};

}  // namespace senet
