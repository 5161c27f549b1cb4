#include "data/packed.h"

#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstring>

#include "data/decode.h"
#include "data/decoded.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

namespace senet {

using Json = nlohmann::ordered_json;

namespace {

constexpr char kMagic[] = "SENETPK1";
constexpr size_t kMagicBytes = 8;
constexpr int64_t kHeaderBytes = kMagicBytes + 2 * sizeof(uint64_t);
constexpr uint64_t kMostDescription = 64 << 20;

struct Record {
  uint64_t offset, bytes, checksum;
  uint32_t height, width, channels, label;
};
static_assert(sizeof(Record) == 40);

Json to_json(const View& view) { return {{"resize", view.resize}, {"size", view.size}}; }

// Appends one split's payload and table, and says where they lie.
Json append_split(AtomicFile& file, const Images& images, PackEncoding encoding) {
  const auto* labels = images.labels.data_ptr<int64_t>();
  const bool raw = encoding == PackEncoding::raw;
  std::vector<Record> table;
  std::vector<int64_t> kept_labels;
  std::vector<uint64_t> checksums;
  const auto append = [&](int64_t index, const void* bytes, size_t count, const ImageShape& shape) {
    checksums.push_back(checksum(bytes, count));
    table.push_back({static_cast<uint64_t>(file.size()), count, checksums.back(), static_cast<uint32_t>(shape[0]),
                     static_cast<uint32_t>(shape[1]), static_cast<uint32_t>(shape[2]),
                     static_cast<uint32_t>(labels[index])});
    kept_labels.push_back(labels[index]);
    file.append(bytes, count);
  };
  if (raw) {
    ImageShape shape{};
    for_each_viewed(images, [&](int64_t i, const Image& image) {
      if (table.empty()) shape = {image.height, image.width, image.channels};
      check_shape(image, shape, images, i);
      append(i, image.pixels.data(), image.pixels.size(), shape);
    });
  } else {
    if (!images.source) fail_usage("this data set holds no image files: pack it with --encoding raw");
    for_each_file(images, [&](int64_t i, const SoundFile& sound) {
      append(i, sound.bytes.data(), sound.bytes.size(), sound.shape);
    });
  }
  const auto count = static_cast<int64_t>(table.size());
  const Record& any = table.front();
  const int64_t table_offset = file.size();
  file.append(table.data(), table.size() * sizeof(Record));
  return {{"encoding", raw ? "raw" : "encoded"},
          {"count", count},
          {"left_out", images.count() - count},
          {"table", table_offset},
          {"table_hash", Hash().add(table.data(), table.size() * sizeof(Record)).hex()},
          {"fingerprint", raw ? fingerprint_of(checksums, {count, any.height, any.width, any.channels}, kept_labels)
                              : images.source->fingerprint()},
          {"view", to_json(raw ? View() : images.view)}};
}

}  // namespace

void write_packed(const std::filesystem::path& path, const PackDescription& description, const Images& train,
                  const Images& test, PackEncoding encoding) {
  AtomicFile file(path);
  file.append(kMagic, kMagicBytes);
  const uint64_t nowhere[2] = {0, 0};
  file.append(nowhere, sizeof nowhere);
  Json json = {{"plugin", description.plugin},           {"options", description.options},
               {"classes", description.classes},         {"class_names", description.class_names},
               {"mean", description.normalisation.mean}, {"deviation", description.normalisation.deviation}};
  json["train"] = append_split(file, train, encoding);
  json["test"] = append_split(file, test, encoding);
  const std::string bytes = json.dump();
  const uint64_t place[2] = {static_cast<uint64_t>(file.size()), bytes.size()};
  file.append(bytes.data(), bytes.size());
  file.overwrite(kMagicBytes, place, sizeof place);
  file.commit();
}

// One split of a packed file.
class PackedSet::Part final : public ImageSource {
 public:
  Part(std::shared_ptr<const ReadableFile> file, const Json& json, int64_t classes, uint64_t end)
      : file_(std::move(file)),
        raw_(json.at("encoding").get<std::string>() == "raw"),
        fingerprint_(json.at("fingerprint").get<std::string>()),
        left_out_(json.at("left_out").get<int64_t>()),
        view_{json.at("view").at("resize").get<int64_t>(), json.at("view").at("size").get<int64_t>()} {
    const auto count = json.at("count").get<uint64_t>(), offset = json.at("table").get<uint64_t>();
    check(count > 0 && count <= end / sizeof(Record) && offset <= end - count * sizeof(Record), "announces ", count,
          " records at byte ", offset, ", but its payload ends at byte ", end);
    check(view_.resize >= 0 && view_.size >= 0 && view_.resize <= 1 << 16 && view_.size <= 1 << 16,
          "announces a view of ", view_.resize, " and ", view_.size, " pixels");
    table_.resize(count);
    file_->read(static_cast<int64_t>(offset), table_.data(), count * sizeof(Record));
    check(Hash().add(table_.data(), count * sizeof(Record)).hex() == json.at("table_hash").get<std::string>(),
          "its record table is not the one that was written");
    for (size_t i = 0; i < table_.size(); ++i) {
      const Record& record = table_[i];
      check(record.offset <= offset && record.bytes <= offset - record.offset, "its record ", i, " lies at [",
            record.offset, ", +", record.bytes, "), outside its payload");
      check(static_cast<int64_t>(record.label) < classes, "its record ", i, " has the label ", record.label,
            ", expected 0 … ", classes - 1);
      check(record.height > 0 && record.width > 0 && record.channels > 0 && record.channels <= 64 &&
                record.height <= kMostPixels / record.width,
            "its record ", i, " is ", record.height, "×", record.width, "×", record.channels);
      const Record& first = table_.front();
      check(
          !raw_ || (record.height == first.height && record.width == first.width && record.channels == first.channels &&
                    record.bytes == uint64_t{record.height} * record.width * record.channels),
          "its record ", i, " of ", record.bytes, " bytes is not a raw image of ", first.height, "×", first.width, "×",
          first.channels);
    }
  }

