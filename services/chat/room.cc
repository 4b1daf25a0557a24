#include "services/chat/room.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/chat/words.h"

namespace chat {
namespace {

// What a slow reader holds on to while it is told.
constexpr size_t kReadingSize = 16;

}  // namespace

struct Room::Member {
  std::string name = {};
  uint64_t key = 0;
  Listener* listener = nullptr;  // null: over datagrams
  absl::Time seen = absl::InfinitePast();
  Purse purse = {};

  // Of those on a connection.
  std::vector<Message> backlog = {};  // read before what is at the cursor
  uint64_t cursor = 0;                // the sequence that it reads next
  Refused refused = {};
  bool gone = false;
  uint64_t end = 0;  // when gone: what it does not read any more
  absl::Status why = {};
};

Room::Room(std::string_view name, uint64_t epoch, const Limits& limits, Clock clock)
    : name_(name),
      limits_(limits),
      clock_(std::move(clock)),
      log_(epoch, limits),
      empty_since_(clock_()) {}

absl::StatusOr<Seat> Room::Join(const Hello& hello, Listener* listener, Welcome* welcome) {
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  for (const auto& [key, member] : members_) {
    if (key == KeyOf(hello.visitor().name())) continue;
    MemberEntry* const entry = welcome->add_members();
    entry->set_name(member->name);
    entry->set_polls(member->listener == nullptr);
  }
  uint64_t cursor = log_.end();
  absl::StatusOr<std::shared_ptr<Member>> entered = Enter(hello.visitor(), listener);
  if (!entered.ok()) return entered.status();
  Member& member = **entered;
  const bool resumed = hello.has_after() && hello.after().epoch() == log_.epoch();
  if (resumed) {
    cursor = std::min(cursor - 1, hello.after().sequence()) + 1;
  } else {
    member.backlog = log_.History(hello.history());
  }
  member.cursor = cursor;
  *welcome->mutable_position() = log_.PositionBefore(cursor);
  welcome->set_name(member.name);
  welcome->set_resumed(resumed);
  return Seat(shared_from_this(), *std::move(entered));
}

absl::StatusOr<std::shared_ptr<Room::Member>> Room::Enter(const Visitor& visitor,
                                                          Listener* listener) {
  if (absl::Status s = CheckName("the name", visitor.name()); !s.ok()) return s;
  auto member = std::make_shared<Member>();
  member->name = visitor.name();
  member->key = visitor.key();
  member->listener = listener;
  member->seen = clock_();
  const auto same = members_.find(KeyOf(visitor.name()));
  if (same != members_.end() && visitor.key() != 0 && same->second->key == visitor.key()) {
    GiveWay(same->second.get());
    member->purse = same->second->purse;
    same->second = member;
    return member;
  }
  if (absl::Status s = CheckFree(visitor.name()); !s.ok()) return s;
  if (members_.size() >= limits_.members_max) {
    return absl::ResourceExhaustedError(absl::StrCat("the room \"", name_, "\" has ",
                                                     members_.size(), " members, and room for ",
                                                     limits_.members_max));
  }
  member->purse = PurseFor(visitor.name());
  members_.emplace(KeyOf(visitor.name()), member);
  empty_since_ = absl::InfiniteFuture();
  Tell(Event::JOINED, visitor.name(), "");
  return member;
}

// To the same user again, whose connection was lost: nobody has left or joined.
void Room::GiveWay(Member* member) {
  member->gone = true;
  member->end = member->cursor;
  member->why =
      absl::AbortedError(absl::StrCat(member->name, " has joined again, over another connection"));
  if (member->listener != nullptr) member->listener->Ring();
}

absl::Status Room::CheckFree(std::string_view name) const {
  const auto same = members_.find(KeyOf(name));
  if (same == members_.end()) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat("\"", same->second->name,
                                               "\" is somebody else in the room \"", name_,
                                               "\"; take another name"));
}

absl::StatusOr<std::shared_ptr<Room::Member>> Room::Visit(const Visitor& visitor) {
  if (absl::Status s = CheckName("the name", visitor.name()); !s.ok()) return s;
  const absl::Time now = clock_();
  auto found = members_.find(KeyOf(visitor.name()));
  if (found == members_.end() && visitor.key() != 0) {
    found = FindPolling(visitor.key());
    if (found != members_.end()) {
      std::shared_ptr<Member> member = found->second;
      if (absl::Status s = Charge(member.get()); !s.ok()) return s;
      Rename(found, visitor.name());
      member->seen = now;
      return member;
    }
  }
  look_for_absent_at_ = std::min(look_for_absent_at_, now + limits_.absent_after);
  if (found == members_.end()) return Enter(visitor, nullptr);
  const bool by_name_only = visitor.key() == 0 && found->second->listener != nullptr;
  if (found->second->key != visitor.key() || by_name_only) return CheckFree(visitor.name());
  found->second->seen = now;
  return found->second;
}

