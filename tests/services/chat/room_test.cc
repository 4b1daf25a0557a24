// Rooms by themselves: no connections, and a clock that stands until it is moved.
#include "services/chat/room.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/chat/chat.pb.h"
#include "services/chat/limits.h"
#include "services/chat/rooms.h"

namespace chat {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CountingListener final : public Listener {
 public:
  void Ring() override { ++rings; }
  int rings = 0;
};

// An event in few words.
std::string Text(const Event& event) {
  switch (event.kind()) {
    case Event::JOINED:
      return "+" + event.name();
    case Event::LEFT:
      return "-" + event.name();
    case Event::RENAMED:
      return event.name() + "=" + event.text();
    default:
      return event.name() + ": " + event.text();
  }
}

std::vector<std::string> Texts(const PollReply& reply) {
  std::vector<std::string> texts;
  for (const Event& event : reply.events()) texts.push_back(Text(event));
  return texts;
}

// Everything that it has to read, as words.
std::vector<std::string> ReadAll(Seat& seat) {
  std::vector<std::string> texts;
  for (;;) {
    const Reading reading = seat.Read();
    if (reading.refused.count() > 0) texts.push_back("refused: " + reading.refused.reason());
    if (reading.missed > 0) texts.push_back(absl::StrCat("missed ", reading.missed));
    for (const Message& message : reading.messages) texts.push_back(Text(message->event()));
    if (reading.over) texts.push_back("over: " + reading.status.ToString());
    if (reading.messages.empty()) return texts;
  }
}

class RoomTest : public testing::Test {
 protected:
  RoomTest() {
    limits_.history_size = 3;
    limits_.ring_size = 8;
    limits_.members_max = 4;
    limits_.rooms_max = 3;
    limits_.burst = 1'000;
  }

  Rooms& rooms() {
    if (rooms_ == nullptr) {
      rooms_ = std::make_unique<Rooms>(limits_, [this] { return now_; });
    }
    return *rooms_;
  }

  static Visitor VisitorOf(const std::string& name, uint64_t key, const std::string& room) {
    Visitor visitor;
    visitor.set_room(room);
    visitor.set_name(name);
    visitor.set_key(key);
    return visitor;
  }

  absl::StatusOr<Seat> TryJoin(const std::string& name, uint32_t history = 0, uint64_t key = 0,
                               const std::string& room = "lobby") {
    Hello hello;
    *hello.mutable_visitor() = VisitorOf(name, key, room);
    hello.set_history(history);
    welcome_.Clear();
    return rooms().Join(hello, &listener_, &welcome_);
  }
  Seat Join(const std::string& name, uint32_t history = 0, uint64_t key = 0) {
    return *TryJoin(name, history, key);
  }
  absl::StatusOr<Seat> JoinAfter(const std::string& name, const Position& position) {
    Hello hello;
    *hello.mutable_visitor() = VisitorOf(name, 0, "lobby");
    hello.set_history(100);
    *hello.mutable_after() = position;
    welcome_.Clear();
    return rooms().Join(hello, &listener_, &welcome_);
  }

  absl::Status Post(const std::string& name, const std::string& text, uint64_t key = 0,
                    const std::string& room = "lobby") {
    PostRequest request;
    *request.mutable_visitor() = VisitorOf(name, key, room);
    request.set_text(text);
    PostReply reply;
    return rooms().Post(request, &reply);
  }
  absl::Status Poll(const std::string& name, const Position* after = nullptr, uint32_t max = 0,
                    uint64_t key = 0) {
    PollRequest request;
    *request.mutable_visitor() = VisitorOf(name, key, "lobby");
    if (after != nullptr) *request.mutable_after() = *after;
    request.set_max(max);
    polled_.Clear();
    return rooms().Poll(request, &polled_);
  }
  // Goes on from the poll before.
  std::vector<std::string> PollOn(const std::string& name) {
    const Position position = polled_.position();
    const absl::Status s = Poll(name, &position);
    return s.ok() ? Texts(polled_) : std::vector<std::string>{s.ToString()};
  }
  std::vector<std::string> RoomNames() {
    RoomsReply reply;
    rooms().List("", &reply);
    std::vector<std::string> names;
    for (const RoomEntry& room : reply.rooms()) names.push_back(room.name());
    return names;
  }

