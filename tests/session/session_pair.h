// A client and a server session joined in memory, with a manual clock: the verbs of the tests.
//
//     SessionPair pair;
//     uint64_t call = pair.Open("echo.Echo/Say", "hello");
//     pair.Run();
//     EXPECT_EQ(pair.server_log(), ...);
//     pair.Reply(call, "HELLO");
//     pair.Run();
//     EXPECT_EQ(pair.End(call).body, "HELLO");
//
// Either side can be played by the test instead, with frames written by hand (hand_frames.h):
//
//     pair.PlayClient();
//     pair.FeedServer(hand::Call(1, "Unary", "x"));
//
// Everything that happens is written down: frames in words, in trace(); frames and events, in
// history(); what each side was told, by call. The invariants of both sessions are checked after
// every step.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/session/client_session.h"
#include "rpc/session/server_session.h"

namespace rpc::session {

using MetadataList = std::vector<std::pair<std::string, std::string>>;

// What one side has been told of one call.
struct CallLog {
  bool begun = false;  // server: kCall
  std::string name;
  MetadataList metadata;  // server: of the request; client: leading
  uint64_t timeout_us = 0;
  std::optional<std::string> request;  // of a method with one
  std::vector<std::string> messages;   // read so far
  bool half_closed = false;
  int writable = 0;
  int ends = 0;  // server: kCancelled; client: kEnd
  absl::Status status;
  std::string body;  // client: the reply of a method with one
  bool unseen = false;
  MetadataList trailing;
};

struct PairOptions {
  Limits client = {};
  Limits server = {};
  bool hello = true;
  bool read_at_once = true;  // messages are read as soon as they come
};

class SessionPair {
 public:
  explicit SessionPair(const PairOptions& options = {});
  ~SessionPair();

  // Methods: names that end in Unary, ServerStream, ClientStream, Both; others do not exist.
  static const Method* FindMethod(std::string_view name);

  ClientSession& client() { return *client_; }
  ServerSession& server() { return *server_; }

  // Client's verbs. Open REQUIRES that it succeeds.
  uint64_t Open(std::string_view name, std::string_view message, Opening opening = {});
  uint64_t OpenBare(std::string_view name, Opening opening = {});

  // Server's verbs.
  void Reply(uint64_t call, std::string_view message);
  void End(uint64_t call, const absl::Status& status = absl::OkStatus());

  // Carries bytes both ways until nothing moves.
  void Run();
  // The same in one direction, at most `size_max` bytes; returns how many.
  size_t ToServer(size_t size_max = SIZE_MAX);
  size_t ToClient(size_t size_max = SIZE_MAX);
  // Gives bytes of the test's own to a side, as if the other had sent them.
  void FeedServer(std::string_view bytes);
  void FeedClient(std::string_view bytes);
  // From now on the test plays this side: its session is left alone, and what the other side sends
  // goes to received().
  void PlayServer() { server_played_ = true; }
  void PlayClient() { client_played_ = true; }
  const std::string& received() const { return received_; }
  // Takes the events of both sides without moving a byte.
  void Listen();

  // Lets time pass on both sides, carrying bytes meanwhile if `run`. Fails when a session asks to
  // be woken again and again.
  void Wait(TimeUs duration_us, bool run = true);
  TimeUs now_us() const { return now_us_; }

  void SetReadAtOnce(bool read) { read_at_once_ = read; }
  // Reads what waits on a call of the client's, of the server's.
  std::vector<std::string> ReadClient(uint64_t call);
  std::vector<std::string> ReadServer(uint64_t call);

  CallLog& AtClient(uint64_t call) { return client_log_[call]; }
  CallLog& AtServer(uint64_t call) { return server_log_[call]; }
  // Events that belong to no call.
  bool draining = false;
  std::optional<absl::Status> client_closed;
  std::optional<absl::Status> server_closed;

  // Every frame in words, in the order of sending: "C: CALL 1 ...", "S: END 1 ...".
  const std::vector<std::string>& trace() const { return trace_; }
  // How many frames of the trace begin with `start`.
  int Count(std::string_view start) const;
  std::string TraceText() const;

  // Every frame as in the trace, and every event: "S hears CALL 1 echo.Echo/Unary "hello"". A
  // message that is read at once shows its body.
  const std::vector<std::string>& history() const { return history_; }
  // Adds a line of the test's own, what it has measured, say.
  void Note(std::string line) { history_.push_back(std::move(line)); }
  // Clears trace, history and received().
  void ForgetPast();

 private:
  void TakeClientEvents();
  void TakeServerEvents();
  void Hear(const char* side, const Event& event, const std::vector<std::string>& messages = {});
  bool Plays(const Session* session) const;
  void AdvanceTo(TimeUs now_us);
  TimeUs NextTimeUs() const;
  template <typename To>
  void Feed(To& to, std::string_view bytes);
  template <typename From, typename To>
  size_t Move(From& from, To& to, size_t size_max);

  Buffers buffers_;
  TimeUs now_us_ = 1000 * kSecondUs;
  bool read_at_once_;
  bool server_played_ = false;
  bool client_played_ = false;
  std::string received_;
  std::vector<std::string> trace_;
  std::vector<std::string> history_;
  std::unique_ptr<ServerSession> server_;
  std::unique_ptr<ClientSession> client_;
  std::map<uint64_t, CallLog> client_log_;
  std::map<uint64_t, CallLog> server_log_;
};

}  // namespace rpc::session
