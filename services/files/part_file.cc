#include "services/files/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/files/file_error.h"
#include "services/files/names.h"

namespace files {
namespace {

constexpr uint32_t kOwnerMode = 0600;
constexpr int kPartFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
constexpr int kReadFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
constexpr size_t kHashPieceSize = 1 << 20;
// Each time that a part is renamed between its opening and its locking; more is a mistake.
constexpr int kLockAttempts = 10;
constexpr int64_t kNsPerSecond = 1'000'000'000;

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

timespec TimeOf(int64_t ns) {
  const int64_t rest = ns % kNsPerSecond;
  if (rest >= 0) return {.tv_sec = ns / kNsPerSecond, .tv_nsec = rest};
  return {.tv_sec = ns / kNsPerSecond - 1, .tv_nsec = rest + kNsPerSecond};
}

}  // namespace

PartFile::PartFile(Place place, const Wanted& wanted)
    : place_(std::move(place)),
      wanted_(wanted),
      part_(PartName(place_.leaf, wanted.size, wanted.mtime_ns)) {}

absl::StatusOr<std::shared_ptr<PartFile>> PartFile::Open(Place place, const Wanted& wanted) {
  std::shared_ptr<PartFile> part(new PartFile(std::move(place), wanted));
  const absl::StatusOr<bool> in_place = part->UseFileInPlace();
  if (!in_place.ok()) return in_place.status();
  if (*in_place) return part;
  if (absl::Status s = part->OpenPart(); !s.ok()) return s;
  return part;
}

// Unless there is a part: that was begun because the file in place is not the one that is wanted.
absl::StatusOr<bool> PartFile::UseFileInPlace() {
  const int folder = place_.folder.get();
  struct stat stat;
  const bool begun = fstatat(folder, part_.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0;
  if (fstatat(folder, place_.leaf.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return FileError("look at", place_.name);
  }
  if (absl::Status s = CheckIsFile(stat, place_.name); !s.ok()) return s;
  const bool same =
      static_cast<uint64_t>(stat.st_size) == wanted_.size && MtimeNs(stat) == wanted_.mtime_ns;
  if (same && !begun && !wanted_.anew) {
    file_ = rpc::Descriptor(openat(folder, place_.leaf.c_str(), kReadFlags));
  }
  if (file_) {
    in_place_ = true;
    kept_ = wanted_.size;
    return true;
  }
  if (wanted_.overwrite) return false;
  return absl::AlreadyExistsError(absl::StrCat(Quoted(place_.name), " is there already"));
}

absl::Status PartFile::OpenPart() {
  for (int i = 0; i < kLockAttempts; ++i) {
    const absl::StatusOr<bool> locked = OpenLocked();
    if (!locked.ok()) return locked.status();
    if (*locked) return TakeWhatIsThere();
  }
  return absl::UnavailableError(
      absl::StrCat("other processes keep replacing the part of ", Quoted(place_.name)));
}

// False: it was renamed or removed between opening and locking, as it is when it gets whole.
absl::StatusOr<bool> PartFile::OpenLocked() {
  const int folder = place_.folder.get();
  const mode_t mode = (wanted_.mode & 0777) | kOwnerMode;
  rpc::Descriptor file(openat(folder, part_.c_str(), kPartFlags, mode));
  if (!file) return FileError("write", place_.name);
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FileError("lock", place_.name);
    return absl::UnavailableError(
        absl::StrCat(Quoted(place_.name), " is being written by another process"));
  }
  struct stat opened;
  struct stat there;
  if (fstat(file.get(), &opened) != 0) return FileError("look at", place_.name);
  if (absl::Status s = CheckIsFile(opened, place_.name); !s.ok()) return s;
  const bool gone = fstatat(folder, part_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0;
  if (gone || !IsSame(opened, there)) return false;
  if (opened.st_nlink != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("the part of ", Quoted(place_.name), " has ", opened.st_nlink,
                     " names, hard links, instead of 1: it is not written to"));
  }
  file_ = std::move(file);
  kept_ = opened.st_size;
  return true;
}

absl::Status PartFile::TakeWhatIsThere() {
  if (kept_ > wanted_.size || wanted_.anew) {
    if (ftruncate(file_.get(), 0) != 0) return FileError("write", place_.name);
    kept_ = 0;
  }
  return CheckRoom();
}

// So that a disk which is too small is told before everything else is sent.
absl::Status PartFile::CheckRoom() const {
  struct statvfs disk;
  if (fstatvfs(file_.get(), &disk) != 0 || disk.f_blocks == 0) return absl::OkStatus();
  const uint64_t room = uint64_t{disk.f_bavail} * disk.f_frsize;
  const uint64_t needed = wanted_.size - kept_;
  if (needed <= room) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("no room for ", Quoted(place_.name), ": ",
                                                   needed, " bytes are to come, the disk has ",
                                                   room, " left"));
}

PartFile::~PartFile() {
  std::lock_guard lock(mutex_);
  if (file_ && !in_place_ && kept_ == 0 && position_ == 0) Remove();
}

absl::Status PartFile::Check() const {
  if (taken_over_) {
    return absl::AbortedError(
        absl::StrCat("a newer attempt at ", Quoted(place_.name), " goes on with it"));
  }
  if (!file_) {
    return absl::FailedPreconditionError(absl::StrCat(Quoted(place_.name), " is over already"));
  }
  return absl::OkStatus();
}

absl::Status PartFile::HashKept() {
  std::lock_guard lock(mutex_);
  if (absl::Status s = Check(); !s.ok()) return s;
  piece_.resize(std::min<uint64_t>(kHashPieceSize, kept_ - position_));
  const ssize_t n = pread(file_.get(), piece_.data(), piece_.size(), position_);
  if (n < 0) return errno == EINTR ? absl::OkStatus() : FileError("read", place_.name);
  if (n == 0) {
    return absl::AbortedError(absl::StrCat(Quoted(place_.name), " has changed while it was read"));
  }
  md5_.Update(std::string_view(piece_).substr(0, n));
  position_ += n;
  if (position_ == kept_) std::string().swap(piece_);
  return absl::OkStatus();
}

absl::Status PartFile::Append(std::string_view piece) {
  std::lock_guard lock(mutex_);
  if (absl::Status s = Check(); !s.ok()) return s;
  if (piece.size() > wanted_.size - position_) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(place_.name), " was to have ",
                                                   wanted_.size, " bytes, and more have come"));
  }
  md5_.Update(piece);
  while (!piece.empty()) {
    const ssize_t n = pwrite(file_.get(), piece.data(), piece.size(), position_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return WriteFailed(errno);
    position_ += n;
    piece.remove_prefix(n);
  }
  return absl::OkStatus();
}