  Limits limits_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  CountingListener listener_;
  std::unique_ptr<Rooms> rooms_;
  Welcome welcome_;
  PollReply polled_;
};

TEST_F(RoomTest, EverybodyHearsWhatAnybodySays) {
  Seat ann = Join("ann");
  Seat bob = Join("bob");
  ASSERT_TRUE(ann.Say("hello").ok());
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "+bob", "ann: hello"));
  EXPECT_THAT(ReadAll(bob), ElementsAre("+bob", "ann: hello"));
  EXPECT_THAT(ReadAll(bob), IsEmpty());
}

TEST_F(RoomTest, WhoListensIsRung) {
  Seat ann = Join("ann");
  const int rings = listener_.rings;
  ASSERT_TRUE(ann.Say("hello").ok());
  EXPECT_EQ(listener_.rings, rings + 1);
}

TEST_F(RoomTest, WhoComesIsToldWhoIsThereAndTheLastTexts) {
  Seat ann = Join("ann");
  ASSERT_TRUE(Post("zoe", "over datagrams").ok());
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(ann.Say(text).ok());
  Seat bob = Join("bob", 2);
  EXPECT_EQ(welcome_.name(), "bob");
  ASSERT_THAT(welcome_.members(), SizeIs(2));
  EXPECT_FALSE(welcome_.members(0).polls());
  EXPECT_EQ(welcome_.members(1).name(), "zoe");
  EXPECT_TRUE(welcome_.members(1).polls());
  EXPECT_THAT(ReadAll(bob), ElementsAre("ann: 2", "ann: 3", "+bob"));
}

TEST_F(RoomTest, ComingAndGoingDoesNotWashTheHistoryAway) {
  Seat ann = Join("ann");
  for (const char* text : {"1", "2", "3", "4"}) ASSERT_TRUE(ann.Say(text).ok());
  for (int i = 0; i < 100; ++i) Join("bob");
  Seat eve = Join("eve", 100);
  EXPECT_THAT(ReadAll(eve), ElementsAre("ann: 2", "ann: 3", "ann: 4", "+eve"));
}

TEST_F(RoomTest, WhoDoesNotReadIsToldHowMuchItMissed) {
  Seat ann = Join("ann");
  Seat bob = Join("bob");
  EXPECT_THAT(ReadAll(bob), ElementsAre("+bob"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ann.Say(absl::StrCat(i)).ok());
  EXPECT_THAT(ReadAll(bob), ElementsAre("missed 12", "ann: 12", "ann: 13", "ann: 14", "ann: 15",
                                        "ann: 16", "ann: 17", "ann: 18", "ann: 19"));
}

TEST_F(RoomTest, WhoLeavesIsHeardOfAndHearsTheRest) {
  Seat ann = Join("ann");
  {
    Seat bob = Join("bob");
    ASSERT_TRUE(bob.Say("bye").ok());
    bob.Leave(absl::OkStatus());
    ASSERT_TRUE(ann.Say("too late").ok());
    EXPECT_THAT(ReadAll(bob), ElementsAre("+bob", "bob: bye", "-bob", "over: OK"));
    EXPECT_FALSE(bob.Say("still here").ok());
  }
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "+bob", "bob: bye", "-bob", "ann: too late"));
}

TEST_F(RoomTest, ASeatThatIsGoneHasLeft) {
  Seat ann = Join("ann");
  Join("bob");
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "+bob", "-bob"));
}

