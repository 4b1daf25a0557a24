#include "rpc/pollable.h"

#include <stdexcept>
#include <utility>

#include "rpc/net/loop.h"

namespace rpc {
namespace {

net::Loop* LoopOfThisThread() {
  net::Loop* const loop = net::Loop::Current();
  if (loop == nullptr) throw std::logic_error("a pollable is made on a thread that has a loop");
  return loop;
}

}  // namespace

Pollable::Pollable(Descriptor descriptor)
    : watch_(LoopOfThisThread(), std::move(descriptor), this) {}

void Pollable::OnEvents(int events) {
  if ((events & net::Watch::kReadable) != 0) Tell(reader_);
  if ((events & net::Watch::kWritable) != 0) Tell(writer_);
  WantWhatIsAwaited();
}

void Pollable::Tell(Awaiter*& waiter) {
  if (waiter != nullptr) std::exchange(waiter, nullptr)->Wake();
}

void Pollable::WantWhatIsAwaited() {
  const int readable = reader_ != nullptr ? net::Watch::kReadable : 0;
  const int writable = writer_ != nullptr ? net::Watch::kWritable : 0;
  watch_.Want(readable | writable);
}

Pollable::Awaiter*& Pollable::Awaiter::place() const {
  return event_ == net::Watch::kReadable ? pollable_->reader_ : pollable_->writer_;
}

void Pollable::Awaiter::Listen() {
  if (place() != nullptr) throw std::logic_error("two coroutines wait for one descriptor");
  if (pollable_->watch_.failure() != 0) return Wake();
  place() = this;
  pollable_->WantWhatIsAwaited();
}

void Pollable::Awaiter::Leave() {
  if (place() != this) return;
  place() = nullptr;
  pollable_->WantWhatIsAwaited();
}

}  // namespace rpc
