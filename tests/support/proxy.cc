#include "tests/support/proxy.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
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

// A connection that fails later tells its flows; one that cannot begin is none.
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

Proxy::Proxy(std::string_view server)
    : server_(Parse(server)),
      listener_(ListenAt(Parse("tcp://127.0.0.1:0"))),
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
  std::lock_guard lock(mutex_);
  faults_[direction].forwards = false;
  for (Connection& each : connections_) each.flows[direction].faults().forwards = false;
}

void Proxy::Forward() {
  std::lock_guard lock(mutex_);
  faults_ = {};
  for (Connection& each : connections_) {
    for (Flow& flow : each.flows) flow.faults() = {};
  }
  Wake();
}

void Proxy::CutAfter(Direction direction, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  faults_[direction].cut_after = bytes;
  for (Connection& each : connections_) each.flows[direction].faults().cut_after = bytes;
  Wake();
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

uint64_t Proxy::bytes(Direction direction) const {
  std::lock_guard lock(mutex_);
  uint64_t sum = bytes_of_ended_[direction];
  for (const Connection& each : connections_) sum += each.flows[direction].bytes();
  return sum;
}

bool Proxy::Accepts() const { return faults_[kToServer].forwards || faults_[kToClient].forwards; }

// Its thread.

void Proxy::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<pollfd> polled = WhatToPoll();
    lock.unlock();
    poll(polled.data(), polled.size(), -1);
    uint64_t wakes = 0;
    (void)!read(wake_.get(), &wakes, sizeof(wakes));
    lock.lock();
    AcceptOne();
    MoveAll();
    ForgetEnded();
  }
}

std::vector<pollfd> Proxy::WhatToPoll() {
  std::vector<pollfd> polled = {Asking(wake_, true, false), Asking(listener_, Accepts(), false)};
  for (const Connection& each : connections_) {
    const Flow& to_server = each.flows[kToServer];
    const Flow& to_client = each.flows[kToClient];
    polled.push_back(Asking(each.client, to_server.WantsInput(), to_client.WantsOutput()));
    polled.push_back(Asking(each.server, to_client.WantsInput(), to_server.WantsOutput()));
  }
  return polled;
}

void Proxy::AcceptOne() {
  if (!Accepts()) return;
  net::Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!client) return;
  net::Descriptor server = ConnectTo(server_);
  if (!server) return;
  Connection& connection = connections_.emplace_back(std::move(client), std::move(server));
  for (const Direction each : {kToServer, kToClient})
    connection.flows[each].faults() = faults_[each];
}

// Each tries: their sockets do not block, and a test has few.
void Proxy::MoveAll() {
  for (Connection& each : connections_) {
    for (Flow& flow : each.flows) flow.Move();
  }
}

void Proxy::ForgetEnded() {
  for (const Connection& each : connections_) {
    if (!each.IsOver()) continue;
    for (const Direction d : {kToServer, kToClient}) bytes_of_ended_[d] += each.flows[d].bytes();
  }
  connections_.remove_if([](const Connection& each) { return each.IsOver(); });
}

void Proxy::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

}  // namespace rpc
