#include "tests/session/event_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace rpc::session {
namespace {

constexpr size_t kShownSizeMax = 40;

const char* KindText(EventKind kind) {
  switch (kind) {
    case EventKind::kCall:
      return "CALL";
    case EventKind::kMetadata:
      return "METADATA";
    case EventKind::kMessage:
      return "MESSAGE";
    case EventKind::kHalfClosed:
      return "LAST";
    case EventKind::kWritable:
      return "WRITABLE";
    case EventKind::kCancelled:
      return "CANCELLED";
    case EventKind::kEnd:
      return "END";
    case EventKind::kDraining:
      return "DRAINING";
    case EventKind::kClosed:
      return "CLOSED";
  }
  return "?";
}

bool HasCall(EventKind kind) { return kind != EventKind::kDraining && kind != EventKind::kClosed; }

bool HasStatus(EventKind kind) {
  return kind == EventKind::kCancelled || kind == EventKind::kEnd || kind == EventKind::kClosed;
}

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

void AppendMetadata(const wire::Header& header, std::string* text) {
  for (const wire::Metadatum& m : header.metadata) {
    absl::StrAppend(text, " ", Absl(m.key), "=", Absl(m.value));
  }
}

}  // namespace

std::string ShownBody(std::string_view body) {
  const bool printable = std::all_of(
      body.begin(), body.end(), [](unsigned char c) { return c >= ' ' && c < 0x7F && c != '"'; });
  if (!printable || body.size() > kShownSizeMax) return absl::StrCat(body.size(), " bytes");
  return absl::StrCat("\"", Absl(body), "\"");
}

std::string DescribeEvent(const Event& event) {
  std::string text = KindText(event.kind);
  if (HasCall(event.kind)) absl::StrAppend(&text, " ", event.call);
  if (event.kind == EventKind::kCall) absl::StrAppend(&text, " ", Absl(event.header->name));
  if (HasStatus(event.kind)) absl::StrAppend(&text, " ", event.status.ToString());
  if (event.body.data() != nullptr) absl::StrAppend(&text, " ", ShownBody(event.body));
  if (event.header != nullptr) AppendMetadata(*event.header, &text);
  if (event.unseen) text += " UNSEEN";
  return text;
}

}  // namespace rpc::session