  int64_t count() const override { return static_cast<int64_t>(table_.size()); }
  int64_t left_out() const { return left_out_; }
  std::string name(int64_t index) const override { return text(file_->path().string(), ", image ", index); }
  std::string fingerprint() const override { return fingerprint_; }

  std::string encoded(int64_t index) const override {
    SENET_CHECK(!raw_, file_->path().string(),
                ": holds decoded images, not their files; pack the set again with "
                "--encoding encoded");
    return bytes_of(index);
  }
  Image read(int64_t index) const override {
    const std::string bytes = bytes_of(index);
    if (!raw_) return decode_image(bytes, name(index));
    const Record& record = table_[index];
    return {record.height, record.width, record.channels, {bytes.begin(), bytes.end()}};
  }

  Images images(std::shared_ptr<const Part> self) const {
    Images images;
    images.labels = torch::empty({count()}, torch::kInt64);
    for (int64_t i = 0; i < count(); ++i) images.labels.data_ptr<int64_t>()[i] = table_[i].label;
    images.source = std::move(self);
    images.view = view_;
    return images;
  }

 private:
  template <class... Parts>
  void check(bool condition, const Parts&... parts) const {
    SENET_CHECK(condition, file_->path().string(), ": not a sound packed data set: ", parts...);
  }
  std::string bytes_of(int64_t index) const {
    const Record& record = table_.at(index);
    std::string bytes(record.bytes, '\0');
    file_->read(static_cast<int64_t>(record.offset), bytes.data(), bytes.size());
    check(checksum(bytes.data(), bytes.size()) == record.checksum, "its image ", index,
          " is not the one that was written; pack the set again");
    return bytes;
  }

  std::shared_ptr<const ReadableFile> file_;
  bool raw_;
  std::string fingerprint_;
  int64_t left_out_;
  View view_;
  std::vector<Record> table_;
};

PackedSet::PackedSet(const std::filesystem::path& path) {
  const auto file = std::make_shared<const ReadableFile>(path);
  const auto check = [&](bool condition, const auto&... parts) {
    SENET_CHECK(condition, path.string(), ": not a sound packed data set: ", parts...);
  };
  check(file->size() >= kHeaderBytes, "it has ", file->size(), " bytes");
  char header[kHeaderBytes];
  file->read(0, header, sizeof header);
  check(std::memcmp(header, kMagic, kMagicBytes) == 0, "it does not begin with ", kMagic);
  uint64_t place[2];
  std::memcpy(place, header + kMagicBytes, sizeof place);
  const auto size = static_cast<uint64_t>(file->size());
  check(place[0] >= kHeaderBytes && place[0] <= size && place[1] == size - place[0] && place[1] <= kMostDescription,
        "its description would lie at [", place[0], ", +", place[1], ") of ", size, " bytes");
  std::string bytes(place[1], '\0');
  file->read(static_cast<int64_t>(place[0]), bytes.data(), bytes.size());
  const Json json = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  check(json.is_object(), "its description is not a JSON object");
  try {
    description_.plugin = json.at("plugin").get<std::string>();
    description_.options = json.at("options");
    description_.classes = json.at("classes").get<int64_t>();
    description_.class_names = json.at("class_names").get<std::vector<std::string>>();
    description_.normalisation = {json.at("mean").get<std::vector<double>>(),
                                  json.at("deviation").get<std::vector<double>>()};
    check(description_.classes >= 2 && description_.classes <= 1 << 24, "announces ", description_.classes, " classes");
    train_ = std::make_shared<const Part>(file, json.at("train"), description_.classes, place[0]);
    test_ = std::make_shared<const Part>(file, json.at("test"), description_.classes, place[0]);
  } catch (const Json::exception& error) {
    check(false, "its description: ", error.what());
  }
}

Images PackedSet::images(Split split) const {
  const auto& part = split == Split::train ? train_ : test_;
  return part->images(part);
}

int64_t PackedSet::left_out(Split split) const { return (split == Split::train ? train_ : test_)->left_out(); }

void PackedSet::verify() const {
  for (const auto& part : {train_, test_}) {
    at::parallel_for(0, part->count(), 64, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) part->read(i);
    });
  }
}

}  // namespace senet
