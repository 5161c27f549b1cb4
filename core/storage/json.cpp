#include "storage/json.h"

#include "senet/error.h"

namespace senet {

Json parse_json(const std::string& bytes, const std::string& name) {
  constexpr int kDeepest = 64;
  const auto bounded = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kDeepest) fail_usage(name, ": is nested deeper than ", kDeepest, " levels");
    return true;
  };
  try {
    return Json::parse(bytes, bounded);
  } catch (const Json::parse_error& error) {
    fail_usage(name, ": is not JSON from byte ", error.byte, " on");
  } catch (const Json::out_of_range&) {
    fail_usage(name, ": has a number that no double holds");
  }
}

}  // namespace senet
