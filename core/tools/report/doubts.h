#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

// A fault that a phase had in some revisions: `outdated.toml` beside the results. `scripts/outdated` fills the
// revisions in from git, those of the results at hand that lack the mend; here names are compared.
struct KnownFault {
  std::string phase, what;
  std::set<std::string> revisions;
};
// Empty when there is no such file; throws (exit code 2) with file and line for what is no fault's.
std::vector<KnownFault> load_known_faults(const std::filesystem::path& results);

// The values that results' phases have in each field of their environments which a number may depend on: device, GPU,
// capability, libraries, precision, and threads where they compute (on a CPU).
using EnvironmentFields = std::map<std::string, std::set<std::string>>;
EnvironmentFields environment_fields(const std::vector<const Result*>& results);

// Why a reader should doubt what stands on some results, each as a sentence that begins with its mark:
// "dirty: …" where a phase ran from a source tree with changes that no revision holds;
// "mixed: …" where phases differ in a field of their environments;
// "outdated: …" where a phase is of a lower version than the program's (`versions`, by part), or of a revision that a
// known fault names.
std::vector<std::string> doubts_of(const std::vector<const Result*>& results,
                                   const std::map<std::string, int64_t>& versions,
                                   const std::vector<KnownFault>& faults);

// "mixed, between rows: threads 2, 4" where results that are compared differ, in fields that `own` does not mix; empty
// where there is none.
std::string doubt_between(const EnvironmentFields& own, const EnvironmentFields& all);

}  // namespace senet
