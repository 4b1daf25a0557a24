// Echoes bytes over libuv, unread: the floor of everything that is built on libuv.
//
// With --stream it sends messages of 1 KiB, a write each, to whoever connects.
#include <uv.h>

#include <string>
#include <string_view>

#include "tests/bench/measure/memory.h"
#include "tests/bench/measure/payload.h"
#include "tests/bench/measure/server_options.h"
#include "tests/bench/peers/raw_uv/uv_stream.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

class Echo final : public UvStream {
 public:
  using UvStream::UvStream;

 private:
  void OnReceived(std::string_view bytes) override { Send(bytes); }
};

class Source final : public UvStream {
 public:
  using UvStream::UvStream;

  void SendMessages() {
    static const std::string message = Payload(1'024);
    while (drained() && open()) Send(message);
  }

 private:
  void OnReceived(std::string_view) override {}
  void OnDrained() override { SendMessages(); }
};

void OnEchoConnection(uv_stream_t* listener, int status) {
  if (status == 0) (new Echo(listener))->Start();
}

void OnStreamConnection(uv_stream_t* listener, int status) {
  if (status != 0) return;
  auto* const source = new Source(listener);
  source->Start();
  source->SendMessages();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "raw_uv", &options); code >= 0) {
    return code;
  }
  bench::KeepFreedMemory();
  uv_loop_t* const loop = uv_default_loop();
  bench::UvListen(loop, bench::ListenOn(&options.listen, options.congestion),
                  options.stream ? bench::OnStreamConnection : bench::OnEchoConnection);
  bench::SayListening(options.listen);
  bench::UvRun(loop, options.busy_poll_us > 0);
}
