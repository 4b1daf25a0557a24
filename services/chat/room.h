// One room: who is in it, what was said, and how far each has heard it.
//
//     Room room("lobby", epoch, limits, clock);
//     absl::StatusOr<Seat> seat = room.Join(hello, &listener);
//     absl::Status said = seat->Say("good morning");
//     Reading reading = seat->Read();                    // then wait until the listener is rung
//
// What happens is kept once, in a ring of the last events, and each member has only its place in
// it: a member that does not read costs nothing and holds up nobody. When the ring has overtaken
// it, it is told how many events it missed. Texts are kept a second time, as the history for who
// comes later, so that coming and going does not wash it away.
//
// Threads: any number may use a room and its seats; a listener is rung with the room's lock held,
// on the thread of who did something. Lifetime: a seat holds on to its room, and a listener
// outlives its seat.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/chat/chat.pb.h"
#include "services/chat/limits.h"
#include "services/chat/log.h"
#include "services/chat/purse.h"

namespace chat {

using Clock = std::function<absl::Time()>;

// Is told that there is something to read. Ring may not call the room.
class Listener {
 public:
  virtual void Ring() = 0;

 protected:
  ~Listener() = default;
};

// What a member hears next.
struct Reading {
  uint64_t missed = 0;  // before the messages
  std::vector<Message> messages = {};
  Refused refused = {};  // with a count of 0: nothing was
  // Read again after this time, rung or not: members over datagrams may have gone.
  absl::Duration pause = absl::InfiniteDuration();
  // It has heard all that it will, and for this reason.
  bool over = false;
  absl::Status status = {};
};

class Seat;

class Room : public std::enable_shared_from_this<Room> {
  struct Member;
  friend class Seat;

 public:
  // An epoch that no other room of this name has had.
  Room(std::string_view name, uint64_t epoch, const Limits& limits, Clock clock);
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  // A member on a connection. INVALID_ARGUMENT, ALREADY_EXISTS, RESOURCE_EXHAUSTED. Into `welcome`
  // goes what is to be told first.
  absl::StatusOr<Seat> Join(const Hello& hello, Listener* listener, Welcome* welcome);

  // Members over datagrams. The same errors.
  absl::Status Post(const PostRequest& request, PostReply* reply);
  absl::Status Poll(const PollRequest& request, PollReply* reply);
  // OK also when there is no such member.
  void Leave(const Visitor& visitor);

  void Who(std::string_view after, WhoReply* reply);
  size_t members();
  // When it began or the last member left; InfiniteFuture while somebody is in it.
  absl::Time empty_since();
  const std::string& name() const { return name_; }

 private:
  using Members = std::map<std::string, std::shared_ptr<Member>>;  // by KeyOf(name)

  // With the lock held:
  void Tell(Event::Kind kind, std::string_view name, std::string_view text);
  absl::StatusOr<std::shared_ptr<Member>> Enter(const Visitor& visitor, Listener* listener);
  absl::StatusOr<std::shared_ptr<Member>> Visit(const Visitor& visitor);
  void GiveWay(Member* member);
  absl::Status CheckFree(std::string_view name) const;
  Members::iterator FindPolling(uint64_t key);
  void Remove(Members::iterator member, absl::Status why);
  void Rename(Members::iterator member, std::string_view name);
  Members::iterator Find(const Member& member);
  void ForgetAbsent();
  Purse PurseFor(std::string_view name);
  void KeepPurse(std::string_view name, Purse purse);
  absl::Status Charge(Member* member);
  absl::Status Say(Member* member, std::string_view text);

  // For seats, which hold no lock:
  absl::Status SayOf(Member* member, std::string_view text);
  absl::Status RenameOf(Member* member, std::string_view name);
  void RefuseOf(Member* member, const absl::Status& why);
  void LeaveOf(Member* member, const absl::Status& why);
  Reading ReadOf(Member* member);

  const std::string name_;
  const Limits limits_;
  const Clock clock_;

  std::mutex mutex_;  // guards what follows
  Members members_;
  std::map<std::string, Purse> purses_;  // of who has left, by KeyOf(name); none is full
  Log log_;
  absl::Time empty_since_;
  absl::Time look_for_absent_at_ = absl::InfiniteFuture();  // none is before
};

// The place of a member on a connection: it leaves with it.
class Seat {
 public:
  Seat(Seat&&) = default;
  Seat& operator=(Seat&&) = delete;
  ~Seat();

  // Not taken: the error says why, for who said it.
  absl::Status Say(std::string_view text);
  absl::Status Rename(std::string_view name);

  // Has the member hear why something it said was not taken. Many of these are one.
  void Refuse(const absl::Status& why);

  // What it has not heard yet, a few at a time; nothing: wait for the listener to be rung.
  Reading Read();

  // Leaves. What happened before is still to be read, and then `why`.
  void Leave(const absl::Status& why);

 private:
  friend class Room;
  Seat(std::shared_ptr<Room> room, std::shared_ptr<Room::Member> member);

  std::shared_ptr<Room> room_;
  std::shared_ptr<Room::Member> member_;
};

}  // namespace chat
