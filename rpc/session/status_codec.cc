#include "rpc/session/status_codec.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "rpc/wire/frame_encoder.h"
#include "rpc/wire/utf8.h"

namespace rpc::session {
namespace {

constexpr uint32_t kCodeMax = 16;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status StatusOf(const wire::Header& header) {
  const uint32_t known = header.code <= kCodeMax ? header.code : 2;
  absl::Status status(static_cast<absl::StatusCode>(known), ToAbsl(header.message));
  for (const wire::Detail& d : header.details) {
    status.SetPayload(ToAbsl(d.type_url), absl::Cord(ToAbsl(d.value)));
  }
  return status;
}

StatusWriter::StatusWriter(const absl::Status& status)
    : code_(static_cast<uint32_t>(status.code())) {
  wire::AppendAsUtf8({status.message().data(), status.message().size()}, &message_);
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& value) {
    payloads_.push_back({"", std::string(value)});
    wire::AppendAsUtf8({type_url.data(), type_url.size()}, &payloads_.back().type_url);
  });
}

void StatusWriter::WriteTo(wire::Header* header) const {
  header->code = code_;
  header->message = message_;
  for (const Payload& p : payloads_) header->details.push_back({p.type_url, p.value});
}

void FitHeader(wire::Header* header, size_t body_size, size_t size_max) {
  size_t size = wire::EncodedRecordSize(*header, body_size);
  if (size <= size_max) return;
  header->details.clear();
  size = wire::EncodedRecordSize(*header, body_size);
  if (size <= size_max) return;
  header->metadata.clear();
  size = wire::EncodedRecordSize(*header, body_size);
  if (size <= size_max) return;
  // A byte may take several in JSON: the longest start of the message that fits is searched for.
  const std::string_view message = header->message;
  size_t fits = 0;
  for (size_t above = std::min(message.size(), size_max) + 1; fits + 1 < above;) {
    const size_t kept = (fits + above) / 2;
    header->message = wire::Utf8Prefix(message, kept);
    (wire::EncodedRecordSize(*header, body_size) <= size_max ? fits : above) = kept;
  }
  header->message = wire::Utf8Prefix(message, fits);
}

}  // namespace rpc::session
