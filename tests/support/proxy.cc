#include "tests/support/proxy.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "gtest/gtest.h"
#include "rpc/net/address.h"

namespace rpc {
namespace {

net::SocketAddress Parse(std::string_view text) {
  const auto address = net::ParseAddress(text);
  EXPECT_TRUE(address.ok()) << address.status();
  return **net::AddressWithoutLookup(*address);
}

constexpr uint64_t kPollMsMax = 60'000;

uint64_t NowUs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// How clients have to connect to what leads there.
net::Scheme SchemeTo(std::string_view server) {
  return server.starts_with("tls:") ? net::Scheme::kTls : net::Scheme::kTcp;
}

net::Descriptor NewSocket(int family) {
  return net::Descriptor(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

net::Descriptor ListenAt(const net::SocketAddress& address) {
  net::Descriptor listener = NewSocket(address.family());
  EXPECT_EQ(bind(listener.get(), address.get(), address.size), 0);
  EXPECT_EQ(listen(listener.get(), SOMAXCONN), 0);
  return listener;
}

// A connection that fails later tells its flows; one that cannot begin, such as one to a unix
// socket whose queue is full, is none.
net::Descriptor ConnectTo(const net::SocketAddress& address) {
  net::Descriptor connecting = NewSocket(address.family());
  const bool done = connect(connecting.get(), address.get(), address.size) == 0;
  return done || errno == EINPROGRESS ? std::move(connecting) : net::Descriptor();
}

// Nothing is asked of a socket that nothing is wanted from: poll() would tell of its end each time.
pollfd Asking(const net::Descriptor& socket, bool input, bool output) {
  const int events = (input ? POLLIN : 0) | (output ? POLLOUT : 0);
  return {
      .fd = events == 0 ? -1 : socket.get(), .events = static_cast<short>(events), .revents = 0};
}

}  // namespace

Proxy::Connection::Connection(net::Descriptor the_client, net::Descriptor the_server)
    : client(std::move(the_client)),
      server(std::move(the_server)),
      flows{Flow(client.get(), server.get()), Flow(server.get(), client.get())} {}

bool Proxy::Connection::IsOver() const {
  if (flows[kToServer].broken() || flows[kToClient].broken()) return true;
  return flows[kToServer].ended() && flows[kToClient].ended();
}

Proxy::Proxy(std::string_view server, std::string_view listen)
    : server_(Parse(server)),
      listener_(ListenAt(Parse(listen))),
      address_(net::ToString(net::LocalAddress(listener_.get()), SchemeTo(server))),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  thread_ = std::thread([this] { Run(); });
}

Proxy::~Proxy() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
}

void Proxy::StopForwarding() {
  StopForwarding(kToServer);
  StopForwarding(kToClient);
}

void Proxy::StopForwarding(Direction direction) {
  Change(direction, [](Faults& faults) { faults.forwards = false; });
}

void Proxy::Forward() {
  for (const Direction each : {kToServer, kToClient}) {
    Change(each,
           [](Faults& faults) { faults = {.corrupts_bodies_only = faults.corrupts_bodies_only}; });
  }
  std::lock_guard lock(mutex_);
  cut_each_.reset();
}

void Proxy::CutAfter(Direction direction, uint64_t bytes) {
  Change(direction, [=](Faults& faults) { faults.cut_after = bytes; });
}

void Proxy::CutEach(uint64_t min, uint64_t max, uint64_t seed) {
  std::lock_guard lock(mutex_);
  cut_each_ = {.min = min, .max = max};
  Reseed(seed, [this](Connection& each) { DrawCuts(&each); });
  Wake();
}

void Proxy::Delay(absl::Duration delay) {
  for (const Direction each : {kToServer, kToClient}) Delay(each, delay);
}

void Proxy::Delay(Direction direction, absl::Duration delay) {
  const auto delay_us = static_cast<uint64_t>(absl::ToInt64Microseconds(delay));
  Change(direction, [=](Faults& faults) { faults.delay_us = delay_us; });
}

void Proxy::Throttle(uint64_t bytes_per_s) {
  for (const Direction each : {kToServer, kToClient}) Throttle(each, bytes_per_s);
}

void Proxy::Throttle(Direction direction, uint64_t bytes_per_s) {
  Change(direction, [=](Faults& faults) { faults.bytes_per_s = bytes_per_s; });
}

void Proxy::CorruptAfter(Direction direction, uint64_t bytes) {
  Change(direction, [=](Faults& faults) { faults.corrupt_after = bytes; });
}

void Proxy::Corrupt(double rate, uint64_t seed) {
  for (const Direction each : {kToServer, kToClient}) Corrupt(each, rate, seed);
}

void Proxy::Corrupt(Direction direction, double rate, uint64_t seed) {
  {
    std::lock_guard lock(mutex_);
    Reseed(seed, [&](Connection& each) { each.flows[direction].Seed(random_()); });
  }
  Change(direction, [=](Faults& faults) { faults.corrupt_rate = rate; });
}

void Proxy::CorruptBodiesOnly() {
  for (const Direction each : {kToServer, kToClient}) {
    Change(each, [](Faults& faults) { faults.corrupts_bodies_only = true; });
  }
}

void Proxy::Close() {
  std::lock_guard lock(mutex_);
  for (Connection& each : connections_) {
    for (Flow& flow : each.flows) flow.Break();
  }
  ForgetEnded();
  Wake();
}

void Proxy::HalfClose(Direction direction) {
  std::lock_guard lock(mutex_);
  for (Connection& each : connections_) each.flows[direction].End();
  Wake();
}

size_t Proxy::connections() const {
  std::lock_guard lock(mutex_);
  return connections_.size();
}

uint64_t Proxy::connections_cut() const {
  std::lock_guard lock(mutex_);
  uint64_t sum = ended_cut_;
  for (const Connection& each : connections_) sum += each.IsCut() ? 1 : 0;
  return sum;
}

uint64_t Proxy::bytes(Direction direction) const {
  return Sum(direction, &Flow::bytes, bytes_of_ended_);
}

uint64_t Proxy::bytes_corrupted(Direction direction) const {
  return Sum(direction, &Flow::bytes_corrupted, bytes_corrupted_of_ended_);
}

uint64_t Proxy::Sum(Direction direction, uint64_t (Flow::*bytes)() const,
                    const std::array<uint64_t, 2>& of_ended) const {
  std::lock_guard lock(mutex_);
  uint64_t sum = of_ended[direction];
  for (const Connection& each : connections_) sum += (each.flows[direction].*bytes)();
  return sum;
}

void Proxy::Change(Direction direction, const std::function<void(Faults&)>& change) {
  std::lock_guard lock(mutex_);
  change(faults_[direction]);
  for (Connection& each : connections_) change(each.flows[direction].faults());
  Wake();
}

// What becomes of connections to come does not depend on how many there are now.
void Proxy::Reseed(uint64_t seed, const std::function<void(Connection&)>& draw) {
  random_.seed(~seed);
  for (Connection& each : connections_) draw(each);
  random_.seed(seed);
}

void Proxy::DrawCuts(Connection* connection) {
  if (!cut_each_.has_value()) return;
  for (Flow& flow : connection->flows) {
    flow.faults().cut_after = cut_each_->min + random_() % (cut_each_->max - cut_each_->min + 1);
  }
}

bool Proxy::Accepts() const { return faults_[kToServer].forwards || faults_[kToClient].forwards; }

// Its thread.

void Proxy::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const uint64_t now_us = NowUs();
    std::vector<pollfd> polled = WhatToPoll(now_us);
    const int timeout_ms = PollTimeoutMs(now_us);
    lock.unlock();
    poll(polled.data(), polled.size(), timeout_ms);
    uint64_t wakes = 0;
    (void)!read(wake_.get(), &wakes, sizeof(wakes));
    lock.lock();
    AcceptOne();
    MoveAll();
    ForgetEnded();
  }
}

