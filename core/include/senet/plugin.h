#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>

#include "senet/abi.h"
#include "senet/options.h"

namespace senet {

enum class PluginKind { dataset, model, sensitivity, baseline };

// One thing that a plugin brings, as plain data.
struct PluginEntry {
  PluginKind kind;
  const char* name;
  const char* summary;
  const Option* options;
  size_t option_count;
  void* (*make)(const Options&);  // a new object of the kind's interface class; the host takes ownership
  // Of what it computes, by hand: a finished phase is run again when the version that it was made by is another.
  int version = 1;

  constexpr PluginEntry at_version(int number) const {
    PluginEntry copy = *this;
    copy.version = number;
    return copy;
  }
};

struct PluginManifest {
  const PluginEntry* entries;
  size_t count;
};

namespace detail {
template <class T>
void* make(const Options& options) {
  using Interface = typename T::Interface;
  if constexpr (std::is_constructible_v<T, const Options&>) {
    return static_cast<Interface*>(new T(options));
  } else {
    (void)options;
    return static_cast<Interface*>(new T());
  }
}
}  // namespace detail

// Describes class T, which implements one of the four interfaces and is constructed from its Options or from nothing.
template <class T>
constexpr PluginEntry entry(const char* name, const char* summary) {
  return {T::Interface::kKind, name, summary, nullptr, 0, &detail::make<T>};
}
template <class T, size_t N>
constexpr PluginEntry entry(const char* name, const char* summary, const Option (&options)[N]) {
  return {T::Interface::kKind, name, summary, options, N, &detail::make<T>};
}
template <class T, size_t N>
constexpr PluginEntry entry(const char* name, const char* summary, const JoinedOptions<N>& options) {
  return {T::Interface::kKind, name, summary, options.options, options.count, &detail::make<T>};
}

}  // namespace senet

#define SENET_EXPORT __attribute__((visibility("default"), used))

// Registers a plugin's entries; once in a shared library. The ABI tag stands in a symbol's name, so that the host can
// read it from the file and refuse it before any of the plugin's code runs.
#define SENET_PLUGIN(...)                                                                                     \
  namespace {                                                                                                 \
  constexpr senet::PluginEntry senet_entries[] = {__VA_ARGS__};                                               \
  }                                                                                                           \
  extern "C" {                                                                                                \
  SENET_EXPORT extern const char SENET_ABI_SYMBOL __attribute__((section("senet"))) = 1;                      \
  SENET_EXPORT extern const senet::PluginManifest senet_manifest = {senet_entries, std::size(senet_entries)}; \
  }                                                                                                           \
  static_assert(true)
