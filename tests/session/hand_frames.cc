#include "tests/session/hand_frames.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "rpc/wire/compression.h"
#include "rpc/wire/frame_encoder.h"
#include "rpc/wire/header_codec.h"
#include "rpc/wire/md5.h"

namespace rpc::session::hand {

using wire::Kind;

namespace {

wire::Header HeaderOf(const Fields& fields) {
  wire::Header header;
  header.kind = fields.kind;
  header.call = fields.call;
  header.flags = fields.flags;
  header.name = fields.name;
  header.size = fields.size;
  header.md5 = fields.md5;
  header.timeout_us = fields.timeout_us;
  header.code = fields.code;
  header.message = fields.message;
  header.metadata = fields.metadata;
  header.details = fields.details;
  header.credit = fields.credit;
  header.encoding = fields.encoding;
  return header;
}

}  // namespace

std::string Frame(const Fields& fields, std::string_view body) {
  wire::Header header = HeaderOf(fields);
  wire::EncodeBuffers buffers;
  wire::FrameEncoder encoder(&buffers);
  encoder.Append(header, body);
  std::string bytes;
  for (const wire::Piece& piece : encoder.Pieces()) bytes += piece.bytes;
  return bytes;
}

std::string FrameAsItIs(const Fields& fields, std::string_view body) {
  const wire::Header header = HeaderOf(fields);
  std::string record(wire::EncodedHeaderSize(header), '\0');
  wire::EncodeHeader(header, record.data());
  return Record(record, body);
}

std::string Record(std::string_view record, std::string_view body) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(record.size() >> shift);
  bytes += record;
  bytes += body;
  return bytes;
}

std::string Json(std::string_view members, std::string_view body) {
  std::string record = "{";
  record += members;
  if (!body.empty()) {
    const wire::Md5Digest digest = wire::Md5(body);
    const absl::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    absl::StrAppend(&record, ",\"size\":", body.size(), ",\"md5\":\"",
                    absl::BytesToHexString(bytes), "\"");
  }
  record += "}";
  return Record(record, body);
}

std::string Call(uint64_t call, std::string_view method, std::string_view message, uint32_t flags) {
  return Frame({.call = call, .flags = flags, .name = method}, message);
}

std::string BareCall(uint64_t call, std::string_view method, uint32_t flags) {
  return Frame({.call = call, .flags = flags | kBare, .name = method});
}

std::string Last(uint64_t call) {
  return Frame({.kind = Kind::kMessage, .call = call, .flags = kLast | kBare});
}

std::string Cancel(uint64_t call) { return Frame({.kind = Kind::kCancel, .call = call}); }

std::string End(uint64_t call, std::string_view reply) {
  return Frame({.kind = Kind::kEnd, .call = call}, reply);
}

std::string EndBare(uint64_t call, uint32_t code, std::string_view message, uint32_t flags) {
  return Frame(
      {.kind = Kind::kEnd, .call = call, .flags = flags | kBare, .code = code, .message = message});
}

std::string Message(uint64_t call, std::string_view message, uint32_t flags) {
  return Frame({.kind = Kind::kMessage, .call = call, .flags = flags}, message);
}

std::string Credit(uint64_t call, uint64_t credit) {
  return Frame({.kind = Kind::kCredit, .call = call, .credit = credit});
}

std::string Ping() { return Frame({.kind = Kind::kPing}); }
std::string Pong() { return Frame({.kind = Kind::kPong}); }

std::string Goaway(uint64_t call, uint32_t code, std::string_view message) {
  return Frame({.kind = Kind::kGoaway, .call = call, .code = code, .message = message});
}

std::string Hello(std::string_view body) { return Frame({.kind = Kind::kHello}, body); }

std::string Zstd(std::string_view body) {
  std::string compressed;
  wire::Compressor().Compress(body, &compressed);
  return compressed;
}

}  // namespace rpc::session::hand
