// The control: all that the other files misuse, used as it is meant.
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

class OwnFour final : public Four::Service {
 public:
  rpc::Task<> Say(rpc::ServerContext&, const SayRequest& request, SayReply& reply) override {
    auto work = [text = request.text()] { return text + "!"; };
    reply.set_text(co_await rpc::Blocking(work));
    co_return absl::OkStatus();
  }

  rpc::Task<> Count(rpc::ServerContext&, const CountRequest&, rpc::Writer<Number>& out) override {
    if (!co_await out.Write(Number())) co_return out.status();
    co_return absl::OkStatus();
  }
};

rpc::Task<> UseAll(const Four::Client& four) {
  rpc::Call<SayReply> call = four.Say(SayRequest());
  absl::StatusOr<SayReply> reply = co_await std::move(call);
  if (!reply.ok()) co_return reply.status();

  rpc::ReadCall<Number> numbers = four.Count(CountRequest());
  while (const Number* number = co_await numbers.Read()) {
    if (number->value() < 0) break;
  }

  rpc::WriteCall<Number, Total> sum = four.Sum();
  if (!co_await sum.Write(Number())) co_return sum.status();
  absl::StatusOr<Total> total = co_await std::move(sum);

  rpc::StreamCall<Line, Line> chat = four.Chat();
  if (!co_await chat.Write(Line())) co_return chat.status();
  chat.Close();
  co_return total.status();
}

void UseLater(const Four::Client& four) {
  four.Say(SayRequest()).Then([](absl::StatusOr<SayReply>) {});
}

}  // namespace golden::kinds
