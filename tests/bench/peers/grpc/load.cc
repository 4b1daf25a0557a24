// gRPC's client over its callback API; with --workload=wait over its blocking stubs.
#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/measure/descriptors.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/measure/meter.h"
#include "tests/bench/measure/payload.h"
#include "tests/bench/peers/grpc/bench_grpc.grpc.pb.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

using Stub = over_grpc::Bench::Stub;

// What the threads of the library share: calls end on any of them.
class Load {
 public:
  explicit Load(const LoadOptions& options) : meter_(options) {}

  bool MayBegin() {
    std::lock_guard lock(mutex_);
    return meter_.MayBegin();
  }

  // Each that makes one call after the other enters before the first, and leaves after the last.
  void Enter() {
    std::lock_guard lock(mutex_);
    ++callers_;
  }
  void Leave() {
    std::lock_guard lock(mutex_);
    if (--callers_ == 0) all_left_.notify_one();
  }

  uint64_t Ended(uint64_t begin_ns, const grpc::Status& status) {
    std::lock_guard lock(mutex_);
    if (!status.ok()) GiveUp("a call failed: " + status.error_message());
    return meter_.Ended(begin_ns, Outcome::kOk);
  }

  // Whether more is wanted.
  bool Passed(uint64_t count) {
    std::lock_guard lock(mutex_);
    meter_.Passed(count);
    return !meter_.over();
  }

  void AwaitAllLeft() {
    std::unique_lock lock(mutex_);
    all_left_.wait(lock, [this] { return callers_ == 0; });
  }

  [[noreturn]] void Finish() {
    std::lock_guard lock(mutex_);
    std::puts(meter_.Result("grpc").c_str());
    std::fflush(stdout);
    std::_Exit(0);
  }

 private:
  std::mutex mutex_;
  Meter meter_;  // guarded by the mutex, as what follows
  size_t callers_ = 0;
  std::condition_variable all_left_;
};

// One call after the other.
class Slot {
 public:
  Slot(Stub* stub, Load* load, const Blob& request) : stub_(stub), load_(load), request_(request) {}

  void Begin() {
    if (!load_->MayBegin()) return load_->Leave();
    context_ = std::make_unique<grpc::ClientContext>();
    stub_->async()->Echo(context_.get(), &request_, &reply_, [this](const grpc::Status& status) {
      begin_ns_ = load_->Ended(begin_ns_, status);
      Begin();
    });
  }

 private:
  Stub* const stub_;
  Load* const load_;
  const Blob request_;
  Blob reply_;
  std::unique_ptr<grpc::ClientContext> context_;
  uint64_t begin_ns_ = NowNs();
};

class Sink final : public grpc::ClientReadReactor<Blob> {
 public:
  Sink(Stub* stub, Load* load, const LoadOptions& options) : load_(load) {
    request_.set_count(options.count > 0 ? static_cast<uint64_t>(options.count)
                                         : uint64_t{1} << 60);
    request_.set_size(static_cast<uint32_t>(options.size));
    stub->async()->Produce(&context_, &request_, this);
    StartRead(&blob_);
    StartCall();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (!load_->Passed(1)) context_.TryCancel();
    StartRead(&blob_);
  }
  void OnDone(const grpc::Status&) override { load_->Leave(); }

  Load* const load_;
  grpc::ClientContext context_;
  ProduceRequest request_;
  Blob blob_;
};

std::shared_ptr<grpc::Channel> Connect(const LoadOptions& options, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  // Without these, channels with the same target share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt("bench.connection", number);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.congestion.empty()) {
    const int fd = ConnectTo(options.server, options.congestion);
    SetNonBlocking(fd);
    return grpc::CreateCustomInsecureChannelFromFd("bench", fd, arguments);
  }
  const Address address = ReadAddress(options.server);
  const std::string target = address.is_unix() ? "unix:" + address.path
                                               : address.host + ":" + std::to_string(address.port);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

std::vector<std::unique_ptr<Stub>> ConnectAll(const LoadOptions& options) {
  const gpr_timespec deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(10, GPR_TIMESPAN));
  std::vector<std::unique_ptr<Stub>> stubs;
  for (int i = 0; i < static_cast<int>(options.connections); ++i) {
    const std::shared_ptr<grpc::Channel> channel = Connect(options, i);
    // A channel over a socket of ours is connected, and cannot say so.
    if (options.congestion.empty()) channel->WaitForConnected(deadline);
    stubs.push_back(over_grpc::Bench::NewStub(channel));
  }
  return stubs;
}

Blob RequestFor(const LoadOptions& options) {
  const std::string payload = Payload(static_cast<size_t>(options.size));
  Blob request;
  options.bytes ? request.set_data(payload) : request.set_text(payload);
  return request;
}

void Wait(Stub* stub, Load* load, const Blob& request) {
  Blob reply;
  uint64_t begin_ns = NowNs();
  while (load->MayBegin()) {
    grpc::ClientContext context;
    begin_ns = load->Ended(begin_ns, stub->Echo(&context, request, &reply));
  }
}

[[noreturn]] void Run(const LoadOptions& options) {
  const std::vector<std::unique_ptr<Stub>> stubs = ConnectAll(options);
  const Blob request = RequestFor(options);
  const size_t places = stubs.size() * static_cast<size_t>(options.in_flight);
  Load load(options);
  if (options.workload == "wait") {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < places; ++i) {
      threads.emplace_back(Wait, stubs[i % stubs.size()].get(), &load, request);
    }
    for (std::thread& thread : threads) thread.join();
    load.Finish();
  }
  std::vector<std::unique_ptr<Slot>> slots;
  std::unique_ptr<Sink> sink;
  if (options.workload == "stream") {
    load.Enter();
    sink = std::make_unique<Sink>(stubs[0].get(), &load, options);
  } else {
    for (size_t i = 0; i < places; ++i) {
      load.Enter();
      slots.push_back(std::make_unique<Slot>(stubs[i % stubs.size()].get(), &load, request));
    }
    for (const auto& slot : slots) slot->Begin();
  }
  load.AwaitAllLeft();
  load.Finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  const int code = bench::ReadLoadOptions(argc, argv, {"echo", "stream", "wait"}, &options);
  if (code >= 0) return code;
  bench::RaiseDescriptorLimit();
  bench::Run(options);
}
