#include "storage/safetensors.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

namespace senet {

namespace {

using Json = nlohmann::ordered_json;

struct TypeName {
  torch::ScalarType type;
  const char* name;
};
constexpr TypeName kTypes[] = {
    {torch::kFloat64, "F64"}, {torch::kFloat32, "F32"}, {torch::kBFloat16, "BF16"}, {torch::kFloat16, "F16"},
    {torch::kInt64, "I64"},   {torch::kInt32, "I32"},   {torch::kUInt8, "U8"},      {torch::kBool, "BOOL"},
};
constexpr uint64_t kLargestHeader = 100'000'000;
constexpr int kDeepestHeader = 8;
constexpr uint64_t kMostElements = std::numeric_limits<int64_t>::max();

const char* type_name(torch::ScalarType type) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) return known.name;
  }
  fail("a tensor of type ", type, " cannot be written to a safetensors file");
}

constexpr const char* kContentHash = "senet.hash";

// Of tensors on the CPU, contiguous.
std::string content_hash(const TensorMap& tensors) {
  Hash hash;
  for (const auto& [name, tensor] : tensors) {
    hash.add(text(name, "|", type_name(tensor.scalar_type()), "|", tensor.sizes(), "|"));
    hash.add(tensor.data_ptr(), tensor.nbytes());
  }
  return hash.hex();
}

// Levels of objects and lists. Before parsing, because what copies or frees a document recurses; not by the parser's
// own callback, with which it looks through all members of an object at the end of each.
int64_t depth_of(std::string_view json) {
  int64_t depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  return deepest;
}

}  // namespace

std::string to_safetensors(const TensorMap& tensors, const Metadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = offset + tensor.nbytes();
    header[name] = {
        {"dtype", type_name(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string json = header.dump();
  json.resize((json.size() + 7) / 8 * 8, ' ');
  const uint64_t length = json.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes.reserve(sizeof length + json.size() + offset);
  bytes += json;
  for (const auto& [name, tensor] : tensors) {
    const torch::Tensor plain = tensor.detach().to(torch::kCPU).contiguous();
    bytes.append(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
  }
  return bytes;
}

Safetensors from_safetensors(const std::string& bytes, const std::string& name) {
  const auto damaged = [&](const auto&... parts) { fail(name, ": not a sound safetensors file: ", parts...); };
  uint64_t length = 0;
  if (bytes.size() < sizeof length) damaged("it has ", bytes.size(), " bytes, expected at least 8");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kLargestHeader || length > bytes.size() - sizeof length) {
    damaged("its header claims ", length, " bytes, the file has ", bytes.size());
  }
  // Not ordered: a member of an ordered object is looked for one by one, and a header may have a great many.
  using Header = nlohmann::json;
  const auto text_header = std::string_view(bytes).substr(sizeof length, length);
  if (depth_of(text_header) > kDeepestHeader) damaged("its header is nested deeper than ", kDeepestHeader, " levels");
  const Header header = Header::parse(text_header, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) damaged("its header is not a JSON object");
  const uint64_t payload_at = sizeof length + length;
  const uint64_t payload = bytes.size() - payload_at;

  Safetensors result;
  std::vector<std::pair<uint64_t, uint64_t>> extents;
  for (const auto& item : header.items()) {
    const std::string& key = item.key();
    const Header& value = item.value();
    if (key == "__metadata__") {
      if (!value.is_object()) damaged("__metadata__ is not an object");
      for (const auto& [name_of, entry] : value.items()) {
        if (!entry.is_string()) damaged("metadata '", name_of, "' is not a text");
        result.metadata[name_of] = entry.get<std::string>();
      }
      continue;
    }
    static const Header kNone;
    const auto field = [&](const char* which) -> const Header& {
      const auto found = value.find(which);
      return found == value.end() ? kNone : *found;
    };
    const Header &dtype = field("dtype"), &shape = field("shape"), &offsets = field("data_offsets");
    const auto unsigned_list = [](const Header& list) {
      return list.is_array() &&
             std::all_of(list.begin(), list.end(), [](const Header& e) { return e.is_number_unsigned(); });
    };
    if (!dtype.is_string() || !unsigned_list(shape) || !unsigned_list(offsets) || offsets.size() != 2) {
      damaged("tensor '", key, "' needs a dtype, a shape and two data_offsets");
    }
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const TypeName& known) { return dtype.get<std::string>() == known.name; });
    if (type == std::end(kTypes)) {
      std::string known;
      for (const TypeName& each : kTypes) known += std::string(" ") + each.name;
      fail(name, ": its tensor '", key, "' has the type ", dtype.get<std::string>(), "; this program reads", known);
    }
    const uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
    if (begin > end || end > payload) {
      damaged("tensor '", key, "' lies at [", begin, ", ", end, ") of a payload of ", payload, " bytes");
    }
    std::vector<int64_t> sizes;
    uint64_t size = c10::elementSize(type->type);
    int64_t spanned = 1;  // strides are products of the dimensions, also where one of them is 0
    for (const Header& dimension : shape) {
      const uint64_t extent = dimension.get<uint64_t>();
      if (extent > kMostElements || __builtin_mul_overflow(spanned, std::max<int64_t>(1, extent), &spanned))
        damaged("tensor '", key, "' has the shape ", shape.dump(), ", which no memory holds");
      if (extent != 0 && size > payload / extent)
        damaged("tensor '", key, "' of shape ", shape.dump(), " is larger than the file");
      size *= extent;
      sizes.push_back(static_cast<int64_t>(extent));
    }
    if (size != end - begin) {
      damaged("tensor '", key, "' of shape ", shape.dump(), " and type ", type->name, " takes ", size,
              " bytes, its offsets span ", end - begin);
    }
    torch::Tensor tensor = torch::empty(sizes, type->type);
    if (size > 0) std::memcpy(tensor.data_ptr(), bytes.data() + payload_at + begin, size);
    result.tensors[key] = tensor;
    extents.emplace_back(begin, end);
  }
  std::sort(extents.begin(), extents.end());
  uint64_t covered = 0;
  for (const auto& [begin, end] : extents) {
    if (begin != covered) damaged("its tensors ", begin < covered ? "overlap" : "leave a gap", " at byte ", begin);
    covered = end;
  }
  if (covered != payload) damaged("its tensors cover ", covered, " bytes of a payload of ", payload);
  return result;
}

void save_safetensors(const std::filesystem::path& path, const TensorMap& tensors, Metadata metadata) {
  TensorMap plain;  // brought to the CPU once, for hash and bytes
  for (const auto& [name, tensor] : tensors) plain[name] = tensor.detach().to(torch::kCPU).contiguous();
  metadata[kContentHash] = content_hash(plain);
  write_atomically(path, to_safetensors(plain, metadata));
}

Safetensors load_safetensors(const std::filesystem::path& path) {
  Safetensors file = from_safetensors(read_file(path), path.string());
  const auto written = file.metadata.find(kContentHash);
  if (written == file.metadata.end()) return file;
  const std::string found = content_hash(file.tensors);
  SENET_CHECK(found == written->second, path.string(), ": its tensors are not those that were written (hash ", found,
              ", expected ", written->second, ")");
  file.metadata.erase(written);
  return file;
}

}  // namespace senet