// A part on a full disk would keep it full.
absl::Status PartFile::WriteFailed(int error_number) {
  if (IsFull(error_number)) Remove();
  return FileError(error_number, "write", place_.name);
}

absl::Status PartFile::Finish(std::string_view md5) {
  std::lock_guard lock(mutex_);
  if (absl::Status s = Check(); !s.ok()) return s;
  if (position_ != wanted_.size) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(place_.name), " ended after ", position_,
                                                   " of ", wanted_.size, " bytes"));
  }
  if (absl::Status s = CheckDigest(md5); !s.ok()) return s;
  if (!in_place_) {
    if (absl::Status s = PutInPlace(); !s.ok()) return s;
  }
  file_ = rpc::Descriptor();
  return absl::OkStatus();
}

absl::Status PartFile::CheckDigest(std::string_view md5) {
  const std::string digest = md5_.Finish();
  if (digest == md5) return absl::OkStatus();
  if (!in_place_) Remove();
  return absl::DataLossError(absl::StrCat(Quoted(place_.name), " has the MD5 ", HexOf(digest),
                                          " here and ", HexOf(md5.substr(0, digest.size())),
                                          " there"));
}

absl::Status PartFile::PutInPlace() {
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, TimeOf(wanted_.mtime_ns)};
  if (futimens(file_.get(), times) != 0) return FileError("set the time of", place_.name);
  if (fsync(file_.get()) != 0) return WriteFailed(errno);
  if (absl::Status s = CheckPart(); !s.ok()) return s;
  if (absl::Status s = Rename(); !s.ok()) return s;
  if (fsync(place_.folder.get()) != 0 && errno != EINVAL) return FileError("write", place_.name);
  return absl::OkStatus();
}

// What gets the final name is what was written and hashed, whoever else may write to the folder.
absl::Status PartFile::CheckPart() const {
  struct stat written;
  struct stat there;
  if (fstat(file_.get(), &written) != 0) return FileError("look at", place_.name);
  const bool gone = fstatat(place_.folder.get(), part_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0;
  if (!gone && IsSame(written, there) && static_cast<uint64_t>(there.st_size) == wanted_.size) {
    return absl::OkStatus();
  }
  return absl::AbortedError(
      absl::StrCat("somebody else has changed the part of ", Quoted(place_.name)));
}

absl::Status PartFile::Rename() {
  const int folder = place_.folder.get();
  const char* const from = part_.c_str();
  const char* const to = place_.leaf.c_str();
  const unsigned flags = wanted_.overwrite ? 0 : RENAME_NOREPLACE;
  if (renameat2(folder, from, folder, to, flags) == 0) return absl::OkStatus();
  return FileError("rename the part to", place_.name);
}

void PartFile::TakeOver() {
  std::lock_guard lock(mutex_);
  taken_over_ = true;
  file_ = rpc::Descriptor();  // which gives up the lock
}

void PartFile::Discard() {
  std::lock_guard lock(mutex_);
  if (file_ && !in_place_) Remove();
}

void PartFile::Remove() {
  unlinkat(place_.folder.get(), part_.c_str(), 0);
  file_ = rpc::Descriptor();
}

}  // namespace files
