#include "services/files/root.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/files/file_error.h"
#include "services/files/names.h"

namespace files {
namespace {

constexpr mode_t kFolderMode = 0777;  // less the umask
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Cuts the first part off a path.
std::string TakePart(std::string_view* path) {
  const size_t end = std::min(path->find('/'), path->size());
  std::string part(path->substr(0, end));
  path->remove_prefix(std::min(end + 1, path->size()));
  return part;
}

// A link is told apart from what is no folder: O_DIRECTORY says ENOTDIR for both.
absl::Status CannotEnter(int folder, const std::string& part, std::string_view name) {
  const int error_number = errno;
  struct stat stat;
  const bool known = fstatat(folder, part.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0;
  if (known && S_ISLNK(stat.st_mode)) return FileError(ELOOP, "open", name);
  return FileError(error_number, "open", name);
}

absl::StatusOr<rpc::Descriptor> Enter(int folder, const std::string& part, std::string_view name,
                                      Root::Missing missing) {
  rpc::Descriptor next(openat(folder, part.c_str(), kFolderFlags));
  if (!next && errno == ENOENT && missing == Root::kMake) {
    if (mkdirat(folder, part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return FileError("make a folder for", name);
    }
    fsync(folder);  // what is put into it is to be found after a power failure
    next = rpc::Descriptor(openat(folder, part.c_str(), kFolderFlags));
  }
  if (!next) return CannotEnter(folder, part, name);
  return next;
}

Kind KindOf(const struct stat& stat) {
  if (S_ISREG(stat.st_mode)) return FILE;
  if (S_ISDIR(stat.st_mode)) return FOLDER;
  return S_ISLNK(stat.st_mode) ? LINK : OTHER;
}

}  // namespace

absl::StatusOr<Root> Root::Open(const std::string& path) {
  rpc::Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return FileError("open the folder", path);
  return Root(std::move(folder));
}

absl::StatusOr<rpc::Descriptor> Root::Walk(std::string_view path, std::string_view name,
                                           Missing missing) const {
  rpc::Descriptor folder(openat(folder_->get(), ".", kFolderFlags));
  if (!folder) return FileError("open", name);
  while (!path.empty()) {
    const std::string part = TakePart(&path);
    absl::StatusOr<rpc::Descriptor> next = Enter(folder.get(), part, name, missing);
    if (!next.ok()) return next.status();
    folder = *std::move(next);
  }
  return folder;
}

absl::StatusOr<Place> Root::Find(std::string_view name, Missing missing) const {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  if (name.empty()) return absl::InvalidArgumentError("the name of a file is missing");
  const size_t slash = name.rfind('/');
  const size_t leaf = slash == name.npos ? 0 : slash + 1;
  absl::StatusOr<rpc::Descriptor> folder =
      Walk(name.substr(0, leaf == 0 ? 0 : slash), name, missing);
  if (!folder.ok()) return folder.status();
  return Place{*std::move(folder), std::string(name.substr(leaf)), std::string(name)};
}

absl::StatusOr<rpc::Descriptor> Root::OpenFolder(std::string_view name) const {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  return Walk(name, name, kRefuse);
}

absl::StatusOr<rpc::Descriptor> Root::OpenFile(std::string_view name) const {
  absl::StatusOr<Place> place = Find(name, kRefuse);
  if (!place.ok()) return place.status();
  const int folder = place->folder.get();
  const char* const leaf = place->leaf.c_str();
  struct stat stat;
  if (fstatat(folder, leaf, &stat, AT_SYMLINK_NOFOLLOW) != 0) return FileError("open", name);
  if (absl::Status s = CheckIsFile(stat, name); !s.ok()) return s;
  // Another kind may stand there by now: O_NONBLOCK waits for no pipe's writer.
  rpc::Descriptor file(openat(folder, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file || fstat(file.get(), &stat) != 0) return FileError("open", name);
  if (absl::Status s = CheckIsFile(stat, name); !s.ok()) return s;
  return file;
}

absl::StatusOr<Entry> Root::Look(std::string_view name) const {
  struct stat stat;
  if (name.empty()) {
    if (fstat(folder_->get(), &stat) != 0) return FileError("look at", name);
    return EntryOf(stat);
  }
  absl::StatusOr<Place> place = Find(name, kRefuse);
  if (!place.ok()) return place.status();
  if (fstatat(place->folder.get(), place->leaf.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileError("look at", name);
  }
  Entry entry = EntryOf(stat);
  entry.set_name(std::string(name));
  return entry;
}

Entry EntryOf(const struct stat& stat) {
  Entry entry;
  entry.set_kind(KindOf(stat));
  entry.set_size(entry.kind() == FILE ? stat.st_size : 0);
  entry.set_mtime_ns(MtimeNs(stat));
  entry.set_mode(stat.st_mode & 0777);
  return entry;
}

int64_t MtimeNs(const struct stat& stat) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  constexpr int64_t kSecondsMax = INT64_MAX / kNsPerSecond - 1;  // the year 2262
  const int64_t seconds = std::clamp<int64_t>(stat.st_mtim.tv_sec, -kSecondsMax, kSecondsMax);
  return seconds * kNsPerSecond + stat.st_mtim.tv_nsec;
}

absl::Status CheckIsFile(const struct stat& stat, std::string_view name) {
  if (S_ISREG(stat.st_mode)) return absl::OkStatus();
  if (S_ISDIR(stat.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(Quoted(name), " is a folder, not a file"));
  }
  if (S_ISLNK(stat.st_mode)) return FileError(ELOOP, "open", name);
  return absl::FailedPreconditionError(
      absl::StrCat(Quoted(name), " is no regular file, but a device, a pipe or a socket"));
}

}  // namespace files
