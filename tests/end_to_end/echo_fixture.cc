#include "tests/end_to_end/echo_fixture.h"

#include <memory>

#include "services/echo/echo_service.h"

namespace rpc {

echo::SayRequest Saying(const std::string& text) {
  echo::SayRequest request;
  request.set_text(text);
  return request;
}

echo::CountRequest CountTo(uint32_t upto, uint32_t interval_ms) {
  echo::CountRequest request;
  request.set_upto(upto);
  request.set_interval_ms(interval_ms);
  return request;
}

echo::SleepRequest SleepFor(uint32_t ms) {
  echo::SleepRequest request;
  request.set_ms(ms);
  return request;
}

echo::FailRequest FailWith(absl::StatusCode code, const std::string& message) {
  echo::FailRequest request;
  request.set_code(static_cast<uint32_t>(code));
  request.set_message(message);
  return request;
}

echo::Number MakeNumber(int64_t value) {
  echo::Number number;
  number.set_value(value);
  return number;
}

echo::Line MakeLine(const std::string& text) {
  echo::Line line;
  line.set_text(text);
  return line;
}

EchoServer::EchoServer(Way way, const ServerOptions& options)
    : way_(way), server_(std::make_unique<Server>(options)) {
  server_->Add(std::make_shared<echo::EchoService>());
}

void EchoServer::Serve() {
  if (way_ == Way::kInProcess) return;
  address_ = ListenOver(way_, server_.get());
  ASSERT_FALSE(address_.empty());
  const absl::Status started = server_->Start();
  ASSERT_TRUE(started.ok()) << started;
}

Channel EchoServer::MakeChannel(const ChannelOptions& options) {
  return ChannelOver(way_, server_.get(), address_, options);
}

}  // namespace rpc
