#include "services/cli/recording.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "rpc/net/socket.h"

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
  rpc::net::Descriptor made(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  File file(made ? fdopen(made.get(), "wb") : nullptr);
  if (file == nullptr) return FileError("cannot write", path);
  (void)made.Release();  // the file closes it
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
  File file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) return FileError("cannot read", path);
  return From(path, std::move(file));
}

absl::StatusOr<std::unique_ptr<Recording>> Recording::From(std::string path, File file) {
  std::unique_ptr<Recording> recording(new Recording(std::move(path), std::move(file)));
  if (absl::Status s = recording->ReadStart(); !s.ok()) return s;
  return recording;
}

absl::Status Recording::ReadStart() {
  const bool whole = ReadExactly(kStartSize, &bytes_);
  if (std::ferror(file_.get()) != 0) return ReadFailure();
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

bool Recording::ReadExactly(size_t size, std::string* bytes) {
  bytes->resize(size);
  errno = 0;
  const size_t read = std::fread(bytes->data(), 1, size, file_.get());
  bytes->resize(read);
  offset_ += read;
  return read == size;
}

absl::Status Recording::ReadFailure() const {
  return FileError("cannot read", absl::StrCat(path_, " at byte ", offset_));
}

bool Recording::Next(Event* event) {
  if (!status_.ok()) return false;
  const uint64_t begin = offset_;
  const auto ends_inside = [this, begin](uint64_t size) {
    status_ = std::ferror(file_.get()) != 0
                  ? ReadFailure()
                  : absl::DataLossError(
                        absl::StrCat(path_, " was cut short: the event at byte ", begin, " needs ",
                                     size, " bytes, and the file ends at byte ", offset_));
    return false;
  };
  if (!ReadExactly(kEventHeadSize, &bytes_)) {
    const bool is_end = bytes_.empty() && std::ferror(file_.get()) == 0;
    return is_end ? false : ends_inside(kEventHeadSize);
  }
  event->kind = static_cast<Event::Kind>(bytes_[0]);
  event->connection = static_cast<uint32_t>(NumberAt(bytes_, 1, 4));
  event->at = absl::Microseconds(static_cast<int64_t>(NumberAt(bytes_, 5, 8) & kTimeMask));
  const uint64_t size = NumberAt(bytes_, 13, 4);
  if (size > Recorder::kEventSizeMax) {
    status_ = absl::DataLossError(absl::StrCat(path_, " is damaged: the event at byte ", begin,
                                               " has ", size, " bytes, above the limit of ",
                                               Recorder::kEventSizeMax));
    return false;
  }
  if (!ReadExactly(size, &bytes_)) return ends_inside(kEventHeadSize + size);
  event->bytes = bytes_;
  return true;
}

}  // namespace cli
