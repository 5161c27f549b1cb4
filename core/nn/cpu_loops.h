#pragma once

// Compiles a loop for several instruction sets; the loader picks one. Sanitizers cannot instrument the resolver.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define SENET_CPU_CLONES __attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512")))
#else
#define SENET_CPU_CLONES
#endif

namespace senet {

// Elements one task of a parallel loop should at least have.
constexpr int64_t kParallelGrain = 1 << 15;

}  // namespace senet
