// The client of raw_uv, and of the reference: the least that a client over libuv costs.
#include <uv.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/measure/descriptors.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/measure/memory.h"
#include "tests/bench/peers/raw/flow.h"
#include "tests/bench/peers/raw/request.h"
#include "tests/bench/peers/raw_uv/uv_stream.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

[[noreturn]] void Finish(Meter* meter) {
  std::puts(meter->Result("raw_uv").c_str());
  std::fflush(stdout);
  std::_Exit(0);
}

class EchoClient final : public UvStream {
 public:
  EchoClient(uv_loop_t* loop, int fd, RawLoad* load)
      : UvStream(loop, fd), load_(load), flow_(load) {}

  void Begin(size_t in_flight) { Send(flow_.Begin(in_flight)); }

 private:
  void OnReceived(std::string_view bytes) override {
    Send(flow_.Begin(flow_.Received(bytes.size())));
    if (load_->open == 0) Finish(&load_->meter);
  }
  void OnLost() override { GiveUp("the connection was lost"); }

  RawLoad* const load_;
  Flow flow_;
};

class StreamClient final : public UvStream {
 public:
  StreamClient(uv_loop_t* loop, int fd, Meter* meter, uint64_t count)
      : UvStream(loop, fd), meter_(meter), flow_(meter, 1'024), count_(count) {}

 private:
  void OnReceived(std::string_view bytes) override {
    const bool more = flow_.Received(bytes.size()) && (count_ == 0 || flow_.total() < count_);
    if (!more) Finish(meter_);
  }
  void OnLost() override { GiveUp("the connection was lost"); }

  Meter* const meter_;
  StreamFlow flow_;
  const uint64_t count_;
};

[[noreturn]] void RunStream(const LoadOptions& options) {
  uv_loop_t* const loop = uv_default_loop();
  Meter meter(options);
  const int fd = ConnectTo(options.server, options.congestion);
  (new StreamClient(loop, fd, &meter, static_cast<uint64_t>(options.count)))->Start();
  UvRun(loop, options.busy_poll_us > 0);
}

[[noreturn]] void RunEcho(const LoadOptions& options) {
  uv_loop_t* const loop = uv_default_loop();
  const std::string request = RequestFrame(options);
  RawLoad load(options, request, LearnReplySize(options, request));
  std::vector<EchoClient*> clients;
  for (int64_t i = 0; i < options.connections; ++i) {
    clients.push_back(new EchoClient(loop, ConnectTo(options.server, options.congestion), &load));
    clients.back()->Start();
  }
  for (EchoClient* client : clients) client->Begin(static_cast<size_t>(options.in_flight));
  UvRun(loop, options.busy_poll_us > 0);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  const int code = bench::ReadLoadOptions(argc, argv, {"echo", "stream"}, &options);
  if (code >= 0) return code;
  bench::RaiseDescriptorLimit();
  bench::KeepFreedMemory();
  options.workload == "stream" ? bench::RunStream(options) : bench::RunEcho(options);
}
