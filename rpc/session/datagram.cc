#include "rpc/session/datagram.h"

#include <algorithm>
#include <cstring>

#include "rpc/session/fault.h"
#include "rpc/wire/frame_encoder.h"
#include "rpc/wire/header_codec.h"
#include "rpc/wire/json_header.h"
#include "rpc/wire/md5.h"

namespace rpc::session {
namespace {

size_t ReadLength(std::string_view bytes) {
  size_t length = 0;
  for (size_t i = 0; i < wire::kLengthBytes; ++i) {
    length = length << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return length;
}

void WriteLength(size_t length, char* out) {
  for (size_t i = wire::kLengthBytes; i-- > 0; length >>= 8) out[i] = static_cast<char>(length);
}

bool ReadRecord(std::string_view record, wire::Frame* frame) {
  const bool json = record[0] == wire::kJsonFirstByte;
  const bool read = json ? wire::DecodeJsonHeader(record, &frame->json_strings, &frame->header).ok()
                         : wire::DecodeHeader(record, &frame->header).ok();
  frame->header.form = json ? wire::Form::kJson : wire::Form::kBinary;
  return read;
}

bool NumbersAreGood(const wire::Header& header) {
  return std::max({header.call, header.size, header.credit, header.timeout_us}) <= wire::kNumberMax;
}

std::string_view ViewOf(const wire::Md5Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

bool ReadDatagram(std::string_view datagram, wire::Frame* frame) {
  if (datagram.size() < wire::kLengthBytes) return false;
  const size_t length = ReadLength(datagram);
  datagram.remove_prefix(wire::kLengthBytes);
  if (length == 0 || length > datagram.size() || length > wire::kHeaderSizeMaxDefault) return false;
  if (!ReadRecord(datagram.substr(0, length), frame)) return false;
  frame->body = datagram.substr(length);
  return NumbersAreGood(frame->header) && frame->header.size == frame->body.size();
}

bool BodyIsGood(const wire::Frame& frame) {
  if (frame.body.empty() || Broken(Fault::kDatagramMd5NotChecked)) return true;
  return frame.header.md5 == ViewOf(wire::Md5(frame.body));
}

size_t DatagramSize(wire::Header& header, size_t body_size) {
  const std::string_view md5 = header.md5;
  const size_t record_size = wire::EncodedRecordSize(header, body_size);
  header.md5 = md5;
  return wire::kLengthBytes + record_size + body_size;
}

void WriteDatagram(wire::Header& header, std::string_view body, std::string* out) {
  const bool hash = header.md5.empty() && !body.empty();
  const wire::Md5Digest digest = hash ? wire::Md5(body) : wire::Md5Digest{};
  if (hash) header.md5 = ViewOf(digest);
  header.size = body.size();
  out->assign(wire::kLengthBytes, '\0');
  if (header.form == wire::Form::kJson) {
    wire::AppendJsonHeader(header, out);
  } else {
    const size_t record_size = wire::EncodedHeaderSize(header);
    out->reserve(wire::kLengthBytes + record_size + body.size());
    out->resize(wire::kLengthBytes + record_size);
    wire::EncodeHeader(header, out->data() + wire::kLengthBytes);
  }
  WriteLength(out->size() - wire::kLengthBytes, out->data());
  out->append(body);
  if (hash) header.md5 = {};
}

}  // namespace rpc::session
