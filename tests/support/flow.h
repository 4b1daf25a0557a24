// One direction of a connection that a Proxy carries: bytes from one socket to another, and what
// happens to them on the way.
//
// Without a delay it reads only when it has written all that it read before, so that back-pressure
// passes through; with one it holds what is on its way, up to a limit. The end of the input becomes
// the end of the output, behind all bytes. Faults say what else happens.
//
// Time is passed in. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/frame_scanner.h"

namespace rpc {

struct Faults {
  // Off: nothing is read or written, and neither side is told.
  bool forwards = true;
  // The connection is closed after so many more bytes.
  uint64_t cut_after = UINT64_MAX;
  // In the byte after so many more, a bit is flipped.
  uint64_t corrupt_after = UINT64_MAX;
  // So much of all bytes, picked at random, have a bit flipped each.
  double corrupt_rate = 0;
  // Only bodies of frames are corrupted: what would have hit a header stays as it is. For what is
  // not encrypted.
  bool corrupts_bodies_only = false;
  // Each byte arrives so much later.
  uint64_t delay_us = 0;
  // 0: as many as go.
  uint64_t bytes_per_s = 0;
};

class Flow {
 public:
  // What is on its way at most, when there is a delay.
  static constexpr size_t kHeldSizeMax = 4 << 20;

  // Both are non-blocking, and stay open as long as this lives.
  Flow(int from, int to) : from_(from), to_(to) {}

  // For what is picked at random.
  void Seed(uint64_t seed) { random_.seed(seed); }

  Faults& faults() { return faults_; }

  // For poll().
  bool WantsInput() const;
  bool WantsOutput(uint64_t now_us) const;
  // When it wants output, if it does not now; UINT64_MAX if nothing is held.
  uint64_t WantsOutputAtUs() const;

  // Moves what goes now.
  void Move(uint64_t now_us);
  // Ends the output, as if the input had ended; what comes after that is dropped.
  void End();
  // Has the connection closed.
  void Break() { broken_ = cut_ = true; }

  // Nothing comes any more.
  bool ended() const { return output_ended_; }
  // A socket has failed, or the flow was cut: the connection is to be closed.
  bool broken() const { return broken_; }
  // It came to its end by End, Break or cut_after.
  bool cut() const { return cut_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t bytes_corrupted() const { return bytes_corrupted_; }

 private:
  struct Piece {
    std::string bytes = {};  // none: the end
    uint64_t read_us = 0;
  };

  void Read(uint64_t now_us);
  void Corrupt(std::string* bytes);
  void FlipBit(std::string* bytes, size_t at);
  void FindBodies(std::string_view bytes);
  uint64_t BytesToTheNextCorruption();
  void Write(uint64_t now_us);
  void WritePiece(Piece* piece, uint64_t now_us);
  void CloseOutput();

  int from_;
  int to_;
  Faults faults_ = {};
  std::mt19937_64 random_;
  simulation::FrameScanner scanner_;    // stands behind all that was read
  std::vector<bool> is_body_;           // of the bytes that were read last
  uint64_t corrupt_next_ = UINT64_MAX;  // for the rate, as corrupt_after
  std::deque<Piece> held_;              // read, and not written yet
  size_t held_size_ = 0;
  uint64_t paced_until_us_ = 0;  // what was written took until then, at bytes_per_s
  uint64_t bytes_ = 0;
  uint64_t bytes_corrupted_ = 0;
  bool input_ended_ = false;
  bool output_ended_ = false;
  bool broken_ = false;
  bool cut_ = false;
};

}  // namespace rpc
