// A file that is being sent: read from its beginning to its end, once, and hashed on the way.
//
//     absl::StatusOr<SourceFile> source = SourceFile::Open(std::move(descriptor), name);
//     while (source->position() < source->size()) {
//       absl::Status read = source->Read(source->size(), &piece);    // the next piece
//     }
//     absl::StatusOr<std::string> md5 = source->Finish();
//
// It is the file that it was when it was opened, or an error: one that changes meanwhile is
// ABORTED. One that is deleted, or replaced, is read to its end.
//
// Everything here may block. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/files/files.pb.h"
#include "services/files/md5.h"

namespace files {

// Of one message, and of what is read at once. Little is lost when a connection is cut within one.
inline constexpr size_t kPieceSize = 256 << 10;

class SourceFile {
 public:
  // A regular file that is open for reading. The name is for sentences.
  static absl::StatusOr<SourceFile> Open(rpc::Descriptor file, std::string_view name);

  // As it was when it was opened; without a name.
  const Entry& entry() const { return entry_; }
  uint64_t size() const { return entry_.size(); }
  uint64_t position() const { return position_; }

  // The next piece, of at most kPieceSize bytes and up to the byte `end` of the file.
  absl::Status Read(uint64_t end, std::string* piece);

  // The MD5 of the file. REQUIRES: all of it was read.
  absl::StatusOr<std::string> Finish();

 private:
  SourceFile(rpc::Descriptor file, std::string_view name, Entry entry)
      : file_(std::move(file)), name_(name), entry_(std::move(entry)) {}

  absl::Status Changed() const;

  rpc::Descriptor file_;
  std::string name_;
  Entry entry_;
  uint64_t position_ = 0;
  Md5 md5_;
};

}  // namespace files
