// The client's side of calls over datagrams: sends each CALL until its END comes or its deadline
// passes.
//
//     DatagramClient client(limits, RandomSession(), now_us);
//     auto call = client.Open({.name = "echo.Echo/Say", .single_reply = true}, {request});
//     client.Advance(now_us);                    // before anything else, in each turn
//     client.Receive(bytes);                     // from the server's address, and from no other
//     while (client.Next(&event)) Use(event.status, event.body);
//     while (client.NextDatagram(&datagram)) send(...);   // what can't be sent may be dropped
//     sleep until input or client.NextTimeUs()
//
// A call that Open returned ends exactly once: with a kEnd event, or by Cancel, which tells
// nothing. Its server may have handled it all the same.
//
// A CALL is padded to `call_size_min` (see DatagramLimits), so that its reply may be large enough;
// and a repeat to the size of the first, because the server sends it no more than 3 times that.
//
// Threads: belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/session/client_session.h"
#include "rpc/session/datagram.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/event.h"
#include "rpc/session/fifo.h"
#include "rpc/wire/frame_decoder.h"

namespace rpc::session {

// What a client of datagrams has done and seen.
struct DatagramClientCounters {
  uint64_t calls_opened = 0;
  uint64_t calls_ended = 0;  // told with kEnd
  uint64_t repeats = 0;
  uint64_t received = 0;
  uint64_t dropped_not_a_frame = 0;  // not one whole frame
  uint64_t dropped_not_an_end = 0;   // another kind; compressed, or in parts
  uint64_t dropped_not_ours = 0;     // another session, or a call that is not open
  uint64_t dropped_bad_md5 = 0;
};

class DatagramClient {
 public:
  // `session`: random, and another for each socket, so that no call is taken for one of an earlier
  // client at the same address. REQUIRES: session != 0
  DatagramClient(const DatagramLimits& limits, uint64_t session, TimeUs now_us);
  ~DatagramClient();
  DatagramClient(const DatagramClient&) = delete;
  DatagramClient& operator=(const DatagramClient&) = delete;

  // Time has come to be now_us. REQUIRES: not less than before.
  void Advance(TimeUs now_us);

  // When Advance has something to do at the latest; kNever if nothing.
  TimeUs NextTimeUs() const;

  // Opens a call. One without a deadline, or with a later one, gets the latest that is allowed,
  // timeout_us_max from now. Fails, and then there was no call, when the method is no unary one
  // (UNIMPLEMENTED), the request is larger than a datagram, or too many are open
  // (RESOURCE_EXHAUSTED), the deadline has passed (DEADLINE_EXCEEDED), or the name or metadata
  // can't be sent (INVALID_ARGUMENT).
  absl::StatusOr<uint64_t> Open(const Opening& opening, const Payload& message);

  // The application gives the call up; nothing more is heard of it. The server is not told.
  void Cancel(uint64_t call);

  // Ends every call that is open with `why`: when the socket is of no further use.
  void EndEveryCall(const absl::Status& why);

  // One datagram from the server.
  void Receive(std::string_view datagram);

  // Takes the next event, a kEnd; false when there is none for now.
  bool Next(Event* event);

  // The next datagram to be sent; false when there is none. Its views hold until the next call of a
  // method.
  bool NextDatagram(Datagram* datagram);

  size_t open_calls() const { return calls_.size(); }    // until their kEnd has been taken
  uint64_t memory_size() const { return memory_size_; }  // of their requests
  const DatagramClientCounters& counters() const { return counters_; }

  // Asserts what must always hold; for tests.
  void CheckInvariants() const;

 private:
  struct Call;

  absl::Status CheckOpening(const Opening& opening, const Payload& message) const;
  static void Keep(Call* call, wire::Header& header, const Payload& message);
  void Begin(std::unique_ptr<Call> call);
  Call* FindOpen(uint64_t id) const;
  void Repeat(Call* call);
  void Queue(Call* call);
  void Write(const Call& call);
  void Pad(wire::Header& header, size_t body_size, size_t size_min);
  void MoveDeadline(Call* call, TimeUs deadline_us);
  void EndWith(Call* call, absl::Status status);
  void Show(Call* call, Event* event);

  DatagramLimits limits_;
  uint64_t session_;
  TimeUs now_us_;
  uint64_t highest_ = 0;  // id of the last call opened
  uint64_t memory_size_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Call>> calls_;
  Deadlines<Call> deadlines_;
  Fifo<uint64_t> ended_;
  Fifo<uint64_t> output_;
  std::string padding_;
  wire::Header scratch_;
  std::string sent_;             // what the last NextDatagram showed
  wire::Frame frame_;            // being received
  std::unique_ptr<Call> shown_;  // of the last event, and its END
  wire::Frame shown_frame_;
  DatagramClientCounters counters_;
};

}  // namespace rpc::session
