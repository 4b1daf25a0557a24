// A server with the chat service, and users of it who hear events as words:
//
//     User ann(server.tcp(), "ann");
//     EXPECT_EQ(ann.Hear(), "+ann");
//     ann.Say("hello");
//     EXPECT_EQ(ann.Hear(), "ann: hello");
//
// Events: `+ann` joined, `-ann` left, `ann=anna`; `missed 3`, `refused 2: REASON`; at the end
// `end: STATUS`. Threads: the test's; Hear waits for up to 100 seconds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/rpc.h"
#include "services/chat/chat.rpc.h"
#include "services/chat/limits.h"

namespace chat {

std::string WordsOf(const Event& event);
std::string WordsOf(const Heard& heard);

// Listens on TCP and UDP.
class ChatServer {
 public:
  explicit ChatServer(const Limits& limits = {}, int threads = 1);

  const std::string& tcp() const { return addresses_[0]; }
  const std::string& udp() const { return addresses_[1]; }
  rpc::Server& server() { return *server_; }
  // Ends it, and serves anew, with nothing known, on the same address.
  void Restart();
  void Stop() { server_ = nullptr; }

 private:
  void Serve();

  const Limits limits_;
  const int threads_;
  std::vector<std::string> addresses_ = {"tcp://127.0.0.1:0", "udp://127.0.0.1:0"};
  std::unique_ptr<rpc::Server> server_;
};

// Joins with a connection of its own.
class User {
 public:
  User(std::string_view address, const std::string& name, uint32_t history = 0, uint64_t key = 0,
       const std::string& room = "lobby");

  // What came first; the events that Hear gives come after it. Empty when it could not join: Hear
  // tells why.
  const Welcome& welcome() const { return welcome_; }

  std::string Hear();
  // The next texts, without what comes between them; fewer at the end of the call.
  rpc::Task<std::vector<std::string>> HearTexts(size_t count);
  // Reads until there is nothing or this.
  bool HearUntil(const std::string& words);

  void Say(const std::string& text);
  void Rename(const std::string& name);
  // Says no more; what it hears ends when the server knows that.
  void Close() { call_.Close(); }
  // Is gone without a word.
  void Cut() { call_.Cancel(); }

 private:
  bool Write(const chat::Say& say);

  rpc::Channel channel_;
  rpc::StreamCall<Heard, chat::Say> call_;
  Welcome welcome_;
};

// A user over datagrams.
class Poller {
 public:
  Poller(std::string_view address, const std::string& name, uint64_t key = 0,
         const std::string& room = "lobby");

  absl::Status Post(const std::string& text);
  // What is new since the last time, in as many calls as it takes; an error is its only word.
  std::vector<std::string> Poll();
  absl::Status Leave();

  const Chat::Client& chat() const { return chat_; }

 private:
  rpc::Channel channel_;
  Chat::Client chat_;
  PollRequest poll_;
};

}  // namespace chat
