#include "services/files/movement.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace files {
namespace {

rpc::Task<> AwaitIdle(const Movement& movement, absl::Duration timeout) {
  absl::Status slept = absl::OkStatus();
  while (slept.ok() && movement.idle() < timeout) {
    slept = co_await rpc::Sleep(timeout - movement.idle());
  }
  if (!slept.ok()) co_return slept;
  co_return absl::UnavailableError(
      absl::StrCat("the transfer has not moved a byte for ", absl::FormatDuration(timeout)));
}

}  // namespace

absl::Duration Movement::idle() const {
  if (working_) return absl::ZeroDuration();
  return absl::FromChrono(Clock::now() - last_);
}

rpc::Task<> EndWhenIdle(rpc::Task<> transfer, const Movement& movement, absl::Duration timeout) {
  auto first = co_await rpc::WhenAny(std::move(transfer), AwaitIdle(movement, timeout));
  co_return first.index == 0 ? first.get<0>() : first.get<1>();
}

}  // namespace files
