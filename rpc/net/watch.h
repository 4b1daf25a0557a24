// A descriptor that a loop watches: what sockets here are built on, in place of libuv's own.
//
//     watch_ = Watch(loop, std::move(socket), this);
//     watch_.Want(Watch::kReadable);                   // OnEvents(kReadable) follows, again and
//     again
//
// Being watched costs a system call for each change. So what is no longer wanted is watched on
// until it happens: mostly it is wanted again before that.
//
// Threads: the loop's. Lifetime: a watch may be destroyed at any time, also within OnEvents.
#pragma once

#include "absl/status/status.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket.h"

namespace rpc::net {

class Watch {
 public:
  static constexpr int kReadable = 1;
  static constexpr int kWritable = 2;

  class User {
   public:
    // What is wanted has happened; or there is an error on the socket, which the next system call
    // on it will tell. In a turn of the loop.
    virtual void OnEvents(int events) = 0;

   protected:
    ~User() = default;
  };

  Watch(Loop* loop, Descriptor descriptor, User* user);
  // Closes the descriptor.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  int fd() const;
  Loop* loop() const;

  // 0, or what libuv said when it could not watch the descriptor. Then OnEvents comes once, in a
  // later turn, with the first things that are wanted.
  int failure() const;

  // What is to be told from now on, in place of what was: kReadable, kWritable, both or 0.
  void Want(int events);

  // Stops watching without closing. Nothing else may be called then.
  Descriptor Release();

 private:
  struct Poll;
  Poll* poll_;
};

}  // namespace rpc::net
