// A client and a server of datagrams in memory, with a manual clock; and datagrams written by hand.
//
//     DatagramPair pair;
//     pair.ReplyToAll("yes");
//     const uint64_t call = pair.Open("question");
//     pair.Run();
//     EXPECT_EQ(pair.AtClient(call).body, "yes");
//
//     pair.FeedServer(hand::UdpCall({.call = 1}, "question"));
//     EXPECT_EQ(pair.TakeEnds()[0].code, 0u);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/session/datagram_client.h"
#include "rpc/session/datagram_server.h"

namespace rpc::session {

namespace hand {

inline constexpr uint64_t kSession = 0x0123456789abcdef;

// The fields of a CALL by hand, good as they are.
struct UdpFields {
  wire::Kind kind = wire::Kind::kCall;
  uint64_t session = kSession;
  uint64_t call = 1;
  std::string_view name = "Unary";
  uint32_t flags = wire::kFlagLast;
  uint64_t timeout_us = kSecondUs;
  uint32_t code = 0;
  std::string_view message = {};
  std::vector<wire::Metadatum> metadata = {};
  wire::Encoding encoding = wire::Encoding::kIdentity;
  size_t padding_size = 0;
  wire::Form form = wire::Form::kBinary;
};

std::string UdpCall(const UdpFields& fields = {}, std::string_view body = "");
std::string UdpEnd(uint64_t session, uint64_t call, std::string_view body, uint32_t code = 0);

// An END as it stands in its datagram.
struct UdpEndFrame {
  std::string destination;
  size_t size = 0;  // of the datagram
  wire::Form form = wire::Form::kBinary;
  uint64_t session = 0;
  uint64_t call = 0;
  uint32_t code = 0;
  uint32_t flags = 0;
  std::string message;
  std::string body;
  std::map<std::string, std::string> metadata;
  size_t details = 0;
};

}  // namespace hand

struct DatagramPairLimits {
  DatagramLimits client = {};
  DatagramLimits server = {};
};

struct DatagramCallOptions {
  std::string_view name = "Unary";
  TimeUs timeout_us = kSecondUs;  // kNever: no deadline
  std::vector<wire::Metadatum> metadata = {};
  bool single_reply = true;
  bool last = true;
};

class DatagramPair {
 public:
  struct ClientLog {
    int ends = 0;
    absl::Status status;
    std::string body;
    std::map<std::string, std::string> trailing;
    TimeUs ended_us = 0;
  };
  struct ServerLog {
    std::string name;
    std::string request;
    std::string source;
    uint64_t client_id = 0;
    std::map<std::string, std::string> metadata;
    int cancels = 0;
    absl::Status why;
  };

  static constexpr TimeUs kStartUs = 1'000 * kSecondUs;
  static constexpr uint64_t kClientSession = 77;

  explicit DatagramPair(const DatagramPairLimits& limits = {});

  DatagramClient& client() { return *client_; }
  DatagramServer& server() { return *server_; }
  TimeUs now_us() const { return now_us_; }

  absl::StatusOr<uint64_t> TryOpen(std::string_view request, const DatagramCallOptions& = {});
  uint64_t Open(std::string_view request, const DatagramCallOptions& options = {});

  // Every handler ends at once, like this; until this is called they run on.
  void ReplyToAll(std::string_view reply);
  void EndAll(std::function<void(uint64_t number)> end) { on_call_ = std::move(end); }
  // The handler of the call of that number, the last one if none is given, ends.
  void Reply(std::string_view reply, uint64_t number = 0);
  void End(const absl::Status& status, uint64_t number = 0);

  // Moves datagrams until there are none. Where there is a `network`, it says how often each
  // arrives.
  void Run();
  std::function<int(bool to_server, std::string_view bytes)> network;

  // Lets time go by, with everything that happens meanwhile; `run`: datagrams move as well.
  void Wait(TimeUs time_us, bool run = true);

  // What one side would send.
  std::vector<std::string> TakeFromClient();
  std::vector<std::string> TakeFromServer();
  std::vector<hand::UdpEndFrame> TakeEnds();
  // One END, and no other.
  hand::UdpEndFrame TakeEnd();

  void FeedServer(std::string_view datagram, std::string_view source = "client");
  void FeedClient(std::string_view datagram);

  const ClientLog& AtClient(uint64_t call) { return client_log_[call]; }
  // In the order in which they began.
  const std::vector<ServerLog>& handled() const { return server_log_; }

 private:
  void Listen();
  bool MoveToServer();
  bool MoveToClient();

  TimeUs now_us_ = kStartUs;
  uint64_t turns_ = 0;
  std::unique_ptr<DatagramClient> client_;
  std::unique_ptr<DatagramServer> server_;
  std::map<uint64_t, ClientLog> client_log_;
  std::vector<ServerLog> server_log_;  // by number, which count from 1
  std::function<void(uint64_t number)> on_call_;
};

}  // namespace rpc::session
