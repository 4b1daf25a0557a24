// Takes bytes in, however they were cut on the way, and gives whole frames out. It does no IO.
//
//     DecodeBuffers buffers;                      // one for all connections of a loop
//     FrameDecoder decoder(&buffers);             // one for each connection
//
//     std::span<char> space = decoder.Space();
//     decoder.Commit(read(fd, space.data(), space.size()));
//     const Frame* frame;
//     while ((event = decoder.Next(&frame)) != FrameDecoder::kNeedMore) {
//       // kFrame: a whole frame, its body already compared with its md5 (but see Parts).
//       // kHeader: so far only its header; Drop() refuses the body.
//       // kError: decoder.fault() and decoder.error() say why; nothing can be read any more.
//     }
//
// The bytes of one read are handled as a batch: a frame that lies whole in them is a view of them,
// and the bodies of the batch are hashed side by side. Only a frame that a read cut in two is
// copied, into memory that doubles as bytes arrive and never grows because of what a length
// announces.
//
// Threads: a DecodeBuffers and all its decoders belong to one thread.
// Lifetime: the buffers outlive their decoders. A batch is finished (Next returned kNeedMore or
// kError, or its decoder is gone, which it may be at any time) before another decoder of the same
// buffers takes bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "rpc/wire/header.h"
#include "rpc/wire/limits.h"
#include "rpc/wire/md5.h"

namespace rpc::wire {

// What comparing a body with its header's md5 gave. An empty body needs no md5: kGood. kUnread: the
// body is not here. kLater: it is a part of a message whose parts are compared together (see
// FrameDecoder::Parts).
enum class BodyCheck : uint8_t { kGood, kBad, kAbsent, kUnread, kLater };

// Not to be copied: the header of one that came as JSON points into json_strings.
struct Frame {
  Frame() = default;
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  Header header;
  std::string_view body;
  BodyCheck check = BodyCheck::kGood;
  // The body was above the decoder's limit: it is not here, and its bytes are read and dropped.
  bool dropped = false;
  // Holds the strings of a header that came as JSON.
  std::string json_strings;
};

// Why the bytes of a peer are no frames. All of them are for good: nothing after them can be read.
enum class WireFault : uint8_t {
  kNone,
  kNotAFrame,     // the connection speaks something else: TLS, HTTP, text
  kHeaderSize,    // a header length of 0, or above the limit
  kHeaderRecord,  // not protobuf, not JSON
  kNumber,        // call, size, credit or timeout_us above kNumberMax
  kBodySize,      // a body that is not worth reading to its end
};

struct DecoderLimits {
  uint32_t header_size_max = kHeaderSizeMaxDefault;
  uint64_t body_size_max = kMessageSizeMaxDefault;  // above: the frame comes without its body
  uint64_t drain_size_max = kDrainSizeMax;          // above: WireFault::kBodySize
};

inline constexpr DecoderLimits kDecoderLimitsDefault = {};

class DecodeBuffers;

class FrameDecoder {
 public:
  enum Event { kFrame, kHeader, kNeedMore, kError };

  // The limits, which many decoders may share, outlive it.
  explicit FrameDecoder(DecodeBuffers* buffers,
                        const DecoderLimits& limits = kDecoderLimitsDefault);
  FrameDecoder(DecodeBuffers* buffers, const DecoderLimits&& limits) = delete;
  ~FrameDecoder();
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  // Where to read into; lent until Commit. Never empty. Ends the views of the last batch.
  std::span<char> Space();

  // The first `size` bytes of Space() have been filled.
  void Commit(size_t size);

  // Who puts the parts of messages together. A part of at least this size is left to it to compare
  // with its md5 (BodyCheck::kLater): reads come as they come, but the parts of one message are at
  // hand together in the end, and hashed side by side.
  class Parts {
   public:
    static constexpr size_t kSizeMin = 16 << 10;
    // Whether the next message-carrying frame of the call continues a message, as far as the
    // frames tell that Next has given.
    virtual bool IsOpen(uint64_t call) const = 0;

