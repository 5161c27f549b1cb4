#include "storage/hash.h"

#include <xxhash.h>

#include <iomanip>
#include <sstream>

namespace senet {

struct Hash::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Hash::Hash() : state_(std::make_unique<State>()) { XXH3_128bits_reset(state_->xxh); }
Hash::~Hash() = default;

Hash& Hash::add(const void* bytes, size_t count) {
  XXH3_128bits_update(state_->xxh, bytes, count);
  return *this;
}

std::string Hash::hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh);
  std::ostringstream out;
  out << std::hex << std::setfill('0') << std::setw(16) << hash.high64 << std::setw(16) << hash.low64;
  return out.str();
}

uint64_t checksum(const void* bytes, size_t count) { return XXH3_64bits(bytes, count); }

}  // namespace senet
