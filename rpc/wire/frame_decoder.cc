#include "rpc/wire/frame_decoder.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/wire/foreign.h"
#include "rpc/wire/header_codec.h"
#include "rpc/wire/json_header.h"
#include "rpc/wire/large_string.h"

namespace rpc::wire {
namespace {

uint32_t ReadBigEndian(std::string_view bytes) {
  auto at = [&](size_t i) { return uint32_t{static_cast<uint8_t>(bytes[i])}; };
  return at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
}

std::string_view View(const std::vector<char>& bytes) { return {bytes.data(), bytes.size()}; }

size_t ListsMemorySize(const Header& header) {
  return header.metadata.capacity() * sizeof(Metadatum) +
         header.details.capacity() * sizeof(Detail);
}

// What a frame of a batch may keep for the next one: room for an ordinary header.
constexpr size_t kMemoryKept = 8 << 10;

void ReleaseLargeMemory(Frame* frame) {
  if (frame->json_strings.capacity() + ListsMemorySize(frame->header) <= kMemoryKept) return;
  frame->header = Header();
  std::string().swap(frame->json_strings);  // assigning would keep its memory
}

}  // namespace

// A frame of which a part has arrived: length and header in `head`, the rest in `body`.
struct FrameDecoder::Partial {
  std::vector<char> head;
  std::vector<char> body;
  Frame frame;  // points into head and body
  bool header_read = false;
  bool header_given = false;  // as kHeader
};

FrameDecoder::FrameDecoder(DecodeBuffers* buffers, const DecoderLimits& limits)
    : buffers_(buffers), limits_(&limits) {}

FrameDecoder::~FrameDecoder() {
  if (buffers_->batch_owner_ != this) return;
  buffers_->ClearBatch();
  buffers_->input_ = {};
  buffers_->batch_owner_ = nullptr;
}

std::span<char> FrameDecoder::Space() {
  assert(buffers_->batch_owner_ == nullptr && "the last batch was not read to its end");
  return buffers_->space_;
}

void FrameDecoder::Commit(size_t size) {
  assert(buffers_->batch_owner_ == nullptr && "the last batch was not read to its end");
  assert(size <= buffers_->space_.size());
  buffers_->batch_owner_ = this;
  buffers_->input_ = {buffers_->space_.data(), size};
}

FrameDecoder::Event FrameDecoder::Next(const Frame** frame, const Parts* parts) {
  DecodeBuffers& b = *buffers_;
  if (b.batch_owner_ == this) {
    if (b.batch_next_ == b.batch_.size() && !b.input_.empty()) FillBatch(parts);
    if (b.batch_next_ < b.batch_.size()) {
      const Entry& entry = b.batch_[b.batch_next_++];
      *frame = entry.frame;
      return entry.event;
    }
    b.ClearBatch();
    b.batch_owner_ = nullptr;
  }
  return fault_ == WireFault::kNone ? kNeedMore : kError;
}

void FrameDecoder::Drop() {
  assert(partial_ != nullptr && partial_->header_given);
  drop_size_ = partial_->frame.header.size - partial_->body.size();
  buffers_->partials_.push_back(std::move(partial_));  // its header is in the batch
}

absl::Status FrameDecoder::CheckEnd() const {
  if (fault_ != WireFault::kNone) return error_;
  if (drop_size_ > 0) {
    return absl::DataLossError(
        absl::StrCat("the input ended ", drop_size_, " bytes before the end of a dropped body"));
  }
  if (partial_ == nullptr) return absl::OkStatus();
  if (partial_->header_read) {
    return absl::DataLossError(absl::StrCat("the input ended inside a frame, after ",
                                            partial_->body.size(), " of ",
                                            partial_->frame.header.size, " body bytes"));
  }
  return absl::DataLossError(absl::StrCat("the input ended inside a frame header, after ",
                                          partial_->head.size(), " bytes"));
}

size_t FrameDecoder::memory_size() const {
  if (partial_ == nullptr) return 0;
  const Frame& frame = partial_->frame;
  return sizeof(Partial) + partial_->head.capacity() + partial_->body.capacity() +
         frame.json_strings.capacity() + ListsMemorySize(frame.header);
}

void FrameDecoder::FillBatch(const Parts* parts) {
  DecodeBuffers& b = *buffers_;
  if (!b.batch_.empty()) b.ClearBatch();
  while (fault_ == WireFault::kNone && b.batch_.size() < DecodeBuffers::kBatchFramesMax) {
    const Entry entry = Take();
    if (entry.frame == nullptr) break;
    b.batch_.push_back(entry);
  }
  if (fault_ != WireFault::kNone) b.input_ = {};
  b.CheckBodies(parts);
}

FrameDecoder::Entry FrameDecoder::Take() {
  std::string_view& input = buffers_->input_;
  if (drop_size_ > 0) {
    const size_t size = std::min<uint64_t>(drop_size_, input.size());
    input.remove_prefix(size);
    drop_size_ -= size;
  }
  if (partial_ != nullptr) return TakeFromPartial();
  if (input.empty()) return {kNeedMore};
  if (!CheckLength(input)) return {kError};
  const Entry entry = TakeFromInput();
  if (entry.event != kNeedMore) return entry;
  partial_ = std::make_unique<Partial>();
  return TakeFromPartial();
}

// The frame that the input begins with, if all of it is there; else the input stays as it is.
FrameDecoder::Entry FrameDecoder::TakeFromInput() {
  std::string_view input = buffers_->input_;
  if (input.size() < kLengthBytes) return {kNeedMore};
  const size_t header_size = ReadBigEndian(input);
  input.remove_prefix(kLengthBytes);
  if (input.size() < header_size) return {kNeedMore};
  Frame* frame = &buffers_->frames_[buffers_->batch_.size()];
  if (!ReadRecord(input.substr(0, header_size), frame)) return {kError};
  input.remove_prefix(header_size);
  if (!frame->dropped) {
    const uint64_t body_size = frame->header.size;
    if (input.size() < body_size) return {kNeedMore};
    frame->body = input.substr(0, body_size);
    input.remove_prefix(body_size);
  }
  SkipDroppedBody(*frame);
  buffers_->input_ = input;
  return {kFrame, frame};
}

FrameDecoder::Entry FrameDecoder::TakeFromPartial() {
  Partial& partial = *partial_;
  Frame* frame = &partial.frame;
  if (!partial.header_read && !ReadPartialHeader()) return {kNeedMore};
  const bool whole = frame->dropped || MoveInput(frame->header.size, &partial.body);
  if (!whole) {
    if (std::exchange(partial.header_given, true)) return {kNeedMore};
    return {kHeader, frame};
  }
  frame->body = View(partial.body);
  SkipDroppedBody(*frame);
  buffers_->partials_.push_back(std::move(partial_));
  return {kFrame, frame};
}

// False as long as the header is not whole, and when it is wrong.
bool FrameDecoder::ReadPartialHeader() {
  Partial& partial = *partial_;
  if (!MoveInput(kLengthBytes, &partial.head)) return false;
  if (!CheckLength(View(partial.head))) return false;
  const size_t header_size = ReadBigEndian(View(partial.head));
  if (!MoveInput(kLengthBytes + header_size, &partial.head)) return false;
  partial.header_read =
      ReadRecord(View(partial.head).substr(kLengthBytes, header_size), &partial.frame);
  return partial.header_read;
}

// Looks at as much of the length as is there, so that what is no frame is known by its first byte.
bool FrameDecoder::CheckLength(std::string_view start) {
  if (!first_record_seen_ && start[0] != 0) {
    return Fail(WireFault::kNotAFrame, absl::InvalidArgumentError(DescribeForeign(start)));
  }
  if (start.size() < kLengthBytes) return true;
  const uint32_t size = ReadBigEndian(start);
  if (size >= 1 && size <= limits_->header_size_max) return true;
  return Fail(WireFault::kHeaderSize, absl::InvalidArgumentError(absl::StrCat(
                                          "header length is ", size, ", but must be from 1 to ",
                                          limits_->header_size_max)));
}

bool FrameDecoder::ReadRecord(std::string_view record, Frame* frame) {
  first_record_seen_ = true;
  const bool json = record[0] == kJsonFirstByte;
  record_form_ = json ? Form::kJson : Form::kBinary;
  absl::Status status = json ? DecodeJsonHeader(record, &frame->json_strings, &frame->header)
                             : DecodeHeader(record, &frame->header);
  if (!status.ok()) return Fail(WireFault::kHeaderRecord, std::move(status));
  frame->header.form = record_form_;
  frame->body = {};
  frame->dropped = frame->header.size > limits_->body_size_max;
  frame->check = frame->dropped ? BodyCheck::kUnread : BodyCheck::kGood;
  return CheckNumbers(frame->header);
}

bool FrameDecoder::CheckNumbers(const Header& header) {
  const uint64_t bits = header.call | header.credit | header.timeout_us;
  if (bits <= kNumberMax && header.size <= limits_->drain_size_max) return true;
  const std::pair<const char*, uint64_t> numbers[] = {{"call", header.call},
                                                      {"size", header.size},
                                                      {"credit", header.credit},
                                                      {"timeout_us", header.timeout_us}};
  for (const auto& [name, value] : numbers) {
    if (value <= kNumberMax) continue;
    return Fail(WireFault::kNumber,
                absl::InvalidArgumentError(absl::StrCat("header field ", name, " is ", value,
                                                        ", but must be at most ", kNumberMax)));
  }
  if (header.size <= limits_->drain_size_max) return true;
  return Fail(WireFault::kBodySize, absl::ResourceExhaustedError(absl::StrCat(
                                        "body of ", header.size, " bytes, but at most ",
                                        limits_->drain_size_max, " are read")));
}

void FrameDecoder::SkipDroppedBody(const Frame& frame) {
  if (frame.dropped) drop_size_ = frame.header.size;
}

// Moves input to the end of *to until that has `size_wanted` bytes; false while it has not.
bool FrameDecoder::MoveInput(size_t size_wanted, std::vector<char>* to) {
  std::string_view& input = buffers_->input_;
  if (to->size() >= size_wanted) return true;
  const size_t size = std::min(size_wanted - to->size(), input.size());
  const size_t size_after = to->size() + size;
  if (size_after > to->capacity()) {
    to->reserve(std::min(size_wanted, std::max(size_after, 2 * to->capacity())));
    if (to->capacity() >= kLargeStringMin) NoteLarge();
  }
  to->insert(to->end(), input.begin(), input.begin() + size);
  input.remove_prefix(size);
  return size_after == size_wanted;
}

bool FrameDecoder::Fail(WireFault fault, absl::Status error) {
  fault_ = fault;
  error_ = std::move(error);
  return false;
}

DecodeBuffers::DecodeBuffers(size_t space_size)
    : space_memory_(new char[space_size]), frames_(kBatchFramesMax) {
  assert(space_size > 0);
  space_ = {space_memory_.get(), space_size};
}

DecodeBuffers::~DecodeBuffers() = default;

void DecodeBuffers::ClearBatch() {
  // One more than the batch has: a header may have been read whose body was not there.
  const size_t used = std::min(batch_.size() + 1, kBatchFramesMax);
  for (size_t i = 0; i < used; ++i) ReleaseLargeMemory(&frames_[i]);
  batch_.clear();
  batch_next_ = 0;
  partials_.clear();
}

// Whether the frame at this place of the batch carries a part of a larger message.
bool DecodeBuffers::IsPart(size_t place, const FrameDecoder::Parts& parts) const {
  const Header& header = batch_[place].frame->header;
  const bool opens = header.kind == Kind::kCall;
  if (!opens && header.kind != Kind::kMessage && header.kind != Kind::kEnd) return false;
  if (opens || header.Has(kFlagMore)) return header.Has(kFlagMore);
  while (place-- > 0) {
    const auto& [event, frame] = batch_[place];
    const Header& before = frame->header;
    if (event == FrameDecoder::kFrame && before.call == header.call && !before.Has(kFlagBare)) {
      return before.Has(kFlagMore);
    }
  }
  return parts.IsOpen(header.call);
}

void DecodeBuffers::CheckBodies(const FrameDecoder::Parts* parts) {
  hashed_.clear();
  md5_jobs_.clear();
  md5_digests_.resize(batch_.size());
  for (size_t i = 0; i < batch_.size(); ++i) {
    const auto& [event, frame] = batch_[i];
    if (event != FrameDecoder::kFrame || frame->body.empty()) continue;
    const std::string_view md5 = frame->header.md5;
    if (md5.size() != kMd5Bytes) {
      frame->check = md5.empty() ? BodyCheck::kAbsent : BodyCheck::kBad;
      continue;
    }
    if (parts != nullptr && frame->body.size() >= FrameDecoder::Parts::kSizeMin &&
        IsPart(i, *parts)) {
      frame->check = BodyCheck::kLater;
      continue;
    }
    uint8_t* digest = md5_digests_[hashed_.size()].data();
    md5_jobs_.push_back({frame->body.data(), frame->body.size(), digest});
    hashed_.push_back(frame);
  }
  Md5Batch(md5_jobs_);
  for (size_t i = 0; i < hashed_.size(); ++i) {
    const char* md5 = hashed_[i]->header.md5.data();
    const bool good = std::memcmp(md5_digests_[i].data(), md5, kMd5Bytes) == 0;
    hashed_[i]->check = good ? BodyCheck::kGood : BodyCheck::kBad;
  }
}

}  // namespace rpc::wire
