#include "services/shell/token.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace shell {
namespace {

constexpr char kKey[] = "authorization";
constexpr char kScheme[] = "Bearer ";

// How long it takes depends on what is shown, and not on how much of it is right.
bool IsSame(std::string_view shown, std::string_view right) {
  size_t difference = shown.size() ^ right.size();
  for (size_t i = 0; i < shown.size(); ++i) {
    const auto right_one = static_cast<unsigned char>(right[i % right.size()]);
    difference |= static_cast<size_t>(static_cast<unsigned char>(shown[i]) ^ right_one);
  }
  return difference == 0;
}

absl::Status NoToken(const std::string& file, const char* reason) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot read a token from \"", file, "\": ", reason));
}

}  // namespace

absl::Status CheckToken(const rpc::Metadata& metadata, std::string_view token) {
  const std::string right = absl::StrCat(kScheme, std::string(token));
  if (IsSame(metadata.Get(kKey).value_or(""), right)) return absl::OkStatus();
  return absl::UnauthenticatedError("a valid token is needed: `authorization: Bearer TOKEN`");
}

void AddToken(std::string_view token, rpc::Metadata* metadata) {
  metadata->Add(kKey, absl::StrCat(kScheme, std::string(token)));
}

absl::Status ReadToken(const std::string& file, std::string* token) {
  std::ifstream stream(file);
  if (!stream) return NoToken(file, std::strerror(errno));
  if (!std::getline(stream, *token)) return NoToken(file, "it has no line");
  *token = std::string(absl::StripTrailingAsciiWhitespace(*token));
  return absl::OkStatus();
}

}  // namespace shell
