#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace senet {

// Philox-4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011): four random words, a pure
// function of a counter and a key. Augmentation, shuffles and masks draw by an element's position, not by the order in
// which elements come, so that a run that was resumed draws the same numbers.
constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, uint64_t key) {
  uint32_t key0 = static_cast<uint32_t>(key);
  uint32_t key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

// The seed of one purpose ("teacher/init", "mask/shuffle", …), a pure function of an experiment's seed and the purpose.
inline uint64_t derive_seed(uint64_t seed, std::string_view purpose) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  const auto words = philox({static_cast<uint32_t>(hash), static_cast<uint32_t>(hash >> 32), 0, 0}, seed);
  return uint64_t{words[0]} << 32 | words[1];
}

// 64 random bits for element `index` of the stream (seed, stream).
inline uint64_t random_bits(uint64_t seed, uint32_t stream, uint64_t index) {
  const auto words = philox({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), stream, 0x5e4e7u}, seed);
  return uint64_t{words[0]} << 32 | words[1];
}

}  // namespace senet
