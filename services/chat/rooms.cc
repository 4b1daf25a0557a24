#include "services/chat/rooms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/chat/words.h"

namespace chat {
namespace {

// Between two looks for rooms that have been empty for long.
constexpr absl::Duration kLookInterval = absl::Seconds(1);

}  // namespace

Rooms::Rooms(const Limits& limits, Clock clock) : limits_(limits), clock_(std::move(clock)) {}

absl::StatusOr<Seat> Rooms::Join(const Hello& hello, Listener* listener, Welcome* welcome) {
  std::lock_guard lock(mutex_);
  absl::StatusOr<Room*> room = Open(hello.visitor());
  if (!room.ok()) return room.status();
  return (*room)->Join(hello, listener, welcome);
}

absl::Status Rooms::Post(const PostRequest& request, PostReply* reply) {
  std::lock_guard lock(mutex_);
  absl::StatusOr<Room*> room = Open(request.visitor());
  return room.ok() ? (*room)->Post(request, reply) : room.status();
}

absl::Status Rooms::Poll(const PollRequest& request, PollReply* reply) {
  std::lock_guard lock(mutex_);
  absl::StatusOr<Room*> room = Open(request.visitor());
  return room.ok() ? (*room)->Poll(request, reply) : room.status();
}

void Rooms::Leave(const Visitor& visitor) {
  std::lock_guard lock(mutex_);
  if (Room* const room = Find(visitor.room()); room != nullptr) room->Leave(visitor);
}

void Rooms::List(std::string_view after, RoomsReply* reply) {
  std::lock_guard lock(mutex_);
  ForgetEmpty();
  reply->set_total(static_cast<uint32_t>(rooms_.size()));
  size_t size = 0;
  auto it = after.empty() ? rooms_.begin() : rooms_.upper_bound(KeyOf(after));
  for (; it != rooms_.end(); ++it) {
    RoomEntry entry;
    entry.set_name(it->second->name());
    entry.set_members(static_cast<uint32_t>(it->second->members()));
    size += entry.ByteSizeLong() + kEntryOverhead;
    if (size > limits_.reply_size_max && reply->rooms_size() > 0) break;
    *reply->add_rooms() = std::move(entry);
  }
  reply->set_more(it != rooms_.end());
}

absl::Status Rooms::Who(const WhoRequest& request, WhoReply* reply) {
  std::lock_guard lock(mutex_);
  ForgetEmpty();
  if (absl::Status s = CheckName("the room's name", request.room()); !s.ok()) return s;
  Room* const room = Find(request.room());
  if (room == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no room \"", request.room(), "\""));
  }
  room->Who(request.after(), reply);
  return absl::OkStatus();
}

absl::StatusOr<Room*> Rooms::Open(const Visitor& visitor) {
  const std::string& name = visitor.room();
  if (absl::Status s = CheckName("the room's name", name); !s.ok()) return s;
  if (absl::Status s = CheckName("the name", visitor.name()); !s.ok()) return s;
  ForgetEmpty();
  if (Room* const room = Find(name); room != nullptr) return room;
  const bool is_lobby = KeyOf(name) == limits_.lobby;
  if (!is_lobby && rooms_.size() >= limits_.rooms_max && !MakeWay()) {
    return absl::ResourceExhaustedError(absl::StrCat("there are ", rooms_.size(),
                                                     " rooms, as many as there may be, and none of "
                                                     "them is empty; join one of them"));
  }
  auto room = std::make_shared<Room>(name, NextEpoch(), limits_, clock_);
  return rooms_.emplace(KeyOf(name), std::move(room)).first->second.get();
}

Room* Rooms::Find(std::string_view name) const {
  const auto found = rooms_.find(KeyOf(name));
  return found == rooms_.end() ? nullptr : found->second.get();
}

void Rooms::ForgetEmpty() {
  const absl::Time now = clock_();
  if (now < look_for_empty_at_) return;
  look_for_empty_at_ = now + kLookInterval;
  std::erase_if(rooms_, [&](const Map::value_type& entry) {
    return entry.second->empty_since() + limits_.empty_room_kept <= now;
  });
}

bool Rooms::MakeWay() {
  const auto longest = std::ranges::min_element(
      rooms_, {}, [](const Map::value_type& entry) { return entry.second->empty_since(); });
  if (longest == rooms_.end() || longest->second->empty_since() == absl::InfiniteFuture()) {
    return false;
  }
  rooms_.erase(longest);
  return true;
}

// By the clock, so that it was not that of a room before the server was started anew either.
uint64_t Rooms::NextEpoch() {
  const auto now = static_cast<uint64_t>(absl::ToUnixMicros(clock_()));
  last_epoch_ = std::max(last_epoch_ + 1, now);
  return last_epoch_;
}

}  // namespace chat
