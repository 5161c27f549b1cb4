#include "storage/safetensors.h"

#include <torch/utils.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"
#include "storage/json.h"

namespace senet {

namespace {

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

namespace {

// Not ordered: a member of an ordered object is looked for one by one, and a header may have a great many.
using Header = nlohmann::json;

class Reader {
 public:
  Reader(const std::string& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  Safetensors read() {
    const Header header = parsed_header();
    Safetensors result;
    for (const auto& item : header.items()) {
      if (item.key() == "__metadata__") {
        result.metadata = metadata(item.value());
      } else {
        result.tensors[item.key()] = tensor(item.key(), item.value());
      }
    }
    check_that_tensors_cover_the_payload();
    return result;
  }

 private:
  struct Extent {
    uint64_t begin, end;  // bytes of the payload
  };

  template <class... Parts>
  [[noreturn]] void damaged(const Parts&... parts) const {
    fail(name_, ": not a sound safetensors file: ", parts...);
  }

  // Sets where the payload lies.
  Header parsed_header() {
    uint64_t length = 0;
    if (bytes_.size() < sizeof length) damaged("it has ", bytes_.size(), " bytes, expected at least 8");
    std::memcpy(&length, bytes_.data(), sizeof length);
    if (length > kLargestHeader || length > bytes_.size() - sizeof length) {
      damaged("its header claims ", length, " bytes, the file has ", bytes_.size());
    }
    payload_at_ = sizeof length + length;
    payload_ = bytes_.size() - payload_at_;
    const auto json = std::string_view(bytes_).substr(sizeof length, length);
    if (depth_of(json) > kDeepestHeader) damaged("its header is nested deeper than ", kDeepestHeader, " levels");
    Header header = Header::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!header.is_object()) damaged("its header is not a JSON object");
    return header;
  }

  Metadata metadata(const Header& object) const {
    if (!object.is_object()) damaged("__metadata__ is not an object");
    Metadata metadata;
    for (const auto& [key, entry] : object.items()) {
      if (!entry.is_string()) damaged("metadata '", key, "' is not a text");
      metadata[key] = entry.get<std::string>();
    }
    return metadata;
  }

  torch::Tensor tensor(const std::string& key, const Header& described) {
    const Header &dtype = field(described, "dtype"), &shape = field(described, "shape"),
                 &offsets = field(described, "data_offsets");
    if (!dtype.is_string() || !is_unsigned_list(shape) || !is_unsigned_list(offsets) || offsets.size() != 2) {
      damaged("tensor '", key, "' needs a dtype, a shape and two data_offsets");
    }
    const TypeName& type = type_of(key, dtype.get<std::string>());
    const Extent extent{offsets[0].get<uint64_t>(), offsets[1].get<uint64_t>()};
    if (extent.begin > extent.end || extent.end > payload_) {
      damaged("tensor '", key, "' lies at [", extent.begin, ", ", extent.end, ") of a payload of ", payload_, " bytes");
    }
    const std::vector<int64_t> sizes = checked_sizes(key, shape, type, extent);
    torch::Tensor tensor = torch::empty(sizes, type.type);
    if (tensor.nbytes() > 0) {
      std::memcpy(tensor.data_ptr(), bytes_.data() + payload_at_ + extent.begin, tensor.nbytes());
    }
    extents_.push_back(extent);
    return tensor;
  }

  static const Header& field(const Header& object, const char* name) {
    static const Header kNone;
    const auto found = object.find(name);
    return found == object.end() ? kNone : *found;
  }
  static bool is_unsigned_list(const Header& list) {
    return list.is_array() &&
           std::all_of(list.begin(), list.end(), [](const Header& element) { return element.is_number_unsigned(); });
  }

  const TypeName& type_of(const std::string& key, const std::string& dtype) const {
    std::string known;
    for (const TypeName& each : kTypes) {
      if (dtype == each.name) return each;
      known += std::string(" ") + each.name;
    }
    fail(name_, ": its tensor '", key, "' has the type ", dtype, "; this program reads", known);
  }

  // Those of `shape`, which fill the extent.
  std::vector<int64_t> checked_sizes(const std::string& key, const Header& shape, const TypeName& type,
                                     const Extent& extent) const {
    std::vector<int64_t> sizes;
    uint64_t bytes = c10::elementSize(type.type);
    int64_t spanned = 1;  // strides are products of the dimensions, also where one of them is 0
    for (const Header& dimension : shape) {
      const auto size = dimension.get<uint64_t>();
      if (size > kMostElements || __builtin_mul_overflow(spanned, std::max<int64_t>(1, size), &spanned))
        damaged("tensor '", key, "' has the shape ", shape.dump(), ", which no memory holds");
      if (size != 0 && bytes > payload_ / size)
        damaged("tensor '", key, "' of shape ", shape.dump(), " is larger than the file");
      bytes *= size;
      sizes.push_back(static_cast<int64_t>(size));
    }
    if (bytes != extent.end - extent.begin) {
      damaged("tensor '", key, "' of shape ", shape.dump(), " and type ", type.name, " takes ", bytes,
              " bytes, its offsets span ", extent.end - extent.begin);
    }
    return sizes;
  }

  void check_that_tensors_cover_the_payload() {
    std::sort(extents_.begin(), extents_.end(),
              [](const Extent& a, const Extent& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    uint64_t covered = 0;
    for (const auto& [begin, end] : extents_) {
      if (begin != covered) damaged("its tensors ", begin < covered ? "overlap" : "leave a gap", " at byte ", begin);
      covered = end;
    }
    if (covered != payload_) damaged("its tensors cover ", covered, " bytes of a payload of ", payload_);
  }

  const std::string& bytes_;
  const std::string& name_;
  uint64_t payload_at_ = 0, payload_ = 0;
  std::vector<Extent> extents_;
};

}  // namespace

Safetensors from_safetensors(const std::string& bytes, const std::string& name) { return Reader(bytes, name).read(); }

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
