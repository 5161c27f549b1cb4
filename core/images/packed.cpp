#include "images/packed.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <algorithm>
#include <cstring>

#include "images/decode.h"
#include "images/decoded.h"
#include "images/subset.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"
#include "storage/json.h"

namespace senet {

namespace {

constexpr char kMagic[] = "SENETPK2";
constexpr char kEarlierMagic[] = "SENETPK1";
constexpr size_t kMagicBytes = 8;
struct Header {
  char magic[kMagicBytes];
  uint64_t tables, description_bytes, checksum;
};
static_assert(sizeof(Header) == 32);
constexpr uint64_t kMostDescription = 64 << 20;
constexpr int64_t kMostViewed = 4096;
constexpr int64_t kMostClasses = 1 << 20;

struct Record {
  uint64_t offset, bytes, checksum, file_checksum;
  uint32_t height, width, channels, label;
};
static_assert(sizeof(Record) == 48);
using Table = std::vector<Record>;

bool is_sound(const View& view) {
  return view.resize >= 0 && view.size >= 0 && view.resize <= kMostViewed && view.size <= kMostViewed;
}
bool is_sound(int64_t classes) { return classes >= 2 && classes <= kMostClasses; }

struct Payload {
  Table table;
  std::vector<int64_t> kept;  // the place of each in the whole set
};

Payload append_payload(AtomicFile& file, const Images& images, PackEncoding encoding) {
  SENET_CHECK(is_sound(images.view), "a view of ", images.view.resize, " and ", images.view.size,
              " pixels cannot be packed, expected 0 … ", kMostViewed);
  const auto* labels = images.labels.data_ptr<int64_t>();
  Payload payload;
  Table& table = payload.table;
  const auto append = [&](int64_t index, const void* bytes, size_t count, const ImageShape& shape) {
    payload.kept.push_back(index);
    const uint64_t sum = checksum(bytes, count);
    table.push_back({static_cast<uint64_t>(file.size()), count, sum, sum, static_cast<uint32_t>(shape[0]),
                     static_cast<uint32_t>(shape[1]), static_cast<uint32_t>(shape[2]),
                     static_cast<uint32_t>(labels[index])});
    file.append(bytes, count);
  };
  if (encoding == PackEncoding::encoded) {
    if (!images.source) fail_usage("this data set holds no image files: pack it with --encoding raw");
    for_each_file(images, [&](int64_t i, const SoundFile& sound) {
      append(i, sound.bytes.data(), sound.bytes.size(), sound.shape);
    });
    return payload;
  }
  ImageShape shape{};
  for_each_viewed(images, [&](int64_t i, const Image& image) {
    if (table.empty()) shape = {image.height, image.width, image.channels};
    check_shape(image, shape, images, i);
    append(i, image.pixels.data(), image.pixels.size(), shape);
  });
  if (images.source) {
    const std::vector<uint64_t> files = images.source->checksums(payload.kept);
    for (size_t i = 0; i < files.size(); ++i) table[i].file_checksum = files[i];
  }
  return payload;
}

Json describe(const Images& images, const Payload& payload) {
  const std::vector<int64_t> all = first_indices(images.count());
  std::vector<int64_t> left_out;
  std::set_difference(all.begin(), all.end(), payload.kept.begin(), payload.kept.end(), std::back_inserter(left_out));
  return {{"count", payload.table.size()},
          {"left_out", left_out},
          {"given_as_pixels", images.source == nullptr},
          {"view", {{"resize", images.view.resize}, {"size", images.view.size}}}};
}

std::string bytes_of(const Table& table) {
  return {reinterpret_cast<const char*>(table.data()), table.size() * sizeof(Record)};
}

}  // namespace

void write_packed(const std::filesystem::path& path, const PackDescription& description, const Images& train,
                  const Images& test, PackEncoding encoding) {
  SENET_CHECK(is_sound(description.classes), "a set of ", description.classes,
              " classes cannot be packed, expected 2 … ", kMostClasses);
  AtomicFile file(path);
  Header header{};
  std::memcpy(header.magic, kMagic, kMagicBytes);
  file.append(&header, sizeof header);
  const Payload of_train = append_payload(file, train, encoding), of_test = append_payload(file, test, encoding);
  const std::string json = Json{{"plugin", description.plugin},
                                {"options", description.options},
                                {"classes", description.classes},
                                {"class_names", description.class_names},
                                {"mean", description.normalisation.mean},
                                {"deviation", description.normalisation.deviation},
                                {"encoding", name_of(encoding, kPackEncodings)},
                                {"train", describe(train, of_train)},
                                {"test", describe(test, of_test)}}
                               .dump();
  const std::string end = bytes_of(of_train.table) + bytes_of(of_test.table) + json;
  header.tables = static_cast<uint64_t>(file.size());
  header.description_bytes = json.size();
  header.checksum = checksum(end);
  file.append(end.data(), end.size());
  file.overwrite(0, &header, sizeof header);
  file.commit();
}

// One split of a packed file.
class PackedSet::Part final : public ImageSource {
 public:
  // `payload_end`: where the payload ends and the tables begin.
  Part(std::shared_ptr<const ReadableFile> file, Table table, const Json& description, const Json& split,
       uint64_t payload_end)
      : file_(std::move(file)),
        raw_(value_named(description.at("encoding").get<std::string>(), kPackEncodings,
                         file_->path().string() + ": not a sound packed data set: its encoding") == PackEncoding::raw),
        given_as_pixels_(split.at("given_as_pixels").get<bool>()),
        left_out_(split.at("left_out").get<std::vector<int64_t>>()),
        view_{split.at("view").at("resize").get<int64_t>(), split.at("view").at("size").get<int64_t>()},
        table_(std::move(table)) {
    const auto classes = description.at("classes").get<int64_t>();
    check(is_sound(view_), "announces a view of ", view_.resize, " and ", view_.size, " pixels, expected 0 … ",
          kMostViewed);
    const auto whole = static_cast<int64_t>(table_.size() + left_out_.size());
    for (size_t i = 0; i < left_out_.size(); ++i) {
      check(left_out_[i] >= 0 && left_out_[i] < whole && (i == 0 || left_out_[i] > left_out_[i - 1]),
            "its list of images that were left out has ", left_out_[i], " at place ", i);
    }
    for (size_t i = 0; i < table_.size(); ++i) {
      const Record& record = table_[i];
      check(record.offset <= payload_end && record.bytes <= payload_end - record.offset, "its record ", i, " lies at [",
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
  const std::vector<int64_t>& left_out() const { return left_out_; }
  std::string name(int64_t index) const override { return text(file_->path().string(), ", image ", index); }
  uint64_t checksum(int64_t index) const override { return table_.at(index).file_checksum; }

  std::string encoded(int64_t index) const override {
    SENET_CHECK(!raw_, file_->path().string(),
                ": holds decoded images, not their files; pack the set again with --encoding encoded");
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
    (raw_ ? images.packed_view : images.view) = view_;
    images.given_as_pixels = given_as_pixels_;
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
    check(senet::checksum(bytes) == record.checksum, "its image ", index,
          " is not the one that was written; pack the set again");
    return bytes;
  }

  std::shared_ptr<const ReadableFile> file_;
  bool raw_, given_as_pixels_;
  std::vector<int64_t> left_out_;
  View view_;
  Table table_;
};

PackedSet::PackedSet(const std::filesystem::path& path) {
  const auto file = std::make_shared<const ReadableFile>(path);
  const auto check = [&](bool condition, const auto&... parts) {
    SENET_CHECK(condition, path.string(), ": not a sound packed data set: ", parts...);
  };
  const auto size = static_cast<uint64_t>(file->size());
  check(size >= sizeof(Header), "it has ", size, " bytes");
  Header header;
  file->read(0, &header, sizeof header);
  if (std::memcmp(header.magic, kEarlierMagic, kMagicBytes) == 0) {
    fail_usage(path.string(),
               ": was packed by an earlier version, which did not keep what a set is known by; pack again "
               "(`senet data pack`)");
  }
  check(std::memcmp(header.magic, kMagic, kMagicBytes) == 0, "it does not begin with ", kMagic);
  const uint64_t tables = header.tables, described = header.description_bytes;
  check(tables >= sizeof header && tables <= size && described <= size - tables && described <= kMostDescription,
        "its tables and a description of ", described, " bytes would lie at [", tables, ", ", size, ")");
  std::string end(size - tables, '\0');
  file->read(static_cast<int64_t>(tables), end.data(), end.size());
  check(checksum(end) == header.checksum,
        "its tables or its description are not those that were written; pack the set again");
  const uint64_t of_tables = end.size() - described;
  const Json json = parse_json(end.substr(of_tables), path.string() + ": not a sound packed data set: its description");
  check(json.is_object(), "its description is not a JSON object");
  try {
    description_.plugin = json.at("plugin").get<std::string>();
    description_.options = json.at("options");
    description_.classes = json.at("classes").get<int64_t>();
    description_.class_names = json.at("class_names").get<std::vector<std::string>>();
    description_.normalisation = {json.at("mean").get<std::vector<double>>(),
                                  json.at("deviation").get<std::vector<double>>()};
    check(is_sound(description_.classes), "announces ", description_.classes, " classes, expected 2 … ", kMostClasses);
    uint64_t at = 0;
    for (auto [split, part] : {std::pair{"train", &train_}, {"test", &test_}}) {
      const auto count = json.at(split).at("count").get<uint64_t>();
      check(count > 0 && count <= (of_tables - at) / sizeof(Record), "announces ", count,
            " records, but its tables have ", of_tables / sizeof(Record));
      Table table(count);
      std::memcpy(table.data(), end.data() + at, count * sizeof(Record));
      at += count * sizeof(Record);
      *part = std::make_shared<const Part>(file, std::move(table), json, json.at(split), tables);
    }
    check(at == of_tables, "its tables have ", of_tables, " bytes, expected ", at);
  } catch (const Json::exception& error) {
    check(false, "its description: ", error.what());
  }
}

Images PackedSet::images(Split split) const {
  const auto& part = split == Split::train ? train_ : test_;
  return part->images(part);
}

const std::vector<int64_t>& PackedSet::left_out(Split split) const {
  return (split == Split::train ? train_ : test_)->left_out();
}

void PackedSet::verify() const {
  for (const auto& part : {train_, test_}) {
    at::parallel_for(0, part->count(), 64, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) part->read(i);
    });
  }
}

}  // namespace senet
