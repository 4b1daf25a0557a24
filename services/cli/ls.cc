#include "services/cli/ls.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/cli/failure.h"
#include "services/cli/figures.h"
#include "services/cli/reflection_client.h"
#include "services/cli/style.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

using reflection::MethodEntry;
using reflection::ServiceEntry;
using terminal::Harmless;

std::string TypeText(const std::string& type, bool is_stream) {
  return absl::StrCat(is_stream ? "stream " : "", Harmless(type));
}

void AppendMethods(const ServiceEntry& service, size_t column, const Style& style,
                   std::string* out) {
  for (const MethodEntry& method : service.methods()) {
    const std::string name = Harmless(absl::StrCat(service.name(), "/", method.name()));
    if (!service.problem().empty()) {
      absl::StrAppend(out, style.Bold(name), "\n");
      continue;
    }
    const size_t width = terminal::TextWidth(name);
    absl::StrAppend(out, style.Bold(name), std::string(column - std::min(column, width) + 2, ' '),
                    TypeText(method.request_type(), method.request_stream()), style.Dim(" -> "),
                    TypeText(method.reply_type(), method.reply_stream()), "\n");
  }
}

size_t ColumnFor(const ServiceEntry& service) {
  size_t column = 0;
  for (const MethodEntry& method : service.methods()) {
    column = std::max(
        column, terminal::TextWidth(Harmless(absl::StrCat(service.name(), "/", method.name()))));
  }
  return std::min(column, kNameColumnsMax);
}

std::string ListText(const reflection::ListReply& reply, bool with_methods, const Style& style) {
  std::string text;
  size_t column = 0;
  for (const ServiceEntry& service : reply.services()) {
    column = std::max(column, ColumnFor(service));
  }
  for (const ServiceEntry& service : reply.services()) {
    if (!with_methods) absl::StrAppend(&text, style.Bold(Harmless(service.name())), "\n");
    if (with_methods) AppendMethods(service, column, style, &text);
  }
  return text;
}

absl::Status NoService(const reflection::ListReply& reply, const std::string& name) {
  std::string sentence = absl::StrCat("this server serves no ", name, "; it serves ");
  for (int i = 0; i < reply.services_size(); ++i) {
    absl::StrAppend(&sentence, i == 0 ? "" : ", ", reply.services(i).name());
  }
  return absl::NotFoundError(reply.services_size() == 0 ? "this server serves nothing" : sentence);
}

}  // namespace

void Ls::Declare(terminal::Flags* flags) {
  flags->Bool("long", "the methods of all services, too", &long_);
  flags->Short('l', "long");
  server_.Declare(flags);
  flags->Arguments(1, 2);
  flags->Footer(
      "Of a service it tells the methods, with what they take and give.\n"
      "\n"
      "Examples:\n"
      "  rpc ls 127.0.0.1:7000\n"
      "  rpc ls 127.0.0.1:7000 echo.Echo\n"
      "  rpc ls tls://example.com:7443 --ca=ca.pem --long\n");
}

int Ls::Run(const terminal::Flags& flags) {
  const absl::StatusOr<rpc::Channel> channel = server_.Connect(flags.arguments()[0]);
  if (!channel.ok()) return UsageError(channel.status());
  const absl::StatusOr<reflection::ListReply> reply = rpc::Run([&] { return AskNames(*channel); });
  if (!reply.ok()) return Fail(reply.status());
  const Style style(STDOUT_FILENO);
  std::string text;
  absl::Status problem;
  if (flags.arguments().size() == 1) {
    text = ListText(*reply, long_, style);
  } else {
    const std::string& name = flags.arguments()[1];
    const auto found = std::ranges::find(reply->services(), name, &ServiceEntry::name);
    if (found == reply->services().end()) return Fail(NoService(*reply, name));
    AppendMethods(*found, ColumnFor(*found), style, &text);
    if (!found->problem().empty()) problem = absl::FailedPreconditionError(found->problem());
  }
  const int printed = Print(text);
  return problem.ok() ? printed : FailHere(problem);
}

}  // namespace cli
