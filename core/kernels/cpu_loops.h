#pragma once

#include <algorithm>
#include <cstdint>

#include "device/tensors.h"

// Compiles a loop for several instruction sets; the loader picks one by the processor's features (a name such as
// "haswell" would be that processor alone). Sanitizers cannot instrument the resolver.
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SENET_CPU_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SENET_CPU_CLONES
#endif

// Says that the iterations of the loop that follows do not depend on one another, or only by a sum.
#if defined(__GNUC__) && !defined(__clang__) && !defined(SENET_SANITIZED)
#define SENET_PRAGMA(words) _Pragma(#words)
#define SENET_VECTOR_LOOP SENET_PRAGMA(omp simd)
#define SENET_VECTOR_SUM(sum) SENET_PRAGMA(omp simd reduction(+ : sum))
#else
#define SENET_VECTOR_LOOP
#define SENET_VECTOR_SUM(sum)
#endif

namespace senet {

// Calls body(first element, its place in the image, length) for runs that make up the elements [begin, end) of images
// of `image` elements; no run goes beyond its image.
template <class Body>
void for_each_run(int64_t begin, int64_t end, int64_t image, const Body& body) {
  while (begin < end) {
    const int64_t within = begin % image, length = std::min(end - begin, image - within);
    body(begin, within, length);
    begin += length;
  }
}

// Elements that one task of a parallel loop should at least have.
constexpr int64_t kParallelGrain = 1 << 15;

}  // namespace senet
