#pragma once

#include <cstdint>
#include <cstring>
#ifdef __CUDACC__
#include <cuda_bf16.h>
#endif

#include "device/kernel.h"

namespace senet {

// Loops and kernels see bfloat16 as its bits and compute in float32; float64 stays float64.
SENET_HOST_DEVICE inline double widen(double value) { return value; }
SENET_HOST_DEVICE inline float widen(float value) { return value; }
SENET_HOST_DEVICE inline float widen(uint16_t bits) {
  const uint32_t word = uint32_t{bits} << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}
SENET_HOST_DEVICE inline void narrow(float value, float& out) { out = value; }
// To the nearest, ties to even.
SENET_HOST_DEVICE inline void narrow(float value, uint16_t& out) {
#ifdef __CUDA_ARCH__
  out = __bfloat16_as_ushort(__float2bfloat16_rn(value));
#else
  uint32_t word;
  memcpy(&word, &value, sizeof word);
  const auto rounded = static_cast<uint16_t>((word + 0x7FFFu + ((word >> 16) & 1u)) >> 16);
  out = value == value ? rounded : uint16_t{0x7FC0};
#endif
}

// The way back of a value that the type holds exactly.
SENET_HOST_DEVICE inline void restore(double value, double& out) { out = value; }
SENET_HOST_DEVICE inline void restore(float value, float& out) { out = value; }
SENET_HOST_DEVICE inline void restore(float value, uint16_t& out) {
  uint32_t word;
  memcpy(&word, &value, sizeof word);
  out = static_cast<uint16_t>(word >> 16);
}

// Neighbours that a GPU's thread reads or writes at once.
template <class Element, int count>
struct alignas(sizeof(Element) * count) Pack {
  Element values[count];
};
constexpr int kPackBytes = 16;
// A pack's size as a value: `size.value` is a constant.
template <int count>
struct PackSize {
  static constexpr int value = count;
};

template <int count, class Element>
SENET_HOST_DEVICE Pack<Element, count> load(const Element* from) {
#ifdef __CUDA_ARCH__
  return *reinterpret_cast<const Pack<Element, count>*>(from);
#else
  Pack<Element, count> pack;
  memcpy(pack.values, from, sizeof pack);
  return pack;
#endif
}
template <int count, class Element>
SENET_HOST_DEVICE void store(const Pack<Element, count>& pack, Element* to) {
#ifdef __CUDA_ARCH__
  if constexpr (sizeof pack == sizeof(uint4)) {
    // As a pack the compiler stores it word by word.
    uint4 words;
    memcpy(&words, &pack, sizeof words);
    __stwb(reinterpret_cast<uint4*>(to), words);
  } else {
    *reinterpret_cast<Pack<Element, count>*>(to) = pack;
  }
#else
  memcpy(to, pack.values, sizeof pack);
#endif
}

}  // namespace senet
