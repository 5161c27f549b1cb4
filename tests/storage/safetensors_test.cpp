#include "storage/safetensors.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::random_tensor;

std::string file_with(const std::string& header, const std::string& payload) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + payload;
}
std::string refusal(const std::string& bytes) {
  return error_of([&] { from_safetensors(bytes, "file.safetensors"); });
}

TEST(Safetensors, EveryTypeAndShapeComesBack) {
  TensorMap tensors;
  for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kBFloat16, torch::kFloat16, torch::kInt64,
                          torch::kInt32, torch::kUInt8, torch::kBool}) {
    tensors["t" + std::to_string(static_cast<int>(type))] = (random_tensor({2, 3, 5}, 1) * 20).abs().to(type);
  }
  tensors["scalar"] = torch::tensor(1.5);
  tensors["empty"] = torch::zeros({0, 4});
  tensors["strided"] = random_tensor({4, 6}, 2).t();
  tensors["a \"name\" \n with é"] = torch::ones({1});
  const Safetensors back = from_safetensors(to_safetensors(tensors, {{"key", "value"}}), "x");
  ASSERT_EQ(back.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) EXPECT_TRUE(identical(back.tensors.at(name), tensor)) << name;
  EXPECT_EQ(back.metadata.at("key"), "value");
}

TEST(Safetensors, TheBytesAreTheFormats) {
  const std::string bytes =
      to_safetensors({{"b", torch::tensor({1, 2}, torch::kInt32)}, {"a", torch::tensor({7}, torch::kUInt8)}}, {});
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  EXPECT_EQ(header["a"], (nlohmann::json{{"dtype", "U8"}, {"shape", {1}}, {"data_offsets", {0, 1}}}));
  EXPECT_EQ(header["b"], (nlohmann::json{{"dtype", "I32"}, {"shape", {2}}, {"data_offsets", {1, 9}}}));
  EXPECT_EQ(bytes.substr(8 + length), std::string("\x07\x01\0\0\0\x02\0\0\0", 9));
}

TEST(Safetensors, RefusesFilesThatLie) {
  const std::string good = to_safetensors({{"a", torch::zeros({3})}, {"b", torch::zeros({2, 2})}}, {});
  for (size_t length = 0; length < good.size(); length += 3)
    EXPECT_NE(refusal(good.substr(0, length)).find("file.safetensors"), std::string::npos);
  EXPECT_NE(refusal(good + "x").find("cover"), std::string::npos);
  EXPECT_NE(refusal(file_with("[1]", "")).find("not a JSON object"), std::string::npos);
  EXPECT_NE(refusal(file_with("{", "")).find("not a JSON object"), std::string::npos);
  const auto one = [](const std::string& entry, size_t payload) {
    return refusal(file_with("{\"a\":" + entry + "}", std::string(payload, '\0')));
  };
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", 8).find("takes 8 bytes"), std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})", 4).find("payload of 4 bytes"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", 8).find("[4, 0)"), std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})", 4).find("F31"), std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", 4).find("needs a dtype"), std::string::npos);
  EXPECT_NE(
      one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})", 4).find("larger than the file"),
      std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0]})", 0).find("no memory holds"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]})", 0).find("no memory holds"),
            std::string::npos);
  EXPECT_NE(one(R"("text")", 0).find("needs a dtype"), std::string::npos);
  const std::string overlap =
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})";
  EXPECT_NE(refusal(file_with(overlap, std::string(12, '\0'))).find("overlap"), std::string::npos);
  const std::string gap =
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})";
  EXPECT_NE(refusal(file_with(gap, std::string(12, '\0'))).find("gap"), std::string::npos);
  std::string huge = good;
  huge[7] = '\x7f';
  EXPECT_NE(refusal(huge).find("claims"), std::string::npos);
}

TEST(Safetensors, ATypeThatIsNotReadIsNoDamage) {
  for (const std::string type : {"F8_E4M3", "I16"}) {
    const std::string message =
        refusal(file_with(R"({"w":{"dtype":")" + type + R"(","shape":[2],"data_offsets":[0,2]}})", "xy"));
    EXPECT_EQ(message, "file.safetensors: its tensor 'w' has the type " + type +
                           "; this program reads F64 F32 BF16 F16 I64 I32 U8 BOOL");
  }
}

TEST(Safetensors, AHeaderOfVeryManyTensorsIsReadInAMoment) {
  constexpr int kTensors = 100000;
  std::string header = "{";
  for (int i = 0; i < kTensors; ++i) {
    header += (i ? ",\"t" : "\"t") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  EXPECT_EQ(from_safetensors(file_with(header + "}", ""), "x").tensors.size(), kTensors);
}

TEST(Safetensors, ADeeplyNestedHeaderIsRefused) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  for (const std::string& header : {"{\"a\":" + deep + "}", deep, R"({"a":{"dtype":)" + deep + "}}"})
    EXPECT_NE(refusal(file_with(header, "")).find("nested deeper than 8 levels"), std::string::npos);
}

TEST(Safetensors, AFlippedBitOfAFileOfOursIsFound) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "a.safetensors";
  save_safetensors(path, {{"w", random_tensor({3, 4}, 1)}}, {{"step", "7"}});
  EXPECT_EQ(load_safetensors(path).metadata, (Metadata{{"step", "7"}}));
  std::string bytes = testing::slurp(path);
  bytes[bytes.size() - 3] ^= 1;
  testing::write_file(path, bytes);
  const std::string message = error_of([&] { load_safetensors(path); });
  EXPECT_NE(message.find("a.safetensors"), std::string::npos) << message;
  EXPECT_NE(message.find("not those that were written"), std::string::npos) << message;
}

TEST(Safetensors, WritesAtomically) {
  const testing::TemporaryFolder folder;
  save_safetensors(folder / "sub/x.safetensors", {{"a", torch::ones({2})}});
  save_safetensors(folder / "sub/x.safetensors", {{"a", torch::zeros({2})}});
  EXPECT_TRUE(identical(load_safetensors(folder / "sub/x.safetensors").tensors.at("a"), torch::zeros({2})));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "sub")) files += entry.is_regular_file();
  EXPECT_EQ(files, 1) << "nothing temporary is left";
  EXPECT_NE(error_of([&] { load_safetensors(folder / "none"); }).find("none"), std::string::npos);
}

}  // namespace
}  // namespace senet
