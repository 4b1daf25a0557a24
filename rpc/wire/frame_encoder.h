// Turns frames into the bytes of one connection, as pieces for a gathered write. It does no IO.
//
//     EncodeBuffers buffers;                      // one for all connections of a loop
//     FrameEncoder encoder(&buffers);             // one for each connection
//
//     message.SerializeWithCachedSizesToArray(encoder.AppendInPlace(header, size));
//     encoder.Append(header, "a small body");     // copied
//     encoder.AppendShared(header, body, owner);  // not copied: the owner is held until it is sent
//
//     std::span<const Piece> pieces = encoder.Pieces();
//     encoder.Consume(writev(fd, pieces...));
//
// The bodies of all frames that were appended since the last Pieces(), of all encoders of the same
// buffers, are hashed side by side, and their md5 put into the headers that stand there already.
//
// Threads: an EncodeBuffers and all its encoders belong to one thread.
// Lifetime: the buffers outlive their encoders.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/wire/header.h"
#include "rpc/wire/limits.h"
#include "rpc/wire/md5.h"

namespace rpc::wire {

// A run of bytes to be written, and what keeps it in memory.
struct Piece {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

inline size_t SizeOf(std::span<const Piece> pieces) {
  size_t size = 0;
  for (const Piece& piece : pieces) size += piece.bytes.size();
  return size;
}

class EncodeBuffers;

class FrameEncoder {
 public:
  explicit FrameEncoder(EncodeBuffers* buffers) : buffers_(buffers) {}
  ~FrameEncoder();
  FrameEncoder(const FrameEncoder&) = delete;
  FrameEncoder& operator=(const FrameEncoder&) = delete;

  // Whether bodies get an md5: false where the peer waived it.
  void set_md5(bool md5) { md5_ = md5; }
  bool md5() const { return md5_; }

  // Each of these appends one frame in header.form and sets header.size and header.md5 itself (a
  // view that is gone by the next call). The record must not be larger than the peer takes: see
  // EncodedRecordSize.

  // Returns room for body_size bytes, to be filled before any method of any encoder of these
  // buffers is called. REQUIRES: binary form.
  char* AppendInPlace(Header& header, size_t body_size);
  void Append(Header& header, std::string_view body);
  void AppendShared(Header& header, std::string_view body, std::shared_ptr<const void> owner);

  // Everything that is to be written, in order; valid until the next call of a method. The bytes
  // themselves stay where they are until they are consumed or the encoder is gone.
  std::span<const Piece> Pieces();

  // The first `size` bytes of Pieces() have been written.
  void Consume(size_t size);

  // Bytes in Pieces().
  size_t size() const { return size_; }

 private:
  // Appends length and header for `body`, and `room` bytes behind them, which it returns. A body
  // without an address is the one that will stand in that room.
  char* AppendHeader(Header& header, std::string_view body, size_t room);
  char* AppendBinaryHeader(const Header& header, std::string_view body, size_t room);
  char* AppendJsonHeader(const Header& header, size_t room);
  char* NewBytes(size_t size);
  void AddPiece(Piece piece);

  // What is to be written. It goes back to the buffers when all of it has been.
  struct Output {
    std::vector<Piece> pieces;
    size_t first = 0;  // pieces before it have been written
  };

  friend class EncodeBuffers;

  EncodeBuffers* buffers_;
  std::unique_ptr<Output> output_;  // null while there is nothing to be written
  size_t size_ = 0;
  bool md5_ = true;
};

static_assert(sizeof(FrameEncoder) <= 32, "an idle connection is to cost little memory");

// What the encoders of one loop share: memory for small frames, and the bodies still to be hashed.
class EncodeBuffers {
 public:
  EncodeBuffers() = default;
  EncodeBuffers(const EncodeBuffers&) = delete;
  EncodeBuffers& operator=(const EncodeBuffers&) = delete;

  // A body of at least this size is sent from where it is: copying less costs no more than
  // another piece of a gathered write.
  static constexpr size_t kSharedBodySizeMin = 4096;

 private:
  friend class FrameEncoder;
  struct Chunk {
    std::unique_ptr<char[]> memory;
    size_t used = 0;
  };

  // Room for a body of the usual largest size with its header. A few bytes that a slow peer does
  // not take hold a whole chunk.
  static constexpr size_t kChunkSize = kFrameBodySizeMaxDefault + (8 << 10);
  static constexpr size_t kChunksMax = 16;

  // Encoders that have something to be written at the same time, and more is not kept for.
  static constexpr size_t kSpareOutputsMax = 64;

  // A chunk with `size` free bytes, at most kChunkSize.
  const std::shared_ptr<Chunk>& ChunkFor(size_t size);
  void HashBodies();

  // A ring. A chunk that nobody else holds is free; one that is wanted for too long leaves the ring
  // and is freed by its last piece.
  std::vector<std::shared_ptr<Chunk>> chunks_;
  size_t current_ = 0;
  std::vector<std::unique_ptr<FrameEncoder::Output>> spare_outputs_;
  std::vector<Md5Job> md5_jobs_;
  std::string json_;
};

// Bytes of the record that an encoder with md5 writes for a body of `body_size` bytes. Sets
// header.size and header.md5 as Append does.
size_t EncodedRecordSize(Header& header, size_t body_size);

}  // namespace rpc::wire
