#include "tests/coroutines/stage.h"

#include "absl/strings/ascii.h"
#include "absl/time/time.h"

namespace rpc {
namespace {

Channel ServeInProcess(Server* server, const std::shared_ptr<Actor>& actor) {
  server->Add(actor);
  return server->InProcess();
}

}  // namespace

echo::SayRequest Saying(const std::string& text) {
  echo::SayRequest request;
  request.set_text(text);
  return request;
}

echo::Line MakeLine(const std::string& text) {
  echo::Line line;
  line.set_text(text);
  return line;
}

echo::Number MakeNumber(int64_t value) {
  echo::Number number;
  number.set_value(value);
  return number;
}

Task<> Actor::Say(ServerContext& context, const echo::SayRequest& request, echo::SayReply& reply) {
  return say ? say(context, request, reply) : Service::Say(context, request, reply);
}

Task<> Actor::Upper(ServerContext&, const echo::SayRequest& request, echo::SayReply& reply) {
  reply.set_text(absl::AsciiStrToUpper(request.text()));
  return absl::OkStatus();
}

Task<> Actor::Count(ServerContext& context, const echo::CountRequest& request,
                    Writer<echo::Number>& out) {
  return count ? count(context, request, out) : Service::Count(context, request, out);
}

Task<> Actor::Sum(ServerContext& context, Reader<echo::Number>& in, echo::Total& reply) {
  return sum ? sum(context, in, reply) : Service::Sum(context, in, reply);
}

Task<> Actor::Chat(ServerContext& context, Stream<echo::Line, echo::Line>& stream) {
  return chat ? chat(context, stream) : Service::Chat(context, stream);
}

Task<> Actor::Sleep(ServerContext& context, const echo::SleepRequest& request,
                    echo::SayReply& reply) {
  return sleep ? sleep(context, request, reply) : Service::Sleep(context, request, reply);
}

StageTest::StageTest() : channel_(ServeInProcess(server_.get(), actor_)), echo_(channel_) {}

void StageTest::ExpectServes() {
  const auto reply = echo_.Upper(Saying("still here")).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "STILL HERE");
}

void StageTest::ExpectDrains() {
  const absl::Status drained = server_->Shutdown(absl::Seconds(30));
  EXPECT_TRUE(drained.ok()) << drained;
}

}  // namespace rpc
