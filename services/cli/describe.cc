#include "services/cli/describe.h"

#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/cli/failure.h"
#include "services/cli/proto_text.h"
#include "services/cli/reflection_client.h"
#include "services/cli/schema.h"
#include "services/cli/style.h"
#include "services/terminal/text.h"

namespace cli {

void Describe::Declare(terminal::Flags* flags) {
  flags->Bool("file", "the whole file that it is in", &whole_file_);
  server_.Declare(flags);
  flags->Arguments(2, 2);
  flags->Footer(
      "SYMBOL is the full name of a service, method, message, field, enum or enum value. Comments "
      "are there where the server has them.\n"
      "\n"
      "Examples:\n"
      "  rpc describe 127.0.0.1:7000 echo.Echo\n"
      "  rpc describe 127.0.0.1:7000 echo.Echo/Say\n"
      "  rpc describe 127.0.0.1:7000 echo.SayRequest --file\n");
}

int Describe::Run(const terminal::Flags& flags) {
  const absl::StatusOr<rpc::Channel> channel = server_.Connect(flags.arguments()[0]);
  if (!channel.ok()) return UsageError(channel.status());
  const std::string& symbol = flags.arguments()[1];
  Schema schema;
  const absl::Status asked = rpc::Run([&] { return AskSymbol(*channel, symbol, &schema); });
  if (!asked.ok()) return Fail(asked);
  const std::string text = ProtoText(schema, symbol, whole_file_);
  if (text.empty()) {
    return Fail(
        absl::NotFoundError(absl::StrCat("the server's reflection does not describe ", symbol)));
  }
  const std::string shown = terminal::HarmlessLines(text);
  const std::string painted = PaintedProto(shown, Style(STDOUT_FILENO));
  return Print(painted);
}

}  // namespace cli
