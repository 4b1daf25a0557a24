// What happened in a room, as far as it is kept: the last events, and the last texts.
//
//     Log log(epoch, limits);
//     log.Add(Event::TEXT, "ann", "hello", now);
//     for (uint64_t i = log.begin(); i < log.end(); ++i) Use(*log.at(i));
//
// Each event has a sequence, one more than that before it; the first has 1. Texts are kept a second
// time, so that coming and going does not wash them away.
//
// Threads: one at a time; a Message may go to any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/chat/chat.pb.h"
#include "services/chat/limits.h"

namespace chat {

// Made once, read by every member that hears it.
using Message = std::shared_ptr<const Heard>;

class Log {
 public:
  Log(uint64_t epoch, const Limits& limits) : epoch_(epoch), limits_(limits) {}

  void Add(Event::Kind kind, std::string_view name, std::string_view text, absl::Time now);

  // The sequences of what is kept.
  uint64_t begin() const { return begin_; }
  uint64_t end() const { return begin_ + ring_.size(); }
  // REQUIRES: begin() <= sequence < end().
  const Message& at(uint64_t sequence) const { return ring_[sequence - begin_]; }

  uint64_t epoch() const { return epoch_; }
  Position PositionBefore(uint64_t sequence) const;

  // The last texts; fewer when there are no more.
  std::vector<Message> History(size_t texts) const;

  // Into one reply, of at most limits.reply_size_max bytes: what came after this, or the last texts
  // before it.
  void ReadAfter(uint64_t sequence, size_t max, PollReply* reply) const;
  void ReadLastTexts(uint64_t before, size_t max, PollReply* reply) const;

 private:
  const uint64_t epoch_;
  const Limits limits_;

  std::deque<Message> ring_;
  uint64_t begin_ = 1;
  std::deque<Message> history_;
};

}  // namespace chat
