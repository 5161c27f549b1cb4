#pragma once

#include <torch/types.h>

#include <initializer_list>

#include "device/element.h"

namespace senet {

// A type as a value; `using Element = typename decltype(tag)::Type` reads it.
template <class T>
struct TypeTag {
  using Type = T;
};

// Calls body with the tag of the type that loops see a float32 or bfloat16 tensor's elements as.
template <class Body>
void with_element(const torch::Tensor& x, const Body& body) {
  if (x.scalar_type() == torch::kFloat32) return body(TypeTag<float>());
  body(TypeTag<uint16_t>());
}

// The same; the second argument (a std::integral_constant) is how many elements a kernel takes at once.
template <class Body>
void with_pack(const torch::Tensor& x, bool packs, const Body& body) {
  with_element(x, [&](auto tag) {
    constexpr int kWide = kPackBytes / sizeof(typename decltype(tag)::Type);
    if (packs) return body(tag, std::integral_constant<int, kWide>());
    body(tag, std::integral_constant<int, 1>());
  });
}

// Whether packs may be read from all tensors in rows of `row` elements, as wide as the first tensor's: a view may begin
// anywhere in memory.
inline bool packs(int64_t row, std::initializer_list<torch::Tensor> tensors) {
  if (row * static_cast<int64_t>(tensors.begin()->element_size()) % kPackBytes != 0) return false;
  for (const torch::Tensor& tensor : tensors) {
    if (tensor.defined() && reinterpret_cast<uintptr_t>(tensor.data_ptr()) % kPackBytes != 0) return false;
  }
  return true;
}

// A tensor's elements as that type; null for no tensor.
template <class Element>
Element* elements(const torch::Tensor& tensor) {
  return tensor.defined() ? static_cast<Element*>(tensor.data_ptr()) : nullptr;
}

}  // namespace senet
