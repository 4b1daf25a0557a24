// Cap'n Proto's two-party server.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <string>
#include <utility>

#include "tests/bench/measure/payload.h"
#include "tests/bench/measure/server_options.h"
#include "tests/bench/peers/capnp/bench.capnp.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

// In words: what a message with so much text or data needs.
capnp::MessageSize SizeFor(size_t size) { return {16 + size / sizeof(capnp::word), 0}; }

kj::Promise<void> Fill(over_capnp::Sink::Client sink, std::string text, uint64_t left) {
  if (left == 0) return kj::READY_NOW;
  auto request = sink.takeRequest(SizeFor(text.size()));
  request.setText(text.c_str());
  return request.send().then([sink, text = std::move(text), left]() mutable {
    return Fill(sink, std::move(text), left - 1);
  });
}

class Service final : public over_capnp::Bench::Server {
 public:
  kj::Promise<void> echo(EchoContext context) override {
    const auto text = context.getParams().getText();
    context.getResults(SizeFor(text.size())).setText(text);
    return kj::READY_NOW;
  }
  kj::Promise<void> echoData(EchoDataContext context) override {
    const auto data = context.getParams().getData();
    context.getResults(SizeFor(data.size())).setData(data);
    return kj::READY_NOW;
  }
  kj::Promise<void> produce(ProduceContext context) override {
    auto parameters = context.getParams();
    return Fill(parameters.getSink(), Payload(parameters.getSize()), parameters.getCount());
  }
};

void Serve(ServerOptions options) {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  capnp::TwoPartyServer server(kj::heap<Service>());
  const int fd = ListenOn(&options.listen, options.congestion);
  kj::Own<kj::ConnectionReceiver> receiver =
      io.lowLevelProvider->wrapListenSocketFd(fd, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
  SayListening(options.listen);
  server.listen(*receiver).wait(io.waitScope);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "capnp", &options); code >= 0) {
    return code;
  }
  bench::Serve(options);
}
