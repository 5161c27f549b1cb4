#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

// Results for other programs: a row each, and behind what every result has a column for each setting that affects
// results and differs among them, by its key. A result without the setting has null there.
struct ResultsList {
  std::vector<std::string> columns;
  std::vector<std::vector<Json>> rows;
};
ResultsList results_list(const std::vector<Result>& results);

std::string to_csv(const ResultsList& list);  // RFC 4180; null is empty
Json to_json(const ResultsList& list);        // an object a row

}  // namespace senet
