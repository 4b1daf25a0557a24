#include "tests/support/flow.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

namespace rpc {
namespace {

constexpr size_t kReadSizeMax = 64 << 10;
constexpr uint64_t kSecondUs = 1'000'000;
// At a pace, so much time's worth is written at once.
constexpr uint64_t kPacePieceUs = 5'000;

bool MayGoLater() { return errno == EAGAIN || errno == EINTR; }

void CountDown(uint64_t* after, size_t bytes) {
  if (*after != UINT64_MAX) *after -= bytes;
}

}  // namespace

bool Flow::WantsInput() const {
  const size_t held_size_max = faults_.delay_us > 0 ? kHeldSizeMax : 1;
  return faults_.forwards && !broken_ && !input_ended_ && faults_.cut_after > 0 &&
         held_size_ < held_size_max;
}

uint64_t Flow::WantsOutputAtUs() const {
  if (!faults_.forwards || broken_ || held_.empty()) return UINT64_MAX;
  const uint64_t due_us = held_.front().read_us + faults_.delay_us;
  return faults_.bytes_per_s == 0 ? due_us : std::max(due_us, paced_until_us_);
}

bool Flow::WantsOutput(uint64_t now_us) const { return WantsOutputAtUs() <= now_us; }

void Flow::Move(uint64_t now_us) {
  if (WantsInput()) Read(now_us);
  while (WantsOutput(now_us)) {
    const uint64_t bytes_before = bytes_;
    Write(now_us);
    if (bytes_ == bytes_before) break;
  }
  if (faults_.cut_after == 0 && held_.empty()) Break();
}

void Flow::Read(uint64_t now_us) {
  char buffer[kReadSizeMax];
  const ssize_t size =
      recv(from_, buffer, std::min<uint64_t>(sizeof(buffer), faults_.cut_after), 0);
  if (size < 0) {
    broken_ = !MayGoLater();
    return;
  }
  input_ended_ = size == 0;
  if (output_ended_) return;
  std::string bytes(buffer, static_cast<size_t>(size));
  CountDown(&faults_.cut_after, bytes.size());
  Corrupt(&bytes);
  held_size_ += bytes.size();
  held_.push_back({.bytes = std::move(bytes), .read_us = now_us});
}

void Flow::FindBodies(std::string_view bytes) {
  is_body_.assign(bytes.size(), false);
  for (size_t at = 0; at < bytes.size();) {
    const bool in_body = scanner_.place() == simulation::FrameScanner::Place::kBody;
    const size_t size = scanner_.Take(bytes.substr(at));
    if (in_body) std::fill_n(is_body_.begin() + static_cast<ptrdiff_t>(at), size, true);
    at += size;
  }
}

void Flow::FlipBit(std::string* bytes, size_t at) {
  const int bit = 1 << random_() % 8;
  if (faults_.corrupts_bodies_only && !is_body_[at]) return;
  (*bytes)[at] = static_cast<char>((*bytes)[at] ^ bit);
  ++bytes_corrupted_;
}

void Flow::Corrupt(std::string* bytes) {
  if (faults_.corrupts_bodies_only) FindBodies(*bytes);
  if (faults_.corrupt_after < bytes->size()) {
    FlipBit(bytes, std::exchange(faults_.corrupt_after, UINT64_MAX));
  }
  CountDown(&faults_.corrupt_after, bytes->size());
  if (faults_.corrupt_rate <= 0) {
    corrupt_next_ = UINT64_MAX;
    return;
  }
  if (corrupt_next_ == UINT64_MAX) corrupt_next_ = BytesToTheNextCorruption();
  while (corrupt_next_ < bytes->size()) {
    FlipBit(bytes, corrupt_next_);
    corrupt_next_ += 1 + BytesToTheNextCorruption();
  }
  corrupt_next_ -= bytes->size();
}

// Drawn once for each corrupted byte and not for every byte, and so that it does not matter in what
// pieces they come.
uint64_t Flow::BytesToTheNextCorruption() {
  constexpr double kMax = 1e15;
  if (faults_.corrupt_rate >= 1) return 0;
  const double draw = (static_cast<double>(random_() >> 11) + 1) * 0x1p-53;
  return static_cast<uint64_t>(
      std::min(kMax, std::floor(std::log(draw) / std::log1p(-faults_.corrupt_rate))));
}

void Flow::Write(uint64_t now_us) {
  if (held_.front().bytes.empty()) {
    held_.clear();
    return CloseOutput();
  }
  WritePiece(&held_.front(), now_us);
  if (held_.front().bytes.empty()) held_.pop_front();
}

void Flow::WritePiece(Piece* piece, uint64_t now_us) {
  const uint64_t pace = faults_.bytes_per_s;
  const uint64_t size_max =
      pace == 0 ? UINT64_MAX : std::max<uint64_t>(pace * kPacePieceUs / kSecondUs, 1);
  const ssize_t written = send(to_, piece->bytes.data(),
                               std::min<uint64_t>(piece->bytes.size(), size_max), MSG_NOSIGNAL);
  if (written < 0) {
    broken_ = !MayGoLater();
    return;
  }
  const auto size = static_cast<size_t>(written);
  piece->bytes.erase(0, size);
  held_size_ -= size;
  bytes_ += size;
  if (pace > 0) paced_until_us_ = std::max(now_us, paced_until_us_) + size * kSecondUs / pace;
}

void Flow::End() {
  cut_ = true;
  held_.clear();
  held_size_ = 0;
  CloseOutput();
}

void Flow::CloseOutput() {
  shutdown(to_, SHUT_WR);
  output_ended_ = true;
}

}  // namespace rpc