TEST_F(RoomTest, ANameIsTakenOnceInAnyCapitals) {
  Seat ann = Join("Ann");
  const absl::Status taken = TryJoin("aNN").status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(taken.message(), AllOf(HasSubstr("\"Ann\""), HasSubstr("\"lobby\"")));
  EXPECT_EQ(Post("ann", "me too").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Poll("ann").code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(RoomTest, ANameIsFreeAgainWhenItsMemberHasLeft) {
  Join("ann");
  EXPECT_TRUE(TryJoin("ann").ok());
}

TEST_F(RoomTest, TheSameUserTakesItsPlaceAgainAndNobodyHearsOfIt) {
  Seat bob = Join("bob");
  Seat old = Join("ann", 0, 7);
  Seat ann = Join("ann", 0, 7);
  EXPECT_THAT(welcome_.members(), SizeIs(1));
  EXPECT_THAT(ReadAll(old), ElementsAre("over: ABORTED: ann has joined again, over another "
                                        "connection"));
  ASSERT_TRUE(ann.Say("I am back").ok());
  old.Leave(absl::OkStatus());
  EXPECT_THAT(ReadAll(bob), ElementsAre("+bob", "+ann", "ann: I am back"));
  EXPECT_FALSE(TryJoin("ann", 0, 8).ok());
}

TEST_F(RoomTest, WhoWasHereBeforeGoesOnWhereItWas) {
  Seat ann = Join("ann");
  Position position;
  {
    Seat bob = Join("bob");
    position = welcome_.position();
  }
  ASSERT_TRUE(ann.Say("where is bob?").ok());
  absl::StatusOr<Seat> bob = JoinAfter("bob", position);
  EXPECT_TRUE(welcome_.resumed());
  EXPECT_THAT(ReadAll(*bob), ElementsAre("+bob", "-bob", "ann: where is bob?", "+bob"));
}

TEST_F(RoomTest, APlaceInARoomThatIsGoneIsNone) {
  Position position;
  {
    Seat ann = Join("ann");
    position = welcome_.position();
  }
  now_ += limits_.empty_room_kept + absl::Seconds(1);
  ASSERT_TRUE(Post("bob", "a new room").ok());
  absl::StatusOr<Seat> ann = JoinAfter("ann", position);
  EXPECT_FALSE(welcome_.resumed());
  EXPECT_THAT(ReadAll(*ann), ElementsAre("bob: a new room", "+ann"));
}

TEST_F(RoomTest, APlaceThatNeverWasIsTheEnd) {
  Seat ann = Join("ann");
  Position position = welcome_.position();
  position.set_sequence(UINT64_MAX);
  absl::StatusOr<Seat> bob = JoinAfter("bob", position);
  EXPECT_THAT(ReadAll(*bob), SizeIs(testing::Le(1)));
  ASSERT_TRUE(Poll("eve", &position).ok());
  ASSERT_TRUE(ann.Say("still fine").ok());
  EXPECT_THAT(PollOn("eve"), ElementsAre("ann: still fine"));
}

TEST_F(RoomTest, AMemberIsRenamed) {
  Seat ann = Join("ann");
  Seat bob = Join("bob");
  EXPECT_TRUE(bob.Rename("rob").ok());
  EXPECT_TRUE(bob.Rename("Rob").ok());
  EXPECT_TRUE(bob.Rename("Rob").ok());
  EXPECT_EQ(bob.Rename("ANN").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(bob.Rename("a b").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "+bob", "bob=rob", "rob=Rob"));
  EXPECT_TRUE(ann.Rename("bob").ok());
}

TEST_F(RoomTest, WhoTalksTooFastIsTold) {
  limits_.burst = 2;
  limits_.texts_per_s = 4;
  Seat ann = Join("ann");
  EXPECT_TRUE(ann.Say("1").ok());
  EXPECT_TRUE(ann.Say("2").ok());
  const absl::Status refused = ann.Say("3");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(), "you may say 2 texts at once and 4 a second: wait for 300ms");
  EXPECT_FALSE(ann.Rename("anna").ok());
  ann.Refuse(refused);
  EXPECT_EQ(ann.Read().refused.wait_ms(), 250);
  now_ += absl::Milliseconds(300);
  EXPECT_TRUE(ann.Say("3").ok());
}

TEST_F(RoomTest, ComingBackDoesNotBuyMoreTexts) {
  limits_.burst = 1;
  Seat old = Join("ann", 0, 7);
  EXPECT_TRUE(old.Say("1").ok());
  Seat ann = Join("ann", 0, 7);
  EXPECT_FALSE(ann.Say("2").ok());
}

TEST_F(RoomTest, LeavingDoesNotBuyMoreTexts) {
  limits_.burst = 2;
  limits_.texts_per_s = 1;
  {
    Seat ann = Join("ann");
    EXPECT_TRUE(ann.Say("1").ok());
    EXPECT_TRUE(ann.Say("2").ok());
  }
  EXPECT_FALSE(Join("Ann").Say("3").ok());
  EXPECT_FALSE(Post("ann", "3").ok());
  rooms().Leave(VisitorOf("ann", 0, "lobby"));
  EXPECT_FALSE(Post("ann", "3").ok());
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Post("ann", "3").ok());
  rooms().Leave(VisitorOf("ann", 0, "lobby"));
  EXPECT_FALSE(Join("ann").Say("4").ok());
  EXPECT_TRUE(Join("bob").Say("each has a purse").ok());
}

