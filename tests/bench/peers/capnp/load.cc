// Cap'n Proto's two-party client, with many calls in flight on one event loop.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/measure/descriptors.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/measure/meter.h"
#include "tests/bench/measure/payload.h"
#include "tests/bench/peers/capnp/bench.capnp.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

constexpr uint64_t kEndless = uint64_t{1} << 60;

class Sink final : public over_capnp::Sink::Server {
 public:
  Sink(Meter* meter, kj::Own<kj::PromiseFulfiller<void>> over)
      : meter_(meter), over_(kj::mv(over)) {}

  kj::Promise<void> take(TakeContext) override {
    meter_->Passed(1);
    if (meter_->over() && over_->isWaiting()) over_->fulfill();
    return kj::READY_NOW;
  }

 private:
  Meter* const meter_;
  kj::Own<kj::PromiseFulfiller<void>> over_;
};

struct Connection {
  Connection(const LoadOptions& options, kj::LowLevelAsyncIoProvider* provider)
      : socket(provider->wrapSocketFd(ConnectTo(options.server, options.congestion),
                                      kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP)),
        client(*socket),
        bench(client.bootstrap().castAs<over_capnp::Bench>()) {}

  kj::Own<kj::AsyncIoStream> socket;
  capnp::TwoPartyClient client;
  over_capnp::Bench::Client bench;
};

class Load {
 public:
  Load(const LoadOptions& options, kj::AsyncIoContext* io)
      : options_(options), io_(io), payload_(Payload(static_cast<size_t>(options.size))) {
    for (int64_t i = 0; i < options.connections; ++i) {
      connections_.push_back(kj::heap<Connection>(options, io->lowLevelProvider.get()));
    }
  }

  void RunEcho(Meter* meter) {
    kj::Vector<kj::Promise<void>> slots;
    for (kj::Own<Connection>& connection : connections_) {
      for (int64_t i = 0; i < options_.in_flight; ++i) {
        slots.add(Echo(&connection->bench, meter, NowNs()));
      }
    }
    kj::joinPromises(slots.releaseAsArray()).wait(io_->waitScope);
  }

  void RunStream(Meter* meter) {
    auto over = kj::newPromiseAndFulfiller<void>();
    auto request = connections_[0]->bench.produceRequest();
    request.setSink(kj::heap<Sink>(meter, kj::mv(over.fulfiller)));
    request.setCount(options_.count > 0 ? static_cast<uint64_t>(options_.count) : kEndless);
    request.setSize(static_cast<uint32_t>(options_.size));
    over.promise.exclusiveJoin(request.send().ignoreResult()).wait(io_->waitScope);
  }

 private:
  // One call after the other.
  kj::Promise<void> Echo(over_capnp::Bench::Client* bench, Meter* meter, uint64_t begin_ns) {
    if (!meter->MayBegin()) return kj::READY_NOW;
    const auto next = [this, bench, meter, begin_ns](size_t size) {
      if (size != payload_.size()) GiveUp("an echo is not what was sent");
      return Echo(bench, meter, meter->Ended(begin_ns, Outcome::kOk));
    };
    const capnp::MessageSize size = {16 + payload_.size() / sizeof(capnp::word), 0};
    if (options_.bytes) {
      auto request = bench->echoDataRequest(size);
      request.setData({reinterpret_cast<const capnp::byte*>(payload_.data()), payload_.size()});
      return request.send().then([next](auto&& reply) { return next(reply.getData().size()); });
    }
    auto request = bench->echoRequest(size);
    request.setText(payload_.c_str());
    return request.send().then([next](auto&& reply) { return next(reply.getText().size()); });
  }

  const LoadOptions options_;
  kj::AsyncIoContext* const io_;
  const std::string payload_;
  std::vector<kj::Own<Connection>> connections_;
};

[[noreturn]] void Run(const LoadOptions& options) {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  Load load(options, &io);
  Meter meter(options);
  options.workload == "stream" ? load.RunStream(&meter) : load.RunEcho(&meter);
  std::puts(meter.Result("capnp").c_str());
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  const int code = bench::ReadLoadOptions(argc, argv, {"echo", "stream"}, &options);
  if (code >= 0) return code;
  bench::RaiseDescriptorLimit();
  bench::Run(options);
}
