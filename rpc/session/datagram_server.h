// The server's side of calls over datagrams: takes calls, hands each to a handler at most once, and
// answers the repeats of those that have ended.
//
//     DatagramServer server(limits, find_method, now_us);
//     server.Advance(now_us);                    // before anything else, in each turn
//     server.Receive(source, bytes);             // read with room for kDatagramSizeMax
//     while (server.Next(&event)) {
//       if (event.kind == EventKind::kCall) server.End(event.call, absl::OkStatus(), {reply});
//     }
//     while (server.NextDatagram(&datagram)) sendto(...);   // what can't be sent may be dropped
//     sleep until input or server.NextTimeUs()
//
// A call is known by its source, session and id. While its handler runs a repeat is dropped; later
// it is answered with the END that was kept, until `keep_us` after the deadline. No entry goes
// earlier; when there is no room, new calls are refused. Refusals leave no trace: each repeat is
// refused anew, or taken.
//
// Nothing that a stranger sends is answered with more than 3 times its bytes: a repeat too small
// for the END that was kept is dropped.
//
// Every kCall is answered by the application with exactly one End, also after kCancelled: only then
// can its entry go. What is done to a call that is over has no effect.
//
// Threads: belongs to one thread. Lifetime: sources are copied; what FindMethod gives outlives the
// call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rpc/session/call.h"
#include "rpc/session/datagram.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/event.h"
#include "rpc/session/fifo.h"
#include "rpc/session/server_session.h"
#include "rpc/wire/frame_decoder.h"

namespace rpc::session {

// What a server of datagrams has done and seen.
struct DatagramCounters {
  uint64_t received = 0;
  uint64_t calls = 0;                // taken
  uint64_t calls_refused = 0;        // END without a handler, no entry made
  uint64_t repeats_dropped = 0;      // while the handler ran
  uint64_t repeats_answered = 0;     // with the END that was kept
  uint64_t repeats_too_small = 0;    // for that END
  uint64_t unanswerable = 0;         // not even the shortest END fits 3 times the CALL
  uint64_t replies_not_kept = 0;     // sent, but there was no memory to keep them
  uint64_t refusals_not_sent = 0;    // too many waited to be sent
  uint64_t dropped_not_a_frame = 0;  // not one whole frame
  uint64_t dropped_not_a_call = 0;   // another kind; a CALL in parts, compressed, BARE, not LAST
  uint64_t dropped_bad_md5 = 0;
  uint64_t dropped_too_large = 0;  // more bytes than a datagram can have
};

class DatagramServer {
 public:
  using FindMethod = ServerSession::FindMethod;

  DatagramServer(const DatagramLimits& limits, FindMethod find_method, TimeUs now_us);
  ~DatagramServer();
  DatagramServer(const DatagramServer&) = delete;
  DatagramServer& operator=(const DatagramServer&) = delete;

  // Time has come to be now_us. REQUIRES: not less than before.
  void Advance(TimeUs now_us);

  // When Advance has something to do at the latest; kNever if nothing.
  TimeUs NextTimeUs() const;

  // One datagram from `source`: the bytes of a socket address, or any others that tell senders
  // apart.
  void Receive(std::string_view source, std::string_view datagram);

  // Takes the next event, a kCall or a kCancelled; false when there is none for now. `event.call`
  // is a number of this server's own, never used again; the client's is in `event.header`.
  bool Next(Event* event);

  // Hangs the application's own pointer on a call; events carry it.
  void SetTag(uint64_t call, void* tag);

  // Where the call came from, until its End; empty when there is no such call.
  std::string_view SourceOf(uint64_t call) const;

  // The handler has ended, with OK and a reply, or with an error. False where the client is told
  // RESOURCE_EXHAUSTED instead: the reply does not fit, or there is no memory for it.
  bool End(uint64_t call, const absl::Status& status, const Payload* reply = nullptr,
           std::span<const wire::Metadatum> trailing = {});

  // Instead of End, for a call that no handler has seen. REQUIRES: !status.ok()
  void Refuse(uint64_t call, const absl::Status& status);

  // The next datagram to be sent, in order; false when there is none. Its views hold until the next
  // call of a method.
  bool NextDatagram(Datagram* datagram);

  // Ends every call that runs with `why`: when the time to drain is over.
  void CancelEveryCall(const absl::Status& why);

  // Takes no new calls: they are refused with UNAVAILABLE. Repeats are dealt with as before.
  void Drain() { draining_ = true; }
  bool draining() const { return draining_; }

  size_t running_calls() const { return running_; }   // whose handlers have not ended
  size_t entries() const { return entries_.size(); }  // these, and the calls that are remembered
  // Of all entries: at most memory_size_max.
  uint64_t memory_size() const { return memory_size_; }
  const DatagramCounters& counters() const { return counters_; }

  // Asserts what must always hold; for tests.
  void CheckInvariants() const;

 private:
  struct Entry;
  struct Key {
    absl::string_view source;
    uint64_t session;
    uint64_t call;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.source, key.session, key.call);
    }
  };
  struct Told {
    EventKind kind;
    uint64_t number;
    absl::Status status;
  };
  // The END of an entry, or bytes that no entry keeps.
  struct Outgoing {
    uint64_t number = 0;
    std::string destination = {};
    std::string bytes = {};
  };

  static Key KeyOf(std::string_view source, uint64_t session, uint64_t call);
  Entry* FindRunning(uint64_t number) const;
  absl::Status Refusal(size_t size, const Method** method);
  absl::Status CheckHeader(size_t size) const;
  absl::Status CheckRoom(std::string_view source, size_t size) const;
  void Accept(std::string_view source, std::string_view datagram, const Method* method);
  void OnRepeat(Entry* entry, size_t size);
  void RefuseUnrecorded(std::string_view source, size_t size, const absl::Status& status);
  void OnDeadline(Entry* entry);
  void OnExpiry(Entry* entry);
  void Abort(Entry* entry, const absl::Status& status);  // not by its handler
  bool Answer(Entry* entry, const absl::Status& status, const Payload* reply,
              std::span<const wire::Metadatum> trailing);
  bool SendUnkept(Entry* entry);
  void HandlerDone(Entry* entry);
  void Queue(Entry* entry);
  bool QueueUnkept(std::string_view destination, std::string bytes);
  void Account(Entry* entry);
  void Erase(Entry* entry);
  void MoveDeadline(Entry* entry, TimeUs deadline_us);

  DatagramLimits limits_;
  FindMethod find_method_;
  TimeUs now_us_;
  bool draining_ = false;
  uint64_t numbers_ = 0;
  size_t running_ = 0;
  uint64_t memory_size_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Entry>> entries_;  // by our number
  absl::flat_hash_map<Key, Entry*> by_key_;
  Deadlines<Entry> deadlines_;
  Fifo<Told> events_;
  Fifo<Outgoing> output_;
  uint64_t unkept_size_ = 0;  // of output_
  Outgoing sent_;             // what the last NextDatagram showed, if no entry keeps it
  wire::Frame frame_;         // being received
  std::string shown_;         // the CALL of the last event, and its frame
  wire::Frame shown_frame_;
  DatagramCounters counters_;
};

}  // namespace rpc::session
