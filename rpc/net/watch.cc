#include "rpc/net/watch.h"

#include <uv.h>

#include <utility>

namespace rpc::net {

static_assert(Watch::kReadable == UV_READABLE && Watch::kWritable == UV_WRITABLE);

// Freed by libuv, in a turn after the watch is gone.
struct Watch::Poll {
  uv_poll_t handle = {};
  Loop* loop = nullptr;
  User* user = nullptr;  // null when the watch is gone
  Descriptor descriptor = {};
  int16_t failure = 0;
  int8_t wanted = 0;
  int8_t watched = 0;

  static void OnPoll(uv_poll_t* handle, int status, int events);
  void WatchWhatIsWanted();
  void TellLater();
  void Close();
};

static_assert(sizeof(uv_poll_t) <= 160, "a connection is to cost little memory");

void Watch::Poll::OnPoll(uv_poll_t* handle, int status, int events) {
  auto* const poll = static_cast<Poll*>(handle->data);
  Loop::Turn turn(poll->loop);
  poll->loop->NoteInput();
  if (status < 0) {
    // libuv has stopped watching.
    poll->watched = 0;
    events = kReadable | kWritable;
  } else if ((events & ~poll->wanted) != 0) {
    poll->WatchWhatIsWanted();
  }
  const int told = events & poll->wanted;
  if (told != 0) poll->user->OnEvents(told);
  if (status < 0 && poll->user != nullptr) poll->WatchWhatIsWanted();
}

void Watch::Poll::WatchWhatIsWanted() {
  if (watched == wanted) return;
  watched = wanted;
  if (wanted == 0) {
    uv_poll_stop(&handle);
  } else {
    uv_poll_start(&handle, wanted, OnPoll);
  }
}

void Watch::Poll::TellLater() {
  watched = kReadable | kWritable;
  loop->Post([this] {
    if (user != nullptr && wanted != 0) user->OnEvents(wanted);
  });
}

void Watch::Poll::Close() {
  user = nullptr;
  if (failure == 0) {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle),
             [](uv_handle_t* closed) { delete static_cast<Poll*>(closed->data); });
  } else if (!loop->Post([this] { delete this; })) {
    delete this;
  }
}

Watch::Watch(Loop* loop, Descriptor descriptor, User* user) : poll_(new Poll) {
  poll_->loop = loop;
  poll_->user = user;
  poll_->descriptor = std::move(descriptor);
  poll_->handle.data = poll_;
  poll_->failure =
      static_cast<int16_t>(uv_poll_init(loop->uv(), &poll_->handle, poll_->descriptor.get()));
}

Watch::~Watch() {
  if (poll_ != nullptr) Release();
}

int Watch::fd() const { return poll_->descriptor.get(); }

Loop* Watch::loop() const { return poll_->loop; }

int Watch::failure() const { return poll_->failure; }

void Watch::Want(int events) {
  poll_->wanted = static_cast<int8_t>(events);
  if ((events & ~poll_->watched) == 0) return;
  if (poll_->failure == 0) {
    poll_->WatchWhatIsWanted();
  } else {
    poll_->TellLater();
  }
}

Descriptor Watch::Release() {
  Poll* const poll = std::exchange(poll_, nullptr);
  Descriptor descriptor = std::move(poll->descriptor);
  // libuv lets go of the descriptor at once, so that it may be closed or watched anew.
  poll->Close();
  return descriptor;
}

}  // namespace rpc::net