Room::Members::iterator Room::FindPolling(uint64_t key) {
  return std::ranges::find_if(members_, [key](const auto& entry) {
    return entry.second->listener == nullptr && entry.second->key == key;
  });
}

Room::Members::iterator Room::Find(const Member& member) {
  const auto found = members_.find(KeyOf(member.name));
  return found != members_.end() && found->second.get() == &member ? found : members_.end();
}

absl::Status Room::Post(const PostRequest& request, PostReply* reply) {
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  absl::StatusOr<std::shared_ptr<Member>> member = Visit(request.visitor());
  if (!member.ok()) return member.status();
  if (absl::Status s = Say(member->get(), request.text()); !s.ok()) return s;
  *reply->mutable_position() = log_.PositionBefore(log_.end());
  return absl::OkStatus();
}

absl::Status Room::Poll(const PollRequest& request, PollReply* reply) {
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  const uint64_t before = log_.end();
  absl::StatusOr<std::shared_ptr<Member>> member = Visit(request.visitor());
  if (!member.ok()) return member.status();
  const size_t max = request.max() == 0 ? limits_.ring_size : request.max();
  if (request.has_after() && request.after().epoch() == log_.epoch()) {
    log_.ReadAfter(request.after().sequence(), max, reply);
  } else {
    log_.ReadLastTexts(before, max, reply);
  }
  return absl::OkStatus();
}

void Room::Leave(const Visitor& visitor) {
  std::lock_guard lock(mutex_);
  const auto found = members_.find(KeyOf(visitor.name()));
  if (found == members_.end() || found->second->listener != nullptr) return;
  if (found->second->key == visitor.key()) Remove(found, absl::OkStatus());
}

void Room::Who(std::string_view after, WhoReply* reply) {
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  reply->set_total(static_cast<uint32_t>(members_.size()));
  size_t size = 0;
  auto it = after.empty() ? members_.begin() : members_.upper_bound(KeyOf(after));
  for (; it != members_.end(); ++it) {
    MemberEntry entry;
    entry.set_name(it->second->name);
    entry.set_polls(it->second->listener == nullptr);
    size += entry.ByteSizeLong() + kEntryOverhead;
    if (size > limits_.reply_size_max && reply->members_size() > 0) break;
    *reply->add_members() = std::move(entry);
  }
  reply->set_more(it != members_.end());
}

size_t Room::members() {
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  return members_.size();
}

absl::Time Room::empty_since() {
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  return empty_since_;
}

void Room::Tell(Event::Kind kind, std::string_view name, std::string_view text) {
  log_.Add(kind, name, text, clock_());
  for (const auto& [key, member] : members_) {
    if (member->listener != nullptr) member->listener->Ring();
  }
}

void Room::Remove(Members::iterator found, absl::Status why) {
  const std::shared_ptr<Member> member = found->second;
  members_.erase(found);
  KeepPurse(member->name, member->purse);
  if (members_.empty()) empty_since_ = clock_();
  Tell(Event::LEFT, member->name, "");
  member->gone = true;
  member->end = log_.end();
  member->why = std::move(why);
  if (member->listener != nullptr) member->listener->Ring();
}

void Room::Rename(Members::iterator found, std::string_view name) {
  const std::string before = found->second->name;
  found->second->name = name;
  auto entry = members_.extract(found);
  entry.key() = KeyOf(name);
  members_.insert(std::move(entry));
  Tell(Event::RENAMED, before, name);
}

void Room::ForgetAbsent() {
  const absl::Time now = clock_();
  if (now < look_for_absent_at_) return;
  look_for_absent_at_ = absl::InfiniteFuture();
  for (auto it = members_.begin(); it != members_.end();) {
    const auto member = it++;
    if (member->second->listener != nullptr) continue;
    const absl::Time absent_at = member->second->seen + limits_.absent_after;
    if (absent_at <= now) {
      Remove(member, absl::OkStatus());
    } else {
      look_for_absent_at_ = std::min(look_for_absent_at_, absent_at);
    }
  }
}

