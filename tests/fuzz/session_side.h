// One end of a connection in a fuzz target: a session, and an application that does with it what
// the input chooses. What it is told has to make sense: each call begins and ends once, nothing is
// told of one that is over, and in the end nothing is left.
//
//     ServerSide server(choices, Peer::kHostile);
//     while (!choices.done()) {
//       server.Feed(MadeFrame(choices));
//       server.Act(choices);
//     }
//     server.Finish();
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "rpc/session/client_session.h"
#include "rpc/session/server_session.h"
#include "tests/fuzz/choices.h"

namespace rpc::session {

// A hostile peer sends anything; of an honest one the answers are checked, too.
enum class Peer { kHostile, kHonest };

// What both ends have in common.
class SessionSide {
 public:
  virtual ~SessionSide() = default;

  // Bytes from the peer. The session takes them when it wants input: later, perhaps.
  void Feed(std::string_view bytes);
  // Of what is to be sent, so many bytes at most.
  std::string Take(size_t size_max);
  void Wait(TimeUs duration_us);
  static TimeUs ChooseWait(Choices& choices);
  // Nothing more comes from the peer.
  void EndInput();
  // An end of the input, or a transport that fails.
  void Break(Choices& choices);
  // The application does something.
  virtual void Act(Choices& choices) = 0;
  // Reads and ends all that is open, and requires that the session lets it.
  virtual void Settle() = 0;
  // The connection is gone, and all that is open ends.
  void Finish();

  bool over() const { return session().ending() != Ending::kNo; }
  // No call is open, as far as the application knows.
  virtual bool idle() const = 0;

 protected:
  explicit SessionSide(Peer peer) : peer_(peer) {}

  virtual Session& session() = 0;
  virtual const Session& session() const = 0;
  virtual void OnEvent(const Event& event) = 0;
  // Each turn: takes what has come, and listens to what there is to say of it.
  void Turn();
  void Listen();
  // Every message that waits on the call.
  void ReadAll(uint64_t call);
  virtual void OnMessage(uint64_t call, std::string_view message) = 0;

  bool honest() const { return peer_ == Peer::kHonest; }
  static Limits ChooseLimits(Choices& choices);

  TimeUs now_us_ = 1000 * kSecondUs;

 private:
  Peer peer_;
  std::string pending_;  // from the peer, not taken yet
  bool closed_ = false;
};

class ServerSide final : public SessionSide {
 public:
  ServerSide(Choices& choices, Peer peer);

  void Act(Choices& choices) override;
  void Settle() override;
  bool idle() const override { return calls_.empty(); }

 private:
  struct Served {
    const Method* method = nullptr;
    bool cancelled = false;
    bool begun = false;  // the reply has
    bool half_closed = false;
    size_t read = 0;     // messages
    size_t written = 0;  // messages
    std::string request = {};
  };
  using Calls = std::map<uint64_t, Served>;

  Session& session() override { return session_; }
  const Session& session() const override { return session_; }
  void OnEvent(const Event& event) override;
  void OnMessage(uint64_t call, std::string_view message) override;
  void End(Calls::iterator call, const absl::Status& status);

  ServerSession session_;
  Calls calls_;  // whose handlers have not ended
};

class ClientSide final : public SessionSide {
 public:
  ClientSide(Choices& choices, Peer peer);

  void Act(Choices& choices) override;
  void Settle() override;
  bool idle() const override { return calls_.empty(); }

 private:
  struct Asked {
    bool single_reply = false;
    bool written_last = false;
    size_t read = 0;     // messages
    size_t written = 0;  // messages
  };

  Session& session() override { return session_; }
  const Session& session() const override { return session_; }
  void OnEvent(const Event& event) override;
  void OnMessage(uint64_t call, std::string_view message) override;
  void Open(Choices& choices);

  ClientSession session_;
  std::map<uint64_t, Asked> calls_;  // that have not ended
};

}  // namespace rpc::session
