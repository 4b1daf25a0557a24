#include "services/terminal/input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/terminal/watch_copy.h"

namespace terminal {
namespace {

// A terminal that has gone away says EIO: an end.
bool IsEnd(ssize_t size) { return size == 0 || (size < 0 && errno == EIO); }

bool MayGoLater() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Input::Input(int fd) { WatchCopy(fd, &pollable_); }

rpc::Task<absl::StatusOr<std::string>> Input::Read() {
  if (!held_.empty()) {
    searched_ = 0;
    co_return std::exchange(held_, {});
  }
  std::string bytes;
  while (pollable_.has_value() && !ended_) {
    const absl::Status ready = co_await pollable_->Readable();
    if (!ready.ok()) co_return ready;
    bytes.resize(kReadSizeMax);
    const ssize_t size = read(pollable_->fd(), bytes.data(), bytes.size());
    if (size > 0) {
      bytes.resize(static_cast<size_t>(size));
      co_return bytes;
    }
    ended_ = IsEnd(size);
    if (!ended_ && !MayGoLater()) {
      co_return absl::InternalError(absl::StrCat("cannot read the input: ", strerror(errno)));
    }
  }
  co_return std::string();
}

rpc::Task<absl::StatusOr<std::optional<std::string>>> Input::ReadLine() {
  for (;;) {
    if (std::optional<std::string> line = TakeLine()) co_return line;
    if (searched_ > kLineSizeMax) co_return PassOver();
    std::string before = std::exchange(held_, {});
    absl::StatusOr<std::string> bytes = co_await Read();
    if (!bytes.ok()) co_return bytes.status();
    const bool at_end = bytes->empty();
    held_ = std::move(before.append(*bytes));
    if (at_end && (held_.empty() || passes_over_)) co_return std::nullopt;
    if (at_end) co_return std::exchange(held_, {});
  }
}

std::optional<std::string> Input::TakeLine() {
  size_t end = held_.find('\n', searched_);
  if (end != std::string::npos && passes_over_) {
    held_.erase(0, end + 1);
    passes_over_ = false;
    searched_ = 0;
    end = held_.find('\n');
  }
  if (passes_over_) held_.clear();
  searched_ = held_.size();
  if (end == std::string::npos || end > kLineSizeMax) return std::nullopt;
  std::string line = held_.substr(0, end);
  held_.erase(0, end + 1);
  searched_ = 0;
  ++line_;
  return line;
}

absl::Status Input::PassOver() {
  passes_over_ = true;
  searched_ = 0;
  return absl::ResourceExhaustedError(absl::StrCat(
      "line ", line_++, " of the input has more than the ", kLineSizeMax, " bytes that are read"));
}

}  // namespace terminal