TEST_F(RoomTest, WhatIsKeptOfThoseWhoLeftIsBounded) {
  limits_.burst = 1;
  EXPECT_TRUE(Join("ann").Say("1").ok());
  for (const char* name : {"b", "c", "d"}) EXPECT_TRUE(Join(name).Say("1").ok());
  EXPECT_FALSE(Join("ann").Say("2").ok());
  EXPECT_TRUE(Join("e").Say("1").ok());  // one of five gives way: the first by name
  EXPECT_TRUE(Join("ann").Say("2").ok());
}

TEST_F(RoomTest, RefusalsInARowAreOne) {
  Seat ann = Join("ann");
  for (int i = 0; i < 1'000; ++i) ann.Refuse(absl::InternalError(absl::StrCat("reason ", i)));
  const Reading reading = ann.Read();
  EXPECT_EQ(reading.refused.reason(), "reason 0");
  EXPECT_EQ(reading.refused.wait_ms(), 0);
  EXPECT_EQ(reading.refused.count(), 1'000);
  EXPECT_EQ(ann.Read().refused.count(), 0);
}

TEST_F(RoomTest, ARoomIsFullAtItsLimit) {
  std::vector<Seat> seats;
  for (const char* name : {"a", "b", "c", "d"}) seats.push_back(Join(name));
  EXPECT_EQ(TryJoin("e").status(),
            absl::ResourceExhaustedError("the room \"lobby\" has 4 members, and room for 4"));
  EXPECT_EQ(Poll("e").code(), absl::StatusCode::kResourceExhausted);
  seats.pop_back();
  EXPECT_TRUE(TryJoin("e").ok());
}

TEST_F(RoomTest, DatagramsAndConnectionsMeet) {
  Seat ann = Join("ann");
  ASSERT_TRUE(Poll("bob").ok());
  ASSERT_TRUE(ann.Say("hello, bob").ok());
  ASSERT_TRUE(Post("bob", "hello, ann").ok());
  EXPECT_THAT(PollOn("bob"), ElementsAre("+bob", "ann: hello, bob", "bob: hello, ann"));
  EXPECT_THAT(PollOn("bob"), IsEmpty());
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "+bob", "ann: hello, bob", "bob: hello, ann"));
}

