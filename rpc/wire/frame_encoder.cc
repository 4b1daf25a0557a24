#include "rpc/wire/frame_encoder.h"

#include <cassert>
#include <cstring>
#include <utility>

#include "rpc/wire/header_codec.h"
#include "rpc/wire/json_header.h"

namespace rpc::wire {
namespace {

// Stands in a record until the body is hashed.
constexpr char kNoDigest[kMd5Bytes] = {};

void WriteBigEndian(size_t value, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}

}  // namespace

FrameEncoder::~FrameEncoder() {
  if (size_ > 0) buffers_->HashBodies();  // while the bytes are still there
}

char* FrameEncoder::AppendInPlace(Header& header, size_t body_size) {
  assert(header.form == Form::kBinary);
  return AppendHeader(header, {static_cast<const char*>(nullptr), body_size}, body_size);
}

void FrameEncoder::Append(Header& header, std::string_view body) {
  // What is hashed later must be the copy: the caller's bytes may be gone by then.
  const char* now = header.form == Form::kJson ? body.data() : nullptr;
  char* room = AppendHeader(header, {now, body.size()}, body.size());
  if (!body.empty()) std::memcpy(room, body.data(), body.size());
}

void FrameEncoder::AppendShared(Header& header, std::string_view body,
                                std::shared_ptr<const void> owner) {
  if (body.size() < EncodeBuffers::kSharedBodySizeMin) return Append(header, body);
  AppendHeader(header, body, 0);
  AddPiece({body, std::move(owner)});
  size_ += body.size();
}

void FrameEncoder::AddPiece(Piece piece) {
  if (output_ == nullptr) {
    std::vector<std::unique_ptr<Output>>& spare = buffers_->spare_outputs_;
    if (spare.empty()) {
      output_ = std::make_unique<Output>();
    } else {
      output_ = std::move(spare.back());
      spare.pop_back();
    }
  }
  output_->pieces.push_back(std::move(piece));
}

std::span<const Piece> FrameEncoder::Pieces() {
  buffers_->HashBodies();
  if (output_ == nullptr) return {};
  return std::span<const Piece>(output_->pieces).subspan(output_->first);
}

void FrameEncoder::Consume(size_t size) {
  assert(size <= size_);
  if (output_ == nullptr) return;
  size_ -= size;
  auto& [pieces, first] = *output_;
  while (size > 0) {
    Piece& piece = pieces[first];
    if (size < piece.bytes.size()) {
      piece.bytes.remove_prefix(size);
      break;
    }
    size -= piece.bytes.size();
    piece.owner.reset();
    ++first;
  }
  if (2 * first < pieces.size()) return;
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<ptrdiff_t>(first));
  first = 0;
  if (size_ > 0) return;
  std::vector<std::unique_ptr<Output>>& spare = buffers_->spare_outputs_;
  if (spare.size() < EncodeBuffers::kSpareOutputsMax) spare.push_back(std::move(output_));
  output_ = nullptr;
}

char* FrameEncoder::AppendHeader(Header& header, std::string_view body, size_t room) {
  const bool hashed = md5_ && !body.empty();
  header.size = body.size();
  if (header.form == Form::kJson) {
    const Md5Digest digest = hashed ? Md5(body) : Md5Digest{};
    const char* bytes = reinterpret_cast<const char*>(digest.data());
    header.md5 = hashed ? std::string_view(bytes, kMd5Bytes) : std::string_view();
    char* end = AppendJsonHeader(header, room);
    header.md5 = {};
    return end;
  }
  header.md5 = hashed ? std::string_view(kNoDigest, kMd5Bytes) : std::string_view();
  return AppendBinaryHeader(header, body, room);
}

char* FrameEncoder::AppendBinaryHeader(const Header& header, std::string_view body, size_t room) {
  const size_t record_size = EncodedHeaderSize(header);
  assert(record_size > 0 && "a CALL has a name or an id");
  char* record = NewBytes(kLengthBytes + record_size + room) + kLengthBytes;
  WriteBigEndian(record_size, record - kLengthBytes);
  char* end = EncodeHeader(header, record);
  if (!header.md5.empty()) {  // to be written when all bodies are hashed
    const char* data = body.data() == nullptr ? end : body.data();
    uint8_t* digest = reinterpret_cast<uint8_t*>(record + kBinaryMd5Offset);
    buffers_->md5_jobs_.push_back({data, body.size(), digest});
  }
  return end;
}

char* FrameEncoder::AppendJsonHeader(const Header& header, size_t room) {
  std::string& json = buffers_->json_;
  json.clear();
  wire::AppendJsonHeader(header, &json);
  char* frame = NewBytes(kLengthBytes + json.size() + room);
  WriteBigEndian(json.size(), frame);
  std::memcpy(frame + kLengthBytes, json.data(), json.size());
  return frame + kLengthBytes + json.size();
}

// Appends `size` bytes that lie together, and returns where.
char* FrameEncoder::NewBytes(size_t size) {
  size_ += size;
  if (size > EncodeBuffers::kChunkSize) {
    std::shared_ptr<char[]> memory(new char[size]);
    char* bytes = memory.get();
    AddPiece({{bytes, size}, std::move(memory)});
    return bytes;
  }
  const std::shared_ptr<EncodeBuffers::Chunk>& chunk = buffers_->ChunkFor(size);
  char* bytes = chunk->memory.get() + chunk->used;
  chunk->used += size;
  if (output_ != nullptr) {
    Piece& last = output_->pieces.back();
    if (last.owner.get() == chunk.get() && last.bytes.data() + last.bytes.size() == bytes) {
      last.bytes = {last.bytes.data(), last.bytes.size() + size};
      return bytes;
    }
  }
  AddPiece({{bytes, size}, chunk});
  return bytes;
}

const std::shared_ptr<EncodeBuffers::Chunk>& EncodeBuffers::ChunkFor(size_t size) {
  assert(size <= kChunkSize);
  for (size_t i = 0; i < chunks_.size(); ++i) {
    std::shared_ptr<Chunk>& chunk = chunks_[(current_ + i) % chunks_.size()];
    if (chunk.use_count() == 1) chunk->used = 0;
    if (kChunkSize - chunk->used < size) continue;
    current_ = (current_ + i) % chunks_.size();
    return chunk;
  }
  auto chunk = std::make_shared<Chunk>();
  chunk->memory.reset(new char[kChunkSize]);
  if (chunks_.size() < kChunksMax) {
    current_ = chunks_.size();
    chunks_.push_back(std::move(chunk));
  } else {
    current_ = (current_ + 1) % kChunksMax;
    chunks_[current_] = std::move(chunk);
  }
  return chunks_[current_];
}

void EncodeBuffers::HashBodies() {
  if (md5_jobs_.empty()) return;
  Md5Batch(md5_jobs_);
  md5_jobs_.clear();
}

size_t EncodedRecordSize(Header& header, size_t body_size) {
  header.size = body_size;
  header.md5 = body_size > 0 ? std::string_view(kNoDigest, kMd5Bytes) : std::string_view();
  if (header.form == Form::kBinary) return EncodedHeaderSize(header);
  std::string json;
  AppendJsonHeader(header, &json);
  return json.size();
}

}  // namespace rpc::wire
