#include "rpc/wire/frame_text.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc::wire {
namespace {

constexpr const char* kKindNames[] = {"CALL", "MESSAGE", "END",    "CANCEL", "CREDIT",
                                      "PING", "PONG",    "GOAWAY", "HELLO"};

constexpr std::pair<uint32_t, const char*> kFlagNames[] = {
    {kFlagLast, "LAST"}, {kFlagMore, "MORE"}, {kFlagBare, "BARE"}, {kFlagUnseen, "UNSEEN"}};

// Longer texts of a peer are cut: this is one line for a person.
constexpr size_t kShownTextMax = 200;

bool BelongsToCall(Kind kind) { return kind <= Kind::kCredit || kind == Kind::kGoaway; }

void AppendStatus(const Header& header, std::string* out) {
  const auto code =
      header.code <= 16 ? static_cast<absl::StatusCode>(header.code) : absl::StatusCode::kUnknown;
  absl::StrAppend(out, " ", absl::StatusCodeToString(code));
  if (!header.message.empty())
    absl::StrAppend(out, " \"", Printable(header.message, kShownTextMax), "\"");
  if (!header.details.empty()) absl::StrAppend(out, " ", header.details.size(), " details");
}

}  // namespace

std::string KindName(Kind kind) {
  if (IsKnown(kind)) return kKindNames[static_cast<size_t>(kind)];
  return absl::StrCat("KIND ", static_cast<int32_t>(kind));
}

std::string DescribeFrame(const Header& header) {
  std::string text = KindName(header.kind);
  if (BelongsToCall(header.kind)) absl::StrAppend(&text, " ", header.call);
  if (!header.name.empty()) absl::StrAppend(&text, " ", Printable(header.name, kShownTextMax));
  if (header.kind == Kind::kEnd || header.kind == Kind::kGoaway) AppendStatus(header, &text);
  if (header.kind == Kind::kCredit) absl::StrAppend(&text, " +", header.credit);
  if (header.size > 0) absl::StrAppend(&text, " ", header.size, " bytes");
  for (const auto& [flag, name] : kFlagNames) {
    if (header.Has(flag)) absl::StrAppend(&text, " ", name);
  }
  if (header.timeout_us > 0) {
    absl::StrAppend(&text, " timeout ",
                    absl::FormatDuration(absl::Microseconds(header.timeout_us)));
  }
  if (header.encoding == Encoding::kZstd) text += " zstd";
  if (!header.metadata.empty()) absl::StrAppend(&text, " ", header.metadata.size(), " metadata");
  if (header.session != 0) absl::StrAppend(&text, " session ", absl::Hex(header.session));
  if (header.form == Form::kJson) text += " json";
  return text;
}

}  // namespace rpc::wire