TEST_F(RoomTest, APollIsNoLargerThanADatagram) {
  limits_.ring_size = 100;
  limits_.history_size = 100;
  Seat ann = Join("ann");
  ASSERT_TRUE(Poll("bob").ok());
  const std::string text(300, 'x');
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ann.Say(text).ok());
  EXPECT_THAT(PollOn("bob"), SizeIs(4));  // one of them who joined
  EXPECT_TRUE(polled_.more());
  EXPECT_LE(polled_.ByteSizeLong(), 1'050);
  size_t events = 4;
  while (polled_.more()) events += PollOn("bob").size();
  EXPECT_EQ(events, 11);
  ASSERT_TRUE(Poll("eve").ok());
  EXPECT_THAT(polled_.events(), SizeIs(3));
}

TEST_F(RoomTest, TheLargestTextFitsAPoll) {
  std::string name;
  for (size_t i = 0; i < 24; ++i) name += "🙂";
  ASSERT_TRUE(Poll("bob").ok());
  const absl::Status posted = Post(name, std::string(limits_.text_size_max, 'x'));
  ASSERT_TRUE(posted.ok()) << posted;
  EXPECT_THAT(PollOn("bob"), SizeIs(2));  // and who joined: more than the limit takes is left
  while (polled_.more()) EXPECT_THAT(PollOn("bob"), SizeIs(1));
  EXPECT_LE(polled_.ByteSizeLong(), 1'050);
}

TEST_F(RoomTest, APollTakesAsManyAsItAsksFor) {
  Seat ann = Join("ann");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ann.Say(absl::StrCat(i)).ok());
  ASSERT_TRUE(Poll("bob", nullptr, 2).ok());
  EXPECT_THAT(Texts(polled_), ElementsAre("ann: 1", "ann: 2"));
  const Position position = polled_.position();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ann.Say(absl::StrCat(i)).ok());
  ASSERT_TRUE(Poll("bob", &position, 2).ok());
  EXPECT_THAT(Texts(polled_), ElementsAre("+bob", "ann: 0"));
}

TEST_F(RoomTest, WhoPollsTooRarelyIsToldWhatItMissed) {
  Seat ann = Join("ann");
  ASSERT_TRUE(Poll("bob").ok());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ann.Say(absl::StrCat(i)).ok());
  EXPECT_THAT(PollOn("bob"), SizeIs(8));
  EXPECT_EQ(polled_.missed(), 13);
}

TEST_F(RoomTest, WhoIsSilentOverDatagramsHasLeft) {
  Seat ann = Join("ann");
  EXPECT_EQ(ann.Read().pause, absl::InfiniteDuration());
  ASSERT_TRUE(Poll("bob").ok());
  now_ += absl::Seconds(10);
  ASSERT_TRUE(Poll("bob").ok());
  EXPECT_EQ(ann.Read().pause, absl::Seconds(5));
  now_ += absl::Seconds(14);
  EXPECT_THAT(ReadAll(ann), IsEmpty());
  now_ += absl::Seconds(1);
  EXPECT_THAT(ReadAll(ann), ElementsAre("-bob"));
  EXPECT_EQ(ann.Read().pause, absl::InfiniteDuration());
}

TEST_F(RoomTest, WhoLeavesOverDatagramsHasLeftAtOnce) {
  Seat ann = Join("ann");
  ASSERT_TRUE(Poll("bob", nullptr, 0, 7).ok());
  rooms().Leave(VisitorOf("bob", 8, "lobby"));
  rooms().Leave(VisitorOf("ann", 0, "lobby"));
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "+bob"));
  rooms().Leave(VisitorOf("bob", 7, "lobby"));
  EXPECT_THAT(ReadAll(ann), ElementsAre("-bob"));
}

TEST_F(RoomTest, AKeyKeepsANameOverDatagrams) {
  ASSERT_TRUE(Post("bob", "hello", 7).ok());
  EXPECT_EQ(Post("bob", "me too", 8).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Post("bob", "me too", 0).code(), absl::StatusCode::kAlreadyExists);
  Seat ann = Join("ann");
  ASSERT_TRUE(Post("rob", "another name", 7).ok());
  EXPECT_THAT(ReadAll(ann), ElementsAre("+ann", "bob=rob", "rob: another name"));
}