std::vector<pollfd> Proxy::WhatToPoll(uint64_t now_us) {
  std::vector<pollfd> polled = {Asking(wake_, true, false), Asking(listener_, Accepts(), false)};
  for (const Connection& each : connections_) {
    const Flow& to_server = each.flows[kToServer];
    const Flow& to_client = each.flows[kToClient];
    polled.push_back(Asking(each.client, to_server.WantsInput(), to_client.WantsOutput(now_us)));
    polled.push_back(Asking(each.server, to_client.WantsInput(), to_server.WantsOutput(now_us)));
  }
  return polled;
}

// Until the first flow that has to wait for its time may write.
int Proxy::PollTimeoutMs(uint64_t now_us) const {
  uint64_t first_us = UINT64_MAX;
  for (const Connection& each : connections_) {
    for (const Flow& flow : each.flows) {
      const uint64_t at_us = flow.WantsOutputAtUs();
      if (at_us > now_us) first_us = std::min(first_us, at_us);
    }
  }
  if (first_us == UINT64_MAX) return -1;
  return static_cast<int>(std::min(kPollMsMax, (first_us - now_us) / 1'000 + 1));
}

void Proxy::AcceptOne() {
  if (!Accepts()) return;
  net::Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!client) return;
  net::Descriptor server = ConnectTo(server_);
  if (!server) return;
  Connection& connection = connections_.emplace_back(std::move(client), std::move(server));
  for (const Direction each : {kToServer, kToClient}) {
    connection.flows[each].faults() = faults_[each];
    connection.flows[each].Seed(random_());
  }
  DrawCuts(&connection);
}

// Each tries: their sockets do not block, and a test has few.
void Proxy::MoveAll() {
  const uint64_t now_us = NowUs();
  for (Connection& each : connections_) {
    for (Flow& flow : each.flows) flow.Move(now_us);
  }
}

void Proxy::ForgetEnded() {
  for (const Connection& each : connections_) {
    if (!each.IsOver()) continue;
    if (each.IsCut()) ++ended_cut_;
    for (const Direction d : {kToServer, kToClient}) {
      bytes_of_ended_[d] += each.flows[d].bytes();
      bytes_corrupted_of_ended_[d] += each.flows[d].bytes_corrupted();
    }
  }
  connections_.remove_if([](const Connection& each) { return each.IsOver(); });
}

void Proxy::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

}  // namespace rpc
