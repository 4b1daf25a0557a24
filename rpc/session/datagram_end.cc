#include "rpc/session/datagram_end.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rpc/session/fault.h"
#include "rpc/session/metadata.h"
#include "rpc/session/status_codec.h"

namespace rpc::session {
namespace {

// What matters comes first: the sentence may be cut to fit.
absl::Status ReplyTooLarge(const EndFrame& frame, size_t size) {
  const bool by_call = frame.size_max == kAmplificationMax * frame.call_size;
  return absl::ResourceExhaustedError(absl::StrCat(
      "use tcp:// for a reply of ", size, " bytes: over udp it has at most ", frame.size_max,
      by_call ? absl::StrCat(", ", kAmplificationMax, " times its CALL") : ""));
}

// Whether the END fits now, after all was left out that may be.
bool Fit(wire::Header& header, size_t body_size, size_t size_max) {
  const size_t others_size = wire::kLengthBytes + body_size;
  if (others_size >= size_max) return false;
  FitHeader(&header, body_size, size_max - others_size);
  header.md5 = {};
  return DatagramSize(header, body_size) <= size_max;
}

}  // namespace

size_t EndSizeMax(const DatagramLimits& limits, size_t call_size) {
  const uint64_t datagram_size_max = std::min<uint64_t>(limits.datagram_size_max, kDatagramSizeMax);
  if (limits.spoofing_impossible || Broken(Fault::kDatagramReplyOfAnySize)) {
    return datagram_size_max;
  }
  return std::min(datagram_size_max, kAmplificationMax * call_size);
}

bool WriteEnd(const EndFrame& frame, const absl::Status& status, const Payload* reply,
              std::span<const wire::Metadatum> trailing, std::string* out) {
  const bool bare = !status.ok() || reply == nullptr;
  const std::string_view body = bare ? std::string_view() : reply->bytes;
  wire::Header header;
  header.kind = wire::Kind::kEnd;
  header.form = frame.form;
  header.call = frame.call;
  header.session = frame.session;
  header.flags = bare ? wire::kFlagBare : 0;
  if (CheckMetadata(trailing).ok()) header.metadata.assign(trailing.begin(), trailing.end());
  const StatusWriter writer(status);
  writer.WriteTo(&header);
  if (Fit(header, body.size(), frame.size_max)) {
    WriteDatagram(header, body, out);
    return true;
  }
  out->clear();
  if (bare) return true;
  WriteEnd(frame, ReplyTooLarge(frame, DatagramSize(header, body.size())), nullptr, {}, out);
  return false;
}

}  // namespace rpc::session