TEST_F(RoomTest, AnEmptyRoomKeepsItsHistoryForAWhile) {
  {
    Seat ann = Join("ann");
    ASSERT_TRUE(ann.Say("remember me").ok());
  }
  now_ += limits_.empty_room_kept - absl::Seconds(1);
  {
    Seat bob = Join("bob", 10);
    EXPECT_THAT(ReadAll(bob), ElementsAre("ann: remember me", "+bob"));
  }
  now_ += limits_.empty_room_kept;
  EXPECT_THAT(RoomNames(), IsEmpty());
}

TEST_F(RoomTest, AnEmptyRoomGivesWayWhenThereAreTooMany) {
  Seat ann = *TryJoin("ann", 0, 0, "one");
  { Seat bob = *TryJoin("bob", 0, 0, "two"); }
  now_ += absl::Seconds(1);
  { Seat bob = *TryJoin("bob", 0, 0, "three"); }
  Seat bob = *TryJoin("bob", 0, 0, "four");
  EXPECT_THAT(RoomNames(), ElementsAre("four", "one", "three"));
  Seat eve = *TryJoin("eve", 0, 0, "five");
  const absl::Status refused = TryJoin("eve", 0, 0, "six").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(), HasSubstr("there are 3 rooms"));
}

TEST_F(RoomTest, ThereIsAlwaysAPlaceForTheLobby) {
  std::vector<Seat> seats;
  for (const char* room : {"one", "two", "three"}) seats.push_back(*TryJoin("eve", 0, 0, room));
  EXPECT_FALSE(TryJoin("ann", 0, 0, "four").ok());
  EXPECT_TRUE(TryJoin("ann", 0, 0, "Lobby").ok());
  EXPECT_TRUE(Post("ann", "hello").ok());
  EXPECT_THAT(RoomNames(), SizeIs(4));
}

TEST_F(RoomTest, RoomsAndMembersAreToldPageByPage) {
  limits_.rooms_max = 100;
  limits_.reply_size_max = 100;
  std::vector<Seat> seats;
  for (int i = 10; i < 60; ++i) seats.push_back(*TryJoin("ann", 0, 0, absl::StrCat("room", i)));
  std::vector<std::string> names;
  RoomsReply reply;
  do {
    const std::string after = names.empty() ? "" : names.back();
    reply.Clear();
    rooms().List(after, &reply);
    EXPECT_LE(reply.ByteSizeLong(), 110);
    for (const RoomEntry& room : reply.rooms()) names.push_back(room.name());
  } while (reply.more());
  EXPECT_THAT(names, SizeIs(50));
  EXPECT_EQ(reply.total(), 50);
}

TEST_F(RoomTest, NobodyIsInARoomThatIsNot) {
  WhoRequest request;
  request.set_room("nowhere");
  WhoReply reply;
  EXPECT_EQ(rooms().Who(request, &reply), absl::NotFoundError("there is no room \"nowhere\""));
  EXPECT_THAT(RoomNames(), IsEmpty());
}

TEST_F(RoomTest, BadNamesAndTextsAreRefused) {
  EXPECT_EQ(TryJoin("").status().message(), "the name is empty");
  EXPECT_EQ(TryJoin("ann", 0, 0, "").status().message(), "the room's name is empty");
  EXPECT_EQ(Post("a b", "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(RoomNames(), IsEmpty());  // nobody came in
  EXPECT_EQ(Post("ann", " ").message(), "the text has nothing in it");
  EXPECT_THAT(Post("ann", std::string(801, 'x')).message(),
              HasSubstr("801 bytes; it may have 800"));
}

}  // namespace
}  // namespace chat
