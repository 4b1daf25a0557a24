// A client session and a server session, joined by bytes that go whenever and in whatever pieces
// the input chooses, with two applications that do anything they may: every call ends once, with
// what the other side said, and when both keep still nothing is open any more.
#include <cstdint>
#include <string>

#include "tests/fuzz/session_side.h"

using rpc::Choices;
using rpc::Require;
using rpc::session::ClientSide;
using rpc::session::Peer;
using rpc::session::ServerSide;
using rpc::session::SessionSide;

namespace {

size_t ChooseSize(Choices& choices) {
  constexpr size_t kSizes[] = {1, 4, 30, 300, 5'000, SIZE_MAX};
  return kSizes[choices.UpTo(5)];
}

void Carry(SessionSide& from, SessionSide& to, size_t size_max = SIZE_MAX) {
  to.Feed(from.Take(size_max));
}

// All that can happen without anybody's doing happens, and every call is ended by its handler.
void KeepStill(ClientSide& client, ServerSide& server) {
  for (bool moves = true; moves;) {
    const std::string request = client.Take(SIZE_MAX);
    server.Feed(request);
    server.Settle();
    const std::string reply = server.Take(SIZE_MAX);
    client.Feed(reply);
    client.Settle();
    // Who is done closes the connection.
    if (server.over()) client.EndInput();
    if (client.over()) server.EndInput();
    moves = !request.empty() || !reply.empty();
  }
  Require(client.idle(), "a call of the client waits for ever");
  Require(server.idle(), "a call of the server waits for ever");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Choices choices(data, size);
  ServerSide server(choices, Peer::kHonest);
  ClientSide client(choices, Peer::kHonest);
  bool broken = false;
  while (!choices.done()) {
    switch (choices.UpTo(8)) {
      case 0:
      case 1:
      case 2:
        client.Act(choices);
        break;
      case 3:
      case 4:
        server.Act(choices);
        break;
      case 5:
        Carry(client, server, ChooseSize(choices));
        break;
      case 6:
        Carry(server, client, ChooseSize(choices));
        break;
      case 7: {
        const rpc::session::TimeUs wait_us = SessionSide::ChooseWait(choices);
        server.Wait(wait_us);
        client.Wait(wait_us);
        break;
      }
      case 8:
        if (choices.UpTo(30) != 30) break;
        broken = true;
        choices.UpTo(1) == 0 ? server.Break(choices) : client.Break(choices);
        break;
    }
  }
  if (!broken) KeepStill(client, server);
  client.Finish();
  server.Finish();
  return 0;
}
