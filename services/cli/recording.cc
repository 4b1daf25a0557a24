#include "services/cli/recording.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cli {
namespace {

constexpr std::string_view kMagic = "uvrpcrec";
constexpr uint32_t kVersion = 1;
constexpr size_t kStartSize = 20;
constexpr size_t kEventHeadSize = 17;

// Of a damaged file: what an int64_t holds.
constexpr uint64_t kTimeMask = INT64_MAX;

void AppendNumber(uint64_t number, size_t size, std::string* out) {
  for (size_t i = size; i-- > 0;) *out += static_cast<char>(number >> (8 * i));
}

uint64_t NumberAt(std::string_view bytes, size_t offset, size_t size) {
  uint64_t number = 0;
  for (const char byte : bytes.substr(offset, size)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

absl::Status FileError(const std::string& what, const std::string& path) {
  return absl::UnavailableError(absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Create(const std::string& path) {
  File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return FileError("cannot write", path);
  std::unique_ptr<Recorder> recorder(new Recorder(path, std::move(file)));
  std::string start(kMagic);
  AppendNumber(kVersion, 4, &start);
  AppendNumber(static_cast<uint64_t>(absl::ToUnixMicros(absl::Now())), 8, &start);
  if (absl::Status s = recorder->Put(start); !s.ok()) return s;
  return recorder;
}

absl::Status Recorder::Put(std::string_view bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
  if (!written || std::fflush(file_.get()) != 0) return FileError("cannot write", path_);
  return absl::OkStatus();
}

absl::Status Recorder::Write(const Event& event) {
  std::string_view rest = event.bytes;
  do {
    const std::string_view part = rest.substr(0, kEventSizeMax);
    rest.remove_prefix(part.size());
    std::string bytes(1, static_cast<char>(event.kind));
    AppendNumber(event.connection, 4, &bytes);
    AppendNumber(static_cast<uint64_t>(absl::ToInt64Microseconds(event.at)), 8, &bytes);
    AppendNumber(part.size(), 4, &bytes);
    bytes += part;
    if (absl::Status s = Put(bytes); !s.ok()) return s;
  } while (!rest.empty());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Recording>> Recording::Open(const std::string& path) {
  File file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return FileError("cannot read", path);
  std::unique_ptr<Recording> recording(new Recording(path, std::move(file)));
  if (absl::Status s = recording->ReadStart(); !s.ok()) return s;
  return recording;
}

absl::Status Recording::ReadStart() {
  const bool whole = ReadExactly(kStartSize, &bytes_);
  if (!whole || !bytes_.starts_with(kMagic)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_,
                     " is no recording; `rpc dump --listen=ADDR --to=ADDR --store=FILE` "
                     "makes one"));
  }
  const uint64_t version = NumberAt(bytes_, kMagic.size(), 4);
  if (version != kVersion) {
    return absl::InvalidArgumentError(absl::StrCat(path_, " is a recording of version ", version,
                                                   "; this program reads version ", kVersion));
  }
  began_ = absl::FromUnixMicros(static_cast<int64_t>(NumberAt(bytes_, kMagic.size() + 4, 8)));
  return absl::OkStatus();
}

void Recording::Rewind() {
  std::fseek(file_.get(), kStartSize, SEEK_SET);
  status_ = absl::OkStatus();
}

bool Recording::ReadExactly(size_t size, std::string* bytes) {
  bytes->resize(size);
  const size_t read = std::fread(bytes->data(), 1, size, file_.get());
  bytes->resize(read);
  return read == size;
}

bool Recording::EndsInside() {
  status_ = absl::DataLossError(absl::StrCat(path_, " ends inside of an event; was it cut short?"));
  return false;
}

bool Recording::Next(Event* event) {
  if (!status_.ok()) return false;
  if (!ReadExactly(kEventHeadSize, &bytes_)) return bytes_.empty() ? false : EndsInside();
  event->kind = static_cast<Event::Kind>(bytes_[0]);
  event->connection = static_cast<uint32_t>(NumberAt(bytes_, 1, 4));
  event->at = absl::Microseconds(static_cast<int64_t>(NumberAt(bytes_, 5, 8) & kTimeMask));
  const uint64_t size = NumberAt(bytes_, 13, 4);
  if (size > Recorder::kEventSizeMax) {
    status_ =
        absl::DataLossError(absl::StrCat(path_, " is damaged: an event of ", size,
                                         " bytes, above the limit of ", Recorder::kEventSizeMax));
    return false;
  }
  if (!ReadExactly(size, &bytes_)) return EndsInside();
  event->bytes = bytes_;
  return true;
}

}  // namespace cli
