#pragma once

#include "plugin/host.h"
#include "senet/method.h"

namespace senet {

// The declared options of each step's section; and the version of each step, by hand: counted up where shipped settings
// give other numbers. It stands in the phase's key.
std::map<std::string, std::vector<Option>> senet_options();
std::map<std::string, int64_t> senet_versions();

// SENet in steps: sensitivity (one number a site, by a plugin) → mask (the budget shared by them, and the masks found)
// → finetune (with the masks frozen). Each has a section of its name.
class Senet final : public Method {
 public:
  // `sections`: as method_sections gives them.
  Senet(const PluginHost& plugins, const std::map<std::string, Options>& sections);
  std::vector<Step> steps(const Target& target) override;

 private:
  const PluginHost& plugins_;
  Options sensitivity_, mask_, finetune_;
};

}  // namespace senet
