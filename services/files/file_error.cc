#include "services/files/file_error.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/files/names.h"

namespace files {
namespace {

std::string Reason(int error_number) {
  if (error_number == ELOOP) return "it is a symbolic link, and links are not followed";
  std::string reason = std::generic_category().message(error_number);
  if (!reason.empty()) reason[0] = absl::ascii_tolower(reason[0]);
  return reason;
}

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ELOOP:
      return absl::StatusCode::kPermissionDenied;
    case ENOTDIR:
      return absl::StatusCode::kFailedPrecondition;
    case EFBIG:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    case EIO:
      return absl::StatusCode::kInternal;
    default:
      return absl::ErrnoToStatusCode(error_number);
  }
}

}  // namespace

absl::Status FileError(int error_number, std::string_view verb, std::string_view name) {
  return absl::Status(CodeOf(error_number),
                      absl::StrCat("cannot ", absl::string_view(verb.data(), verb.size()), " ",
                                   Quoted(name), ": ", Reason(error_number)));
}

absl::Status FileError(std::string_view verb, std::string_view name) {
  return FileError(errno, verb, name);
}

bool IsFull(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

}  // namespace files
