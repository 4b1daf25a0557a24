// One direction of a connection that a Proxy carries: bytes from one socket to another, and what
// happens to them on the way.
//
// It reads only when it has written all that it read before, so that back-pressure passes through.
// The end of the input becomes the end of the output. Faults say what else happens: each new kind
// of fault is a field there and a line in this class.
#pragma once

#include <cstdint>
#include <string>

namespace rpc {

struct Faults {
  // Off: nothing is read or written, and neither side is told.
  bool forwards = true;
  // The connection is closed after so many more bytes.
  uint64_t cut_after = UINT64_MAX;
};

class Flow {
 public:
  // Both are non-blocking, and stay open as long as this lives.
  Flow(int from, int to) : from_(from), to_(to) {}

  Faults& faults() { return faults_; }

  // For poll().
  bool WantsInput() const;
  bool WantsOutput() const;

  // Moves what goes now.
  void Move();
  // Ends the output, as if the input had ended; what comes after that is dropped.
  void End();
  // Has the connection closed.
  void Break() { broken_ = true; }

  // Nothing comes any more.
  bool ended() const { return output_ended_; }
  // A socket has failed, or the flow was cut: the connection is to be closed.
  bool broken() const { return broken_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void Read();
  void Write();
  void CloseOutput();

  int from_;
  int to_;
  Faults faults_ = {};
  std::string held_;  // read, and not written yet
  uint64_t bytes_ = 0;
  bool input_ended_ = false;
  bool output_ended_ = false;
  bool broken_ = false;
};

}  // namespace rpc
