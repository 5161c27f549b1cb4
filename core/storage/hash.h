#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace senet {

// A 128-bit XXH3 hash of what is added to it: the identity of data, phases and files. Not for secrets.
class Hash {
 public:
  Hash();
  ~Hash();
  Hash& add(const void* bytes, size_t count);
  Hash& add(const std::string& text) { return add(text.data(), text.size()); }
  std::string hex() const;  // 32 digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A 64-bit XXH3 hash, to notice damage.
uint64_t checksum(const void* bytes, size_t count);
inline uint64_t checksum(const std::string& bytes) { return checksum(bytes.data(), bytes.size()); }

}  // namespace senet
