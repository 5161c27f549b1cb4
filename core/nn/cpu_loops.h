#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

// Compiles a loop for several instruction sets; the loader picks one by the processor's features (a name such as
// "haswell" would be that processor alone). Sanitizers cannot instrument the resolver.
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SENET_CPU_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SENET_CPU_CLONES
#endif

// Says of the loop behind it that its iterations do not depend on one another, or only by a sum.
#if defined(__GNUC__) && !defined(__clang__) && !defined(SENET_SANITIZED)
#define SENET_PRAGMA(words) _Pragma(#words)
#define SENET_VECTOR_LOOP SENET_PRAGMA(omp simd)
#define SENET_VECTOR_SUM(sum) SENET_PRAGMA(omp simd reduction(+ : sum))
#else
#define SENET_VECTOR_LOOP
#define SENET_VECTOR_SUM(sum)
#endif

namespace senet {

// bfloat16 as its bits, and what loops over either type compute in.
inline double widen(double value) { return value; }
inline float widen(float value) { return value; }
inline float widen(uint16_t bits) {
  const uint32_t word = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}
inline void narrow(float value, float& out) { out = value; }
// To the nearest, ties to even.
inline void narrow(float value, uint16_t& out) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  const auto rounded = static_cast<uint16_t>((word + 0x7FFFu + ((word >> 16) & 1u)) >> 16);
  out = value == value ? rounded : uint16_t{0x7FC0};
}

// The way back of a value that the type holds exactly.
inline void restore(double value, double& out) { out = value; }
inline void restore(float value, float& out) { out = value; }
inline void restore(float value, uint16_t& out) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  out = static_cast<uint16_t>(word >> 16);
}

// Calls body with a null pointer of the type that loops see a float32 or bfloat16 tensor's elements as.
template <class Body>
void with_element(const torch::Tensor& x, const Body& body) {
  if (x.scalar_type() == torch::kFloat32) return body(static_cast<float*>(nullptr));
  body(static_cast<uint16_t*>(nullptr));
}

// A tensor's elements as that type; null for no tensor.
template <class Element>
Element* elements(const torch::Tensor& tensor) {
  return tensor.defined() ? static_cast<Element*>(tensor.data_ptr()) : nullptr;
}

// body(first element, its place in the image, length) for [begin, end) of images of `image` elements, each run within
// one of them.
template <class Body>
void for_each_run(int64_t begin, int64_t end, int64_t image, const Body& body) {
  while (begin < end) {
    const int64_t within = begin % image, length = std::min(end - begin, image - within);
    body(begin, within, length);
    begin += length;
  }
}

// Elements one task of a parallel loop should at least have.
constexpr int64_t kParallelGrain = 1 << 15;

}  // namespace senet
