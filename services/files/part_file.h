// A file that is being received. It has a name of its own, in the folder where it is going, and
// gets its final one when size and MD5 are right: nobody sees half a file.
//
//     absl::StatusOr<std::shared_ptr<PartFile>> part = PartFile::Open(std::move(place), wanted);
//     while ((*part)->position() < (*part)->kept()) (*part)->HashKept();   // of an attempt before
//     (*part)->Append(piece);
//     absl::Status finished = (*part)->Finish(md5);
//
// What an attempt that broke has left is found by the next one for the same name, size and time of
// last change. It goes on from there, as it does from all of the file when that is in place
// already: the MD5 tells whether it is the same.
//
// When Finish is OK the file survives the loss of power: its bytes are on the disk before it gets
// its name, and its name before Finish returns. The disk full, or the wrong MD5: the part is
// removed.
//
// One at a time writes a part: a lock keeps other processes out, and TakeOver an older attempt
// within this one.
//
// Everything here may block. Threads: one uses it; any other may call TakeOver.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/files/md5.h"
#include "services/files/root.h"

namespace files {

// What a file is to become.
struct Wanted {
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  uint32_t mode = 0666;  // less the umask; the owner may always read and write it
  bool overwrite = true;
  bool anew = false;  // from byte 0, whatever is there
};

class PartFile {
 public:
  // FAILED_PRECONDITION: the part has a second name (a hard link), and whoever gave it that would
  // have another file written. ALREADY_EXISTS: another file is in place and is not to be
  // overwritten. UNAVAILABLE: another process writes it. RESOURCE_EXHAUSTED: the disk has no room
  // for the rest.
  static absl::StatusOr<std::shared_ptr<PartFile>> Open(Place place, const Wanted& wanted);
  // What there is stays for the next attempt, if there is anything.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // What an attempt before has left: so many bytes.
  uint64_t kept() const { return kept_; }
  // Bytes that are there and hashed.
  uint64_t position() const { return position_; }

  // Hashes the next piece of what was kept. REQUIRES: position() < kept().
  absl::Status HashKept();

  // INVALID_ARGUMENT when that is more than was announced. REQUIRES: all that was kept is hashed.
  absl::Status Append(std::string_view piece);

  // INVALID_ARGUMENT when it is less; DATA_LOSS when the MD5 is another: then what there was is
  // removed, unless it was in place before. ABORTED: somebody else has replaced or cut the part.
  absl::Status Finish(std::string_view md5);

  // Nothing is written by this one from now on, and what it is asked after that is ABORTED.
  void TakeOver();

  // Nothing is kept.
  void Discard();

 private:
  PartFile(Place place, const Wanted& wanted);

  absl::StatusOr<bool> UseFileInPlace();
  absl::Status OpenPart();
  absl::StatusOr<bool> OpenLocked();
  absl::Status TakeWhatIsThere();
  absl::Status CheckRoom() const;
  absl::Status Check() const;
  absl::Status WriteFailed(int error_number);
  absl::Status CheckDigest(std::string_view md5);
  absl::Status PutInPlace();
  absl::Status CheckPart() const;
  absl::Status Rename();
  void Remove();

  const Place place_;
  const Wanted wanted_;
  const std::string part_;  // its name in the folder

  std::mutex mutex_;  // guards what follows
  rpc::Descriptor file_;
  Md5 md5_;
  std::string piece_;  // what HashKept reads
  uint64_t kept_ = 0;
  uint64_t position_ = 0;
  bool in_place_ = false;  // the file itself, which is only compared
  bool taken_over_ = false;
};

}  // namespace files
