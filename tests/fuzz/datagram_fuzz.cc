// Any bytes as datagrams, to a server and to a client of datagrams that have calls open: no harm is
// done, nothing is answered with more than 3 times its size, and in the end nothing is left.
//
// The input is a list of datagrams, each with 2 bytes before it: its length, and how much time goes
// by before it and from where it comes.
#include <cstdint>
#include <string>
#include <string_view>

#include "rpc/session/datagram_client.h"
#include "rpc/session/datagram_server.h"
#include "tests/fuzz/choices.h"

namespace {

using rpc::Require;
using rpc::session::Datagram;
using rpc::session::DatagramClient;
using rpc::session::DatagramLimits;
using rpc::session::DatagramServer;
using rpc::session::Event;
using rpc::session::EventKind;
using rpc::session::Method;
using rpc::session::TimeUs;

constexpr uint64_t kSession = 0x0123456789abcdef;

const Method* MethodOf(std::string_view name) {
  static const Method kUnary = {true, true};
  static const Method kStream = {true, false};
  return name.size() % 4 == 3 ? nullptr : name.size() % 4 == 2 ? &kStream : &kUnary;
}

// The handlers: some end at once, with what they were sent, some run until they are cancelled.
void Serve(DatagramServer& server) {
  for (Event event; server.Next(&event);) {
    if (event.kind == EventKind::kCall && event.header->call % 3 == 0) continue;
    const rpc::session::Payload reply = {event.body};
    server.End(event.call, event.status, &reply);
  }
}

uint64_t SentSize(DatagramServer& server) {
  uint64_t size = 0;
  for (Datagram datagram; server.NextDatagram(&datagram);) size += datagram.bytes.size();
  return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kBefore = 2;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const DatagramLimits limits = {.calls_max = 20, .memory_size_max = 20'000};
  TimeUs now_us = 0;
  DatagramServer server(limits, MethodOf, now_us);
  DatagramClient client(limits, kSession, now_us);
  for (int i = 0; i < 3; ++i) {
    Require(client.Open({.name = "Unary", .single_reply = true}, {"x"}).ok(), "a call is opened");
  }
  int ends = 0;
  uint64_t received = 0;
  uint64_t sent = 0;
  while (input.size() >= kBefore) {
    const size_t length = static_cast<uint8_t>(input[0]);
    const uint8_t choice = static_cast<uint8_t>(input[1]);
    const std::string datagram(input.substr(kBefore, length));
    input.remove_prefix(kBefore + datagram.size());
    now_us += choice * 20'000;
    server.Advance(now_us);
    server.Receive(std::string(1, static_cast<char>(choice % 2)), datagram);
    received += datagram.size();
    Serve(server);
    sent += SentSize(server);
    Require(sent <= 3 * received, "more than 3 times as much is sent as came");
    server.CheckInvariants();
    client.Advance(now_us);
    client.Receive(datagram);
    for (Event event; client.Next(&event);) ++ends;
    for (Datagram repeat; client.NextDatagram(&repeat);) {
    }
    client.CheckInvariants();
  }
  // The deadline of every call, the time that it is remembered, and what cancelled handlers take.
  for (const TimeUs later_us : {61'000'000, 62'000'000, 130'000'000}) {
    server.Advance(now_us + later_us);
    Serve(server);
    client.Advance(now_us + later_us);
    for (Event event; client.Next(&event);) ++ends;
  }
  Require(server.entries() == 0 && server.memory_size() == 0, "the server holds on to something");
  Require(ends == 3, "a call does not end once");
  return 0;
}
