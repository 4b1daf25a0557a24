#include "services/cli/status_text.h"

#include <set>
#include <string_view>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/frame_format.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

std::string ValueText(const std::string& key, const std::string& value) {
  if (!key.ends_with(rpc::wire::kBinaryKeyEnd)) return value;
  std::string base64;
  rpc::wire::AppendBase64(value, &base64);
  return base64;
}

void AppendMetadata(std::string_view arrow, const rpc::Metadata& metadata, std::string* out) {
  for (const rpc::Metadata::Entry& entry : metadata) {
    absl::StrAppend(out, std::string(arrow), " ", terminal::Harmless(entry.key), ": ",
                    terminal::Harmless(ValueText(entry.key, entry.value)), "\n");
  }
}

std::string DetailText(const std::string& url, const std::string& bytes, const Schema& schema) {
  const std::string name = url.substr(url.rfind('/') + 1);
  const google::protobuf::Descriptor* const type = schema.pool().FindMessageTypeByName(name);
  if (type != nullptr) {
    const absl::StatusOr<std::string> json = schema.ToJson(type, bytes, JsonLook());
    if (json.ok()) return absl::StrCat(name, " ", *json);
  }
  std::string base64;
  rpc::wire::AppendBase64(bytes, &base64);
  return absl::StrCat(url, " ", base64);
}

}  // namespace

std::string DetailsText(const absl::Status& status, const Schema& schema) {
  // A status gives them in another order each time.
  std::set<std::string> lines;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& bytes) {
    const std::string text = DetailText(std::string(url), std::string(bytes), schema);
    lines.insert(absl::StrCat("  detail: ", terminal::Harmless(text), "\n"));
  });
  return absl::StrJoin(lines, "");
}

std::string VerboseText(const MethodTarget& target, const rpc::Metadata& sent,
                        const ConversationEnd& end) {
  std::string text = absl::StrCat("> ", target.wire_name, "\n");
  AppendMetadata(">", sent, &text);
  AppendMetadata("<", end.leading, &text);
  AppendMetadata("<", end.trailing, &text);
  const absl::Duration took = absl::Trunc(end.took, absl::Microseconds(1));
  return absl::StrCat(text, "< ", absl::StatusCodeToString(end.status.code()), ", ", end.replies,
                      end.replies == 1 ? " reply" : " replies", ", ", absl::FormatDuration(took),
                      "\n");
}

}  // namespace cli
