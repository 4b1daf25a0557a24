#include "tests/support/flow.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace rpc {
namespace {

constexpr size_t kReadSizeMax = 64 << 10;

bool MayGoLater() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

bool Flow::WantsInput() const {
  return faults_.forwards && !broken_ && !input_ended_ && held_.empty() && faults_.cut_after > 0;
}

bool Flow::WantsOutput() const { return faults_.forwards && !broken_ && !held_.empty(); }

void Flow::Move() {
  if (WantsInput()) Read();
  if (WantsOutput()) Write();
  if (faults_.cut_after == 0 && held_.empty()) broken_ = true;
}

void Flow::Read() {
  char buffer[kReadSizeMax];
  const ssize_t size =
      recv(from_, buffer, std::min<uint64_t>(sizeof(buffer), faults_.cut_after), 0);
  if (size < 0) {
    broken_ = !MayGoLater();
    return;
  }
  if (size == 0) {
    input_ended_ = true;
    return CloseOutput();
  }
  if (output_ended_) return;
  held_.assign(buffer, static_cast<size_t>(size));
  if (faults_.cut_after != UINT64_MAX) faults_.cut_after -= held_.size();
}

void Flow::Write() {
  const ssize_t size = send(to_, held_.data(), held_.size(), MSG_NOSIGNAL);
  if (size < 0) {
    broken_ = !MayGoLater();
    return;
  }
  held_.erase(0, static_cast<size_t>(size));
  bytes_ += static_cast<uint64_t>(size);
}

void Flow::End() {
  held_.clear();
  CloseOutput();
}

void Flow::CloseOutput() {
  shutdown(to_, SHUT_WR);
  output_ended_ = true;
}

}  // namespace rpc
