// How the calls of a recording ended, and how they end now: told one by one, compared as soon as
// both are known.
//
//     Outcomes outcomes;
//     outcomes.Before(1, frame);          // the server's frames, as they were recorded
//     outcomes.Now(1, frame);             // and as they come
//     outcomes.Finish();                  // what has only one of both is different
//     for (const std::string& line : outcomes.differences()) ...
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rpc/wire/frame_decoder.h"

namespace cli {

class Outcomes {
 public:
  // More differences than this are counted, not told.
  static constexpr size_t kToldMax = 20;

  void Before(uint32_t connection, const rpc::wire::Frame& frame);
  void Now(uint32_t connection, const rpc::wire::Frame& frame);
  void Finish();

  // Calls of a connection that have ended.
  size_t ended_before(uint32_t connection) const { return Count(before_, connection); }
  size_t ended_now(uint32_t connection) const { return Count(now_, connection); }

  size_t same() const { return same_; }
  // Ended with another status, another number of messages, or not at all.
  size_t different() const { return different_; }
  // Ended as before, with other bytes in the messages.
  size_t other_bytes() const { return other_bytes_; }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  using Key = std::pair<uint32_t, uint64_t>;  // connection and call

  struct Outcome {
    uint32_t code = 0;
    std::string message = {};
    uint64_t messages = 0;
    uint64_t size = 0;
    uint64_t hash = 14'695'981'039'346'656'037u;  // FNV-1a
  };

  struct Side {
    std::map<Key, Outcome> open;
    std::map<Key, std::deque<Outcome>> ended;  // and not compared
    std::map<uint32_t, size_t> count;
  };

  static size_t Count(const Side& side, uint32_t connection);
  void Add(Side* side, uint32_t connection, const rpc::wire::Frame& frame);
  void Compare(const Key& key);
  void Tell(const Key& key, const std::string& what);
  static std::string Words(const Outcome& outcome);

  Side before_;
  Side now_;
  size_t same_ = 0;
  size_t different_ = 0;
  size_t other_bytes_ = 0;
  std::vector<std::string> differences_;
};

}  // namespace cli
