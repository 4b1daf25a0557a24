// Thrift's blocking client, pipelined by its generated send_ and recv_ pairs: a thread for each
// connection. Its stream is the other way round, of requests without an answer.
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <atomic>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/measure/descriptors.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/measure/meter.h"
#include "tests/bench/measure/payload.h"
#include "tests/bench/peers/sockets.h"
#include "tests/bench/peers/thrift/Bench.h"

namespace bench {
namespace {

namespace thrift = apache::thrift;

class Connection {
 public:
  explicit Connection(const LoadOptions& options) {
    const auto socket =
        std::make_shared<thrift::transport::TSocket>(ConnectTo(options.server, options.congestion));
    // Buffered below the frames, so that many replies are one read.
    const auto buffered = std::make_shared<thrift::transport::TBufferedTransport>(socket, 1 << 16);
    const auto framed = std::make_shared<thrift::transport::TFramedTransport>(buffered);
    client = std::make_unique<over_thrift::BenchClient>(
        std::make_shared<thrift::protocol::TBinaryProtocol>(framed));
    const std::string payload = Payload(static_cast<size_t>(options.size));
    options.bytes ? request.__set_data(payload) : request.__set_text(payload);
  }

  std::unique_ptr<over_thrift::BenchClient> client;
  over_thrift::Blob request;
};

// What sockets surely hold in both directions, so that a thread may write all before it reads.
constexpr int64_t kSizeMax = 64 << 10;

class Load {
 public:
  explicit Load(const LoadOptions& options) : options_(options), meter_(options) {
    for (int64_t i = 0; i < options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(options));
    }
  }

  void Run() {
    if (options_.workload == "stream") return RunStream(connections_[0].get());
    std::vector<std::thread> threads;
    for (size_t i = 1; i < connections_.size(); ++i) {
      threads.emplace_back([this, i] { RunConnection(connections_[i].get()); });
    }
    RunConnection(connections_[0].get());
    for (std::thread& thread : threads) thread.join();
  }

  void PrintResult() { std::puts(meter_.Result("thrift").c_str()); }

 private:
  void RunConnection(Connection* connection) {
    options_.in_flight* options_.size > kSizeMax ? RunLarge(connection) : RunEcho(connection);
  }

  void RunEcho(Connection* connection) {
    std::deque<uint64_t> begin_ns;  // of the calls that are open
    for (int64_t i = 0; i < options_.in_flight && MayBegin(); ++i) {
      begin_ns.push_back(NowNs());
      connection->client->send_Echo(connection->request);
    }
    over_thrift::Blob reply;
    while (!begin_ns.empty()) {
      connection->client->recv_Echo(reply);
      const uint64_t now_ns = Ended(begin_ns.front());
      begin_ns.pop_front();
      if (!MayBegin()) continue;
      begin_ns.push_back(now_ns);
      connection->client->send_Echo(connection->request);
    }
  }

  // With another thread for the requests: the server reads no more of them until it could write its
  // reply, which this thread takes meanwhile.
  void RunLarge(Connection* connection) {
    std::counting_semaphore<> room(options_.in_flight);
    std::counting_semaphore<> sent(0);
    std::deque<uint64_t> begin_ns;  // of the calls that are open; guarded by the mutex
    std::atomic<bool> over = false;
    std::thread sender([&] {
      for (room.acquire(); MayBegin(); room.acquire()) {
        Push(&begin_ns);
        sent.release();  // the reply may be awaited while the request is still on its way
        connection->client->send_Echo(connection->request);
      }
      over = true;
      sent.release();
    });
    over_thrift::Blob reply;
    for (sent.acquire(); !over || !IsEmpty(begin_ns); sent.acquire()) {
      connection->client->recv_Echo(reply);
      Ended(Pop(&begin_ns));
      room.release();
    }
    sender.join();
  }

  void Push(std::deque<uint64_t>* begin_ns) {
    std::lock_guard lock(mutex_);
    begin_ns->push_back(NowNs());
  }
  uint64_t Pop(std::deque<uint64_t>* begin_ns) {
    std::lock_guard lock(mutex_);
    const uint64_t first = begin_ns->front();
    begin_ns->pop_front();
    return first;
  }
  bool IsEmpty(const std::deque<uint64_t>& begin_ns) {
    std::lock_guard lock(mutex_);
    return begin_ns.empty();
  }

  void RunStream(Connection* connection) {
    constexpr int64_t kStep = 64;  // the clock is read once for so many messages
    int64_t sent = 0;
    while (!meter_.over() && (options_.count == 0 || sent < options_.count)) {
      for (int64_t i = 0; i < kStep; ++i) connection->client->Take(connection->request);
      sent += kStep;
      meter_.Passed(kStep);
    }
    over_thrift::Blob reply;
    connection->client->Echo(reply, connection->request);  // all have been taken
  }

  bool MayBegin() {
    std::lock_guard lock(mutex_);
    return meter_.MayBegin();
  }
  uint64_t Ended(uint64_t begin_ns) {
    std::lock_guard lock(mutex_);
    return meter_.Ended(begin_ns, Outcome::kOk);
  }

  const LoadOptions options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::mutex mutex_;
  Meter meter_;  // guarded by the mutex
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  const int code = bench::ReadLoadOptions(argc, argv, {"echo", "stream"}, &options);
  if (code >= 0) return code;
  bench::RaiseDescriptorLimit();
  bench::Load load(options);
  load.Run();
  load.PrintResult();
}