   protected:
    ~Parts() = default;
  };

  // The next event. *frame is set for kFrame and kHeader, and valid until the next call of a
  // method. kHeader comes at most once for a frame, when its header is whole and its body is not;
  // unless it is dropped, the frame follows as kFrame. After kError every call returns kError.
  // Without `parts` every body is compared here.
  Event Next(const Frame** frame, const Parts* parts = nullptr);

  // After kHeader: the body will be read and dropped, and the frame is not heard of again.
  void Drop();

  // After kError: what was wrong, and the sentence that tells the peer.
  WireFault fault() const { return fault_; }
  const absl::Status& error() const { return error_; }

  // The form of the last header record, also of one that could not be read.
  Form record_form() const { return record_form_; }

  // When the input has ended: OK between two frames, DATA_LOSS with a sentence inside of one, and
  // the error after kError.
  absl::Status CheckEnd() const;

  // Whether the input so far ends within a frame.
  bool in_frame() const { return partial_ != nullptr || drop_size_ > 0; }

  // Bytes held for a frame that is not whole yet.
  size_t memory_size() const;

 private:
  friend class DecodeBuffers;
  struct Partial;
  struct Entry {
    Event event;
    Frame* frame = nullptr;
  };

  void FillBatch(const Parts* parts);
  Entry Take();
  Entry TakeFromInput();
  Entry TakeFromPartial();
  bool ReadPartialHeader();
  bool CheckLength(std::string_view start);
  bool ReadRecord(std::string_view record, Frame* frame);
  bool CheckNumbers(const Header& header);
  void SkipDroppedBody(const Frame& frame);
  bool MoveInput(size_t size_wanted, std::vector<char>* to);
  bool Fail(WireFault fault, absl::Status error);

  DecodeBuffers* buffers_;
  const DecoderLimits* limits_;
  std::unique_ptr<Partial> partial_;  // the frame that the last read cut in two
  uint64_t drop_size_ = 0;            // bytes still to be read and dropped
  WireFault fault_ = WireFault::kNone;
  bool first_record_seen_ = false;
  Form record_form_ = Form::kBinary;
  absl::Status error_;
};

static_assert(sizeof(FrameDecoder) <= 48, "an idle connection is to cost little memory");

// What the decoders of one loop share: the space that a read fills, and the batch decoded from it.
class DecodeBuffers {
 public:
  explicit DecodeBuffers(size_t space_size = kSpaceSizeDefault);
  ~DecodeBuffers();
  DecodeBuffers(const DecodeBuffers&) = delete;
  DecodeBuffers& operator=(const DecodeBuffers&) = delete;

  // Four bodies of the usual largest size, or some thousand small calls, in one read.
  static constexpr size_t kSpaceSizeDefault = 256 << 10;

 private:
  friend class FrameDecoder;

  // Bounds the memory of a batch; more than enough to keep every SIMD lane busy.
  static constexpr size_t kBatchFramesMax = 256;

  void ClearBatch();
  void CheckBodies(const FrameDecoder::Parts* parts);
  bool IsPart(size_t place, const FrameDecoder::Parts& parts) const;

  std::unique_ptr<char[]> space_memory_;
  std::span<char> space_;
  std::string_view input_;               // committed, and not yet taken
  FrameDecoder* batch_owner_ = nullptr;  // whose batch this is
  std::vector<FrameDecoder::Entry> batch_;
  size_t batch_next_ = 0;
  std::vector<Frame> frames_;                                     // kBatchFramesMax, reused
  std::vector<std::unique_ptr<FrameDecoder::Partial>> partials_;  // the batch has views of them
  std::vector<Frame*> hashed_;
  std::vector<Md5Job> md5_jobs_;
  std::vector<Md5Digest> md5_digests_;
};

}  // namespace rpc::wire
