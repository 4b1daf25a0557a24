// The rooms of a server, by their names.
//
//     Rooms rooms(Limits(), absl::Now);
//     absl::StatusOr<Seat> seat = rooms.Join(hello, &listener, &welcome);
//
// A room is there from the first who joins, posts or polls. When the last has left it, it is kept
// for a while with its history; so the names that were once typed do not fill the server. When
// there are as many rooms as there may be, the one that was empty longest gives way.
//
// Threads: any number. Lifetime: seats may outlive it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/chat/chat.pb.h"
#include "services/chat/limits.h"
#include "services/chat/room.h"

namespace chat {

class Rooms {
 public:
  Rooms(const Limits& limits, Clock clock);

  // As Room says it; and INVALID_ARGUMENT for the room's name, RESOURCE_EXHAUSTED for a room too
  // many.
  absl::StatusOr<Seat> Join(const Hello& hello, Listener* listener, Welcome* welcome);
  absl::Status Post(const PostRequest& request, PostReply* reply);
  absl::Status Poll(const PollRequest& request, PollReply* reply);
  void Leave(const Visitor& visitor);

  void List(std::string_view after, RoomsReply* reply);
  absl::Status Who(const WhoRequest& request, WhoReply* reply);

 private:
  using Map = std::map<std::string, std::shared_ptr<Room>>;  // by KeyOf(name)

  // With the lock held:
  absl::StatusOr<Room*> Open(const Visitor& visitor);
  Room* Find(std::string_view name) const;
  void ForgetEmpty();
  bool MakeWay();
  uint64_t NextEpoch();

  const Limits limits_;
  const Clock clock_;

  // Held while somebody enters a room, so that the room is not gone by then; taken before the
  // room's own.
  std::mutex mutex_;
  Map rooms_;
  uint64_t last_epoch_ = 0;
  absl::Time look_for_empty_at_ = absl::InfinitePast();
};

}  // namespace chat
