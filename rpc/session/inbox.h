// The receiving half of one call: puts the parts of messages together, keeps whole messages until
// the application reads them, and says how much credit the sender is to be granted.
//
// Large parts are compared with their md5 here, as many of one message as can be hashed side by
// side.
//
// Internal to rpc/session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "rpc/session/fifo.h"
#include "rpc/session/limits.h"
#include "rpc/wire/compression.h"
#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/md5.h"

namespace rpc::session {

// What a message-carrying frame takes of the credit.
constexpr uint64_t CreditCost(uint64_t size) {
  return size < kFrameCreditMin ? kFrameCreditMin : size;
}

class Inbox {
 public:
  // `credit`: what the sender has to begin with; `exempt`: it needs none.
  void Open(uint64_t credit, bool exempt);

  // Whether the sender has credit for a message-carrying body of `size` bytes.
  bool Affords(uint64_t size) const { return exempt_ || CreditCost(size) <= credit_; }

  // Takes such a body off the credit. REQUIRES: Affords(size)
  void Charge(uint64_t size);

  // Whether a body of `size` bytes could still belong to a message within the limit: OK, or the
  // RESOURCE_EXHAUSTED with both numbers that the call ends with.
  absl::Status CheckSize(uint64_t size, uint64_t message_size_max) const;

  // One message-carrying body, whose size has been checked. When it completes a message, *message
  // is that message: a view of the body, or of memory that stays until the next Add, Keep or Take.
  // Else *message has no address.
  // Fails with the status that the call ends with; *corrupted tells whether it is because of an
  // md5.
  absl::Status Add(const wire::Frame& frame, const Limits& limits, wire::Expander* expander,
                   std::string_view* message, bool* corrupted);

  // Keeps a whole message until it is read.
  void Keep(std::string_view message);

  bool empty() const { return messages_.empty(); }

  // The oldest kept message; a view until the next Take or Add. REQUIRES: !empty()
  std::string_view Take();

  // Bytes to grant now, already added to the sender's credit; 0 when it has enough. The window
  // grows while `may_grow` and the reader keeps up.
  uint64_t Grant(bool may_grow, uint64_t window_max);

  bool assembling() const { return assembling_; }
  uint64_t credit() const { return credit_; }
  uint64_t grown() const { return window_ - window_first_; }  // the window, since Open
  uint64_t waiting_size() const { return waiting_size_; }     // whole messages, each at least 64
  // Of messages, and of parts: a quarter of the memory for those where that is more.
  uint64_t memory_size() const;

  // Drops what nobody will read any more; what was taken stays.
  void DropWaiting();

  // Drops every byte.
  void Clear();

 private:
  // A part that is still to be compared with its md5.
  struct Unchecked {
    size_t offset;  // in the message
    size_t size;
    wire::Md5Digest md5;
  };

  absl::Status CheckParts(std::string_view message);

  bool exempt_ = false;
  bool assembling_ = false;
  uint64_t credit_ = 0;
  uint64_t window_ = 0;
  uint64_t window_first_ = 0;
  uint64_t granted_while_empty_ = 0;  // in a row; decides when the window grows
  uint64_t waiting_size_ = 0;
  std::string assembly_;
  std::vector<Unchecked> unchecked_;
  std::string taken_;
  Fifo<std::string> messages_;
};

// The status of a call that has been sent such a body.
absl::Status CorruptedBody(uint64_t size, std::string_view what);

}  // namespace rpc::session
