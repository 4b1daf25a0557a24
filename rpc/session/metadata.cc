#include "rpc/session/metadata.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/frame_format.h"
#include "rpc/wire/frame_text.h"
#include "rpc/wire/limits.h"

namespace rpc::session {
namespace {

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool IsPrintable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

absl::Status CheckMetadata(std::span<const wire::Metadatum> metadata) {
  if (metadata.size() > wire::kMetadataEntriesMax) {
    return absl::InvalidArgumentError(absl::StrCat("metadata has ", metadata.size(),
                                                   " entries, but at most ",
                                                   wire::kMetadataEntriesMax, " are allowed"));
  }
  for (const wire::Metadatum& m : metadata) {
    if (m.key.empty() || m.key.size() > wire::kMetadataKeySizeMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("metadata key \"", wire::Printable(m.key), "\" has ", m.key.size(),
                       " bytes, but must have from 1 to ", wire::kMetadataKeySizeMax));
    }
    if (!std::all_of(m.key.begin(), m.key.end(), IsKeyCharacter)) {
      return absl::InvalidArgumentError(absl::StrCat("metadata key \"", wire::Printable(m.key),
                                                     "\" has a character outside a-z 0-9 . _ -"));
    }
    if (!m.key.ends_with(wire::kBinaryKeyEnd) &&
        !std::all_of(m.value.begin(), m.value.end(), IsPrintable)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the value of metadata key \"", wire::Printable(m.key),
                       "\" is not printable ASCII; a key that ends in -bin may have any value"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const Inbox& inbox, const wire::Header& header) {
  const bool more = header.Has(wire::kFlagMore);
  if (more && (header.Has(wire::kFlagLast | wire::kFlagBare) || header.size == 0 ||
               header.kind == wire::Kind::kEnd)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "MORE may not stand with LAST, BARE, END or an empty body: ", wire::DescribeFrame(header)));
  }
  if (inbox.assembling() && header.Has(wire::kFlagBare)) {
    return absl::InvalidArgumentError(absl::StrCat("a frame without a message stands between the ",
                                                   "parts of one: ", wire::DescribeFrame(header)));
  }
  return absl::OkStatus();
}

}  // namespace rpc::session
