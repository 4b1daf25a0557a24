#include "tests/support/datagram_proxy.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "gtest/gtest.h"
#include "rpc/net/address.h"

namespace rpc {
namespace {

constexpr size_t kDatagramSizeMax = 64 << 10;
constexpr uint64_t kPollMsMax = 60'000;

uint64_t NowUs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

net::SocketAddress Parse(std::string_view text) {
  const auto address = net::ParseAddress(text);
  EXPECT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->scheme, net::Scheme::kUdp) << text;
  return **net::AddressWithoutLookup(*address);
}

net::Descriptor NewSocket(int family) {
  return net::Descriptor(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

net::Descriptor BindAt(const net::SocketAddress& address) {
  net::Descriptor socket = NewSocket(address.family());
  EXPECT_EQ(bind(socket.get(), address.get(), address.size), 0);
  return socket;
}

net::Descriptor ConnectTo(const net::SocketAddress& address) {
  net::Descriptor socket = NewSocket(address.family());
  EXPECT_EQ(connect(socket.get(), address.get(), address.size), 0);
  return socket;
}

bool AreEqual(const net::SocketAddress& a, const net::SocketAddress& b) {
  return a.size == b.size && std::memcmp(a.get(), b.get(), a.size) == 0;
}

pollfd AskingForInput(const net::Descriptor& socket) {
  return {.fd = socket.get(), .events = POLLIN, .revents = 0};
}

}  // namespace

DatagramProxy::DatagramProxy(std::string_view server, uint64_t seed)
    : server_(Parse(server)),
      socket_(BindAt(Parse("udp://127.0.0.1:0"))),
      address_(net::ToString(net::LocalAddress(socket_.get()), net::Scheme::kUdp)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      random_(seed) {
  thread_ = std::thread([this] { Run(); });
}

DatagramProxy::~DatagramProxy() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
}

void DatagramProxy::Set(const DatagramFaults& faults) {
  for (const Direction each : {kToServer, kToClient}) Set(each, faults);
}

void DatagramProxy::Set(Direction direction, const DatagramFaults& faults) {
  std::lock_guard lock(mutex_);
  faults_[direction] = faults;
  for (Client& each : clients_) each.flows[direction].faults = faults;
}

void DatagramProxy::ForgetSilent(uint64_t silence_us) {
  std::lock_guard lock(mutex_);
  const uint64_t now_us = NowUs();
  clients_.remove_if([&](const Client& each) { return each.came_us + silence_us <= now_us; });
}

DatagramCounts DatagramProxy::counts(Direction direction) const {
  std::lock_guard lock(mutex_);
  DatagramCounts sum;
  for (const Client& each : clients_) {
    const DatagramCounts& counts = each.flows[direction].counts();
    sum.came += counts.came;
    sum.lost += counts.lost;
    sum.duplicated += counts.duplicated;
    sum.reordered += counts.reordered;
    sum.corrupted += counts.corrupted;
  }
  return sum;
}

size_t DatagramProxy::clients() const {
  std::lock_guard lock(mutex_);
  return clients_.size();
}

// Its thread.

void DatagramProxy::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<pollfd> polled = WhatToPoll();
    const int timeout_ms = PollTimeoutMs();
    lock.unlock();
    poll(polled.data(), polled.size(), timeout_ms);
    lock.lock();
    ReceiveFromClients();
    for (Client& each : clients_) {
      ReceiveFromServer(&each);
      Deliver(&each);
    }
  }
}

std::vector<pollfd> DatagramProxy::WhatToPoll() const {
  std::vector<pollfd> polled = {AskingForInput(wake_), AskingForInput(socket_)};
  for (const Client& each : clients_) polled.push_back(AskingForInput(each.server));
  return polled;
}

// Until the next datagram is to arrive.
int DatagramProxy::PollTimeoutMs() const {
  uint64_t next_us = UINT64_MAX;
  for (const Client& each : clients_) {
    for (const DatagramFlow& flow : each.flows) next_us = std::min(next_us, flow.next_us());
  }
  const uint64_t now_us = NowUs();
  if (next_us == UINT64_MAX) return -1;
  if (next_us <= now_us) return 0;
  return static_cast<int>(std::min(kPollMsMax, (next_us - now_us) / 1'000 + 1));
}

void DatagramProxy::ReceiveFromClients() {
  char buffer[kDatagramSizeMax];
  for (;;) {
    net::SocketAddress from = {.storage = {}, .size = sizeof(sockaddr_storage)};
    const ssize_t size = recvfrom(socket_.get(), buffer, sizeof(buffer), 0, from.get(), &from.size);
    if (size < 0) return;
    Client* const client = ClientAt(from);
    client->came_us = NowUs();
    client->flows[kToServer].Put(std::string(buffer, static_cast<size_t>(size)), client->came_us);
  }
}

// An error, such as that of a server that is gone, is of no interest: datagrams may be lost.
void DatagramProxy::ReceiveFromServer(Client* client) {
  char buffer[kDatagramSizeMax];
  for (;;) {
    const ssize_t size = recv(client->server.get(), buffer, sizeof(buffer), 0);
    if (size < 0) return;
    client->flows[kToClient].Put(std::string(buffer, static_cast<size_t>(size)), NowUs());
  }
}

void DatagramProxy::Deliver(Client* client) {
  const uint64_t now_us = NowUs();
  while (const auto datagram = client->flows[kToServer].Take(now_us)) {
    (void)!send(client->server.get(), datagram->data(), datagram->size(), MSG_NOSIGNAL);
  }
  while (const auto datagram = client->flows[kToClient].Take(now_us)) {
    (void)!sendto(socket_.get(), datagram->data(), datagram->size(), MSG_NOSIGNAL,
                  client->address.get(), client->address.size);
  }
}

DatagramProxy::Client* DatagramProxy::ClientAt(const net::SocketAddress& address) {
  for (Client& each : clients_) {
    if (AreEqual(each.address, address)) return &each;
  }
  Client& added =
      clients_.emplace_back(Client{.address = address,
                                   .server = ConnectTo(server_),
                                   .flows = {DatagramFlow(random_()), DatagramFlow(random_())}});
  for (const Direction each : {kToServer, kToClient}) added.flows[each].faults = faults_[each];
  return &added;
}

void DatagramProxy::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

}  // namespace rpc
