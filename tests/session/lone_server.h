// A server session alone, fed by hand at full speed: for floods. It writes nothing down, so that
// the memory it takes is the session's own.
//
//     LoneServer server(limits);
//     server.on_event = [&](const Event& event) { ... };
//     server.Feed(hand::Hello());
//     EXPECT_LE(server.TakeOutput(), 1000u);
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>

#include "rpc/session/server_session.h"
#include "tests/session/session_pair.h"

namespace rpc::session {

class LoneServer {
 public:
  static constexpr TimeUs kStartUs = 1000 * kSecondUs;

  explicit LoneServer(const Limits& limits = {})
      : session(&buffers_, limits, SessionPair::FindMethod, kStartUs) {}

  // Gives bytes to the session, whether it wants them or not, and takes its events.
  void Feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> space = session.Space();
      const size_t size = std::min(bytes.size(), space.size());
      std::memcpy(space.data(), bytes.data(), size);
      session.Commit(size);
      bytes.remove_prefix(size);
      Listen();
    }
  }

  void Listen() {
    for (Event event; session.Next(&event);) {
      if (on_event) on_event(event);
    }
  }

  // Reads what the session has to send; returns how many bytes that were.
  size_t TakeOutput() {
    size_t size = 0;
    while (!session.Pieces().empty()) {
      const size_t piece = session.Pieces()[0].bytes.size();
      session.Consume(piece);
      size += piece;
    }
    Listen();
    return size;
  }

  std::function<void(const Event&)> on_event;

 private:
  Buffers buffers_;

 public:
  ServerSession session;
};

}  // namespace rpc::session