// Leaving and coming back gives nobody more to say.
Purse Room::PurseFor(std::string_view name) {
  const auto kept = purses_.extract(KeyOf(name));
  return kept.empty() ? Purse(limits_.burst, clock_()) : kept.mapped();
}

void Room::KeepPurse(std::string_view name, Purse purse) {
  const auto is_full = [this, now = clock_()](const auto& entry) {
    return entry.second.IsFull(limits_.burst, limits_.texts_per_s, now);
  };
  if (purses_.size() >= limits_.members_max) std::erase_if(purses_, is_full);
  if (purses_.size() >= limits_.members_max) purses_.erase(purses_.begin());
  purses_.insert_or_assign(KeyOf(name), purse);
}

absl::Status Room::Charge(Member* member) {
  const absl::Duration wait = member->purse.Pay(limits_.burst, limits_.texts_per_s, clock_());
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  const std::string pause = absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(100)));
  const char* const texts = limits_.burst == 1 ? " text" : " texts";
  return WithWait(absl::ResourceExhaustedError(absl::StrCat("you may say ", limits_.burst, texts,
                                                            " at once and ", limits_.texts_per_s,
                                                            " a second: wait for ", pause)),
                  wait);
}

absl::Status Room::Say(Member* member, std::string_view text) {
  absl::StatusOr<std::string> harmless = ReadText(text, limits_.text_size_max);
  if (!harmless.ok()) return harmless.status();
  if (absl::Status s = Charge(member); !s.ok()) return s;
  Tell(Event::TEXT, member->name, *harmless);
  return absl::OkStatus();
}

absl::Status Room::SayOf(Member* member, std::string_view text) {
  std::lock_guard lock(mutex_);
  if (member->gone) return absl::FailedPreconditionError("who has left can say nothing");
  return Say(member, text);
}

absl::Status Room::RenameOf(Member* member, std::string_view name) {
  if (absl::Status s = CheckName("the name", name); !s.ok()) return s;
  std::lock_guard lock(mutex_);
  const auto found = Find(*member);
  if (found == members_.end()) return absl::FailedPreconditionError("who has left has no name");
  if (member->name == name) return absl::OkStatus();
  if (KeyOf(name) != found->first) {
    if (absl::Status s = CheckFree(name); !s.ok()) return s;
  }
  if (absl::Status s = Charge(member); !s.ok()) return s;
  Rename(found, name);
  return absl::OkStatus();
}

void Room::RefuseOf(Member* member, const absl::Status& why) {
  std::lock_guard lock(mutex_);
  if (member->refused.count() == 0) {
    member->refused.set_reason(std::string(why.message()));
    member->refused.set_wait_ms(WaitMsOf(why));
  }
  member->refused.set_count(member->refused.count() + 1);
  member->listener->Ring();
}

void Room::LeaveOf(Member* member, const absl::Status& why) {
  std::lock_guard lock(mutex_);
  const auto found = Find(*member);
  if (found != members_.end()) Remove(found, why);
}

Reading Room::ReadOf(Member* member) {
  Reading reading;
  std::lock_guard lock(mutex_);
  ForgetAbsent();
  reading.pause = look_for_absent_at_ - clock_();
  reading.refused = std::exchange(member->refused, Refused());
  reading.messages = std::exchange(member->backlog, {});
  if (!reading.messages.empty()) return reading;
  const uint64_t until = member->gone ? member->end : log_.end();
  const uint64_t first = std::clamp(log_.begin(), member->cursor, until);
  const uint64_t last = std::min(until, first + kReadingSize);
  reading.missed = first - member->cursor;
  for (uint64_t i = first; i < last; ++i) reading.messages.push_back(log_.at(i));
  member->cursor = last;
  reading.over = member->gone && reading.messages.empty();
  if (reading.over) reading.status = member->why;
  return reading;
}

Seat::Seat(std::shared_ptr<Room> room, std::shared_ptr<Room::Member> member)
    : room_(std::move(room)), member_(std::move(member)) {}

Seat::~Seat() {
  if (room_ != nullptr) Leave(absl::OkStatus());
}

absl::Status Seat::Say(std::string_view text) { return room_->SayOf(member_.get(), text); }

absl::Status Seat::Rename(std::string_view name) { return room_->RenameOf(member_.get(), name); }

void Seat::Refuse(const absl::Status& why) { room_->RefuseOf(member_.get(), why); }

Reading Seat::Read() { return room_->ReadOf(member_.get()); }

void Seat::Leave(const absl::Status& why) { room_->LeaveOf(member_.get(), why); }

}  // namespace chat
