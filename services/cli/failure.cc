#include "services/cli/failure.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/terminal/printer.h"
#include "services/terminal/program.h"

namespace cli {
namespace {

// The sentences of the library, and what helps.
constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
    {"self-signed", "; --ca=FILE names the CA, or the certificate, to trust"},
    {"unable to get local issuer", "; --ca=FILE names the CA that it comes from"},
    {"certificate required", "; --cert=FILE and --key=FILE give one"},
    {"wrong version number", "; does it speak TLS? tcp:// is without"},
    {"connection refused", "; is a server listening there?"},
    {"no such file or directory", "; is a server listening there?"},
    {"cannot resolve", "; is the name right?"},
    {"timed out", "; is the machine up, and the port open?"},
    {"network is unreachable", "; is there a network?"},
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Nobody has answered: the sentence says it all.
bool IsAboutConnecting(std::string_view message) {
  return message.starts_with("cannot connect") || message.starts_with("cannot resolve");
}

}  // namespace

int ExitCodeOf(const absl::Status& status) {
  return status.ok() ? 0 : kStatusBase + static_cast<int>(status.code());
}

std::string Advice(const absl::Status& status) {
  const std::string message(status.message());
  if (!absl::IsUnavailable(status)) return "";
  for (const auto& [sentence, advice] : kAdvice) {
    if (Contains(message, sentence)) return std::string(advice);
  }
  return "";
}

int Fail(const absl::Status& status) {
  std::string sentence(status.message());
  if (!IsAboutConnecting(sentence)) {
    const std::string code = absl::StatusCodeToString(status.code());
    sentence = sentence.empty() ? code : absl::StrCat(code, ": ", sentence);
  }
  const absl::Status told(status.code(), absl::StrCat(sentence, Advice(status)));
  return terminal::Complain("rpc", told, ExitCodeOf(status));
}

int FailHere(const absl::Status& status) { return terminal::Complain("rpc", status, kFailed); }

int FailToPrint(const absl::Status& status) {
  return absl::IsUnavailable(status) ? kFailed : FailHere(status);
}

int Print(std::string_view text) {
  const absl::Status printed = terminal::Print(text);
  return printed.ok() ? 0 : FailToPrint(printed);
}

int UsageError(const absl::Status& status) {
  return terminal::Complain("rpc", status, kUsageError);
}

}  // namespace cli
