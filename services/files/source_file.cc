#include "services/files/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "services/files/file_error.h"
#include "services/files/names.h"
#include "services/files/root.h"

namespace files {

absl::StatusOr<SourceFile> SourceFile::Open(rpc::Descriptor file, std::string_view name) {
  struct stat stat;
  if (fstat(file.get(), &stat) != 0) return FileError("look at", name);
  if (absl::Status s = CheckIsFile(stat, name); !s.ok()) return s;
  posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return SourceFile(std::move(file), name, EntryOf(stat));
}

absl::Status SourceFile::Changed() const {
  return absl::AbortedError(absl::StrCat(Quoted(name_), " has changed while it was read"));
}

absl::Status SourceFile::Read(uint64_t end, std::string* piece) {
  piece->resize(std::min<uint64_t>(kPieceSize, std::min(end, size()) - position_));
  size_t have = 0;
  while (have < piece->size()) {
    const ssize_t n =
        pread(file_.get(), piece->data() + have, piece->size() - have, position_ + have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("read", name_);
    if (n == 0) return Changed();
    have += n;
  }
  md5_.Update(*piece);
  position_ += piece->size();
  return absl::OkStatus();
}

absl::StatusOr<std::string> SourceFile::Finish() {
  struct stat stat;
  if (fstat(file_.get(), &stat) != 0) return FileError("look at", name_);
  const bool same = EntryOf(stat).size() == size() && MtimeNs(stat) == entry_.mtime_ns();
  if (!same) return Changed();
  return md5_.Finish();
}

}  // namespace files
