#include "services/echo/echo_service.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace echo {

rpc::Task<> EchoService::Say(rpc::ServerContext&, const SayRequest& request, SayReply& reply) {
  reply.set_text(request.text());
  return absl::OkStatus();
}

rpc::Task<> EchoService::Upper(rpc::ServerContext&, const SayRequest& request, SayReply& reply) {
  reply.set_text(absl::AsciiStrToUpper(request.text()));
  return absl::OkStatus();
}

rpc::Task<> EchoService::Count(rpc::ServerContext&, const CountRequest& request,
                               rpc::Writer<Number>& out) {
  Number number;
  for (uint32_t i = 0; i < request.upto(); ++i) {
    if (i > 0 && request.interval_ms() > 0) {
      absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(request.interval_ms()));
      if (!slept.ok()) co_return slept;
    }
    number.set_value(i);
    if (!co_await out.Write(number)) co_return out.status();
  }
  co_return absl::OkStatus();
}

rpc::Task<> EchoService::Sum(rpc::ServerContext&, rpc::Reader<Number>& in, Total& reply) {
  uint64_t sum = 0;  // beyond 63 bits it wraps around
  while (const Number* number = co_await in.Read()) sum += static_cast<uint64_t>(number->value());
  reply.set_value(static_cast<int64_t>(sum));
  co_return in.status();
}

rpc::Task<> EchoService::Chat(rpc::ServerContext&, rpc::Stream<Line, Line>& stream) {
  Line upper;
  while (const Line* line = co_await stream.Read()) {
    upper.set_text(absl::AsciiStrToUpper(line->text()));
    if (!co_await stream.Write(upper)) break;
  }
  co_return stream.status();
}

rpc::Task<> EchoService::Sleep(rpc::ServerContext&, const SleepRequest& request, SayReply& reply) {
  absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(request.ms()));
  if (slept.ok()) reply.set_text(absl::StrCat("slept ", request.ms(), " ms"));
  co_return slept;
}

rpc::Task<> EchoService::Fail(rpc::ServerContext&, const FailRequest& request, SayReply&) {
  const bool known = request.code() >= 1 && request.code() <= 16;
  const auto code =
      known ? static_cast<absl::StatusCode>(request.code()) : absl::StatusCode::kUnknown;
  return absl::Status(code, request.message());
}

}  // namespace echo
