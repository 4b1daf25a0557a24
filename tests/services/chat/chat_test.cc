// The chat service over real connections and datagrams.
#include <malloc.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/chat/chat.rpc.h"
#include "services/chat/limits.h"
#include "tests/services/chat/user.h"
#include "tests/support/datagram_proxy.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy.h"

namespace chat {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

Limits Hurried() {
  Limits limits;
  limits.burst = 1e9;
  return limits;
}

TEST(ChatTest, TwoTalk) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  EXPECT_EQ(ann.Hear(), "+ann");
  User bob(server.tcp(), "bob");
  ASSERT_THAT(bob.welcome().members(), SizeIs(1));
  EXPECT_EQ(bob.welcome().members(0).name(), "ann");
  ann.Say("hello, bob");
  bob.Say("hello, ann");
  EXPECT_EQ(ann.Hear(), "+bob");
  EXPECT_TRUE(ann.HearUntil("bob: hello, ann"));
  EXPECT_TRUE(bob.HearUntil("ann: hello, bob"));
}

TEST(ChatTest, WhoClosesItsSideHearsTheRestAndHasLeft) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  User bob(server.tcp(), "bob");
  for (int i = 0; i < 5; ++i) bob.Say(absl::StrCat(i));
  bob.Close();
  EXPECT_EQ(bob.Hear(), "+bob");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bob.Hear(), absl::StrCat("bob: ", i));
  EXPECT_EQ(bob.Hear(), "-bob");
  EXPECT_EQ(bob.Hear(), "end: OK");
  EXPECT_TRUE(ann.HearUntil("-bob"));
}

TEST(ChatTest, WhoIsCutHasLeft) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  User(server.tcp(), "bob").Cut();
  EXPECT_TRUE(ann.HearUntil("-bob"));
  { User gone(server.tcp(), "eve"); }
  EXPECT_TRUE(ann.HearUntil("-eve"));
  User bob(server.tcp(), "bob");
  EXPECT_EQ(bob.Hear(), "+bob");
}

TEST(ChatTest, AShutdownEndsConversations) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  EXPECT_EQ(ann.Hear(), "+ann");
  EXPECT_TRUE(server.server().Shutdown(absl::Hours(1)).ok());
  EXPECT_EQ(ann.Hear(), "end: UNAVAILABLE: the server is shutting down");
}

TEST(ChatTest, ANameIsTakenOnce) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  EXPECT_THAT(User(server.tcp(), "Ann").Hear(),
              AllOf(StartsWith("end: ALREADY_EXISTS"), HasSubstr("\"ann\"")));
  EXPECT_THAT(Poller(server.udp(), "ann").Poll(), ElementsAre(StartsWith("ALREADY_EXISTS")));
  User other(server.tcp(), "ann", 0, 0, "other");
  EXPECT_EQ(other.Hear(), "+ann");
}

TEST(ChatTest, WhoComesBackWithItsKeyTakesItsPlace) {
  ChatServer server;
  User old(server.tcp(), "ann", 0, 7);
  EXPECT_EQ(old.Hear(), "+ann");
  User ann(server.tcp(), "ann", 0, 7);
  EXPECT_THAT(old.Hear(), StartsWith("end: ABORTED"));
  ann.Say("it is me");
  EXPECT_EQ(ann.Hear(), "ann: it is me");
}

TEST(ChatTest, ADeadConnectionDoesNotKeepAUserOut) {
  ChatServer server;
  rpc::Proxy proxy(server.tcp());
  User old(proxy.address(), "ann", 0, 7);
  proxy.StopForwarding();
  User ann(server.tcp(), "ann", 0, 7);
  ann.Say("it is me");
  EXPECT_EQ(ann.Hear(), "ann: it is me");
}

TEST(ChatTest, ARenameIsHeard) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  ann.Rename("anna");
  ann.Say("hello");
  EXPECT_TRUE(ann.HearUntil("ann=anna"));
  EXPECT_EQ(ann.Hear(), "anna: hello");
}

TEST(ChatTest, WhatIsRefusedIsToldInWords) {
  Limits limits;
  limits.burst = 1;
  limits.texts_per_s = 0.001;
  ChatServer server(limits);
  User ann(server.tcp(), "ann");
  EXPECT_EQ(ann.Hear(), "+ann");
  ann.Say(std::string(801, 'x'));
  EXPECT_EQ(ann.Hear(), "refused 1: the text has 801 bytes; it may have 800");
  ann.Say("first");
  EXPECT_EQ(ann.Hear(), "ann: first");
  ann.Say("second");
  EXPECT_THAT(ann.Hear(), HasSubstr("you may say 1 text at once"));
  ann.Rename("an n");
  EXPECT_THAT(ann.Hear(), HasSubstr("\" \" at character 3"));
}

TEST(ChatTest, WhoIsTooFastIsToldHowLongToWait) {
  Limits limits;
  limits.burst = 1;
  limits.texts_per_s = 0.001;
  ChatServer server(limits);
  Poller bob(server.udp(), "bob");
  EXPECT_TRUE(bob.Post("first").ok());
  PostRequest request;
  request.mutable_visitor()->set_room("lobby");
  request.mutable_visitor()->set_name("bob");
  request.set_text("second");
  const std::string wait = rpc::Run([&]() -> rpc::Task<std::string> {
    auto call = bob.chat().Post(request);
    const auto reply = co_await std::move(call);
    co_return reply.ok() ? "" : std::string(call.trailing().Get("wait-ms").value_or("none"));
  });
  EXPECT_GT(std::atoi(wait.c_str()), 100'000) << wait;
  EXPECT_LE(std::atoi(wait.c_str()), 1'000'000) << wait;
}

TEST(ChatTest, WhatCannotBeUnderstoodEndsTheCallWithAReason) {
  ChatServer server;
  EXPECT_THAT(User(server.tcp(), "a b").Hear(), StartsWith("end: INVALID_ARGUMENT: the name"));
  EXPECT_THAT(User(server.tcp(), "ann", 0, 0, "\x1b").Hear(),
              StartsWith("end: INVALID_ARGUMENT: the room's name \"\\x1b\""));

  const rpc::Channel channel(server.tcp());
  auto call = Chat::Client(channel).Join();
  Say say;
  say.set_text("no hello");
  ASSERT_TRUE(call.Write(say).Wait());
  EXPECT_EQ(call.Read().Wait(), nullptr);
  EXPECT_THAT(call.status().message(), HasSubstr("is its hello"));
}

TEST(ChatTest, ASecondHelloEndsTheCall) {
  ChatServer server;
  const rpc::Channel channel(server.tcp());
  auto call = Chat::Client(channel).Join();
  Say hello;
  hello.mutable_hello()->mutable_visitor()->set_name("ann");
  hello.mutable_hello()->mutable_visitor()->set_room("lobby");
  ASSERT_TRUE(call.Write(hello).Wait());
  ASSERT_TRUE(call.Write(hello).Wait());
  while (call.Read().Wait() != nullptr) continue;
  EXPECT_EQ(call.status(),
            absl::InvalidArgumentError("what follows the hello is a text or a rename"));
}

TEST(ChatTest, ControlCharactersReachNobody) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  ann.Say("\x1b[2Jboo\a");
  EXPECT_TRUE(ann.HearUntil("ann: \xef\xbf\xbd[2Jboo\xef\xbf\xbd"));
}

TEST(ChatTest, DatagramsAndConnectionsMeetInOneRoom) {
  ChatServer server;
  User ann(server.tcp(), "ann");
  ann.Say("anybody here?");
  EXPECT_TRUE(ann.HearUntil("ann: anybody here?"));
  Poller bob(server.udp(), "bob");
  EXPECT_THAT(bob.Poll(), ElementsAre("ann: anybody here?", "+bob"));
  EXPECT_TRUE(bob.Post("me, by datagram").ok());
  EXPECT_EQ(ann.Hear(), "+bob");
  EXPECT_EQ(ann.Hear(), "bob: me, by datagram");
  ann.Say("welcome");
  EXPECT_EQ(ann.Hear(), "ann: welcome");
  EXPECT_THAT(bob.Poll(), ElementsAre("bob: me, by datagram", "ann: welcome"));
  EXPECT_TRUE(bob.Leave().ok());
  EXPECT_EQ(ann.Hear(), "-bob");
}

TEST(ChatTest, PollsOfManyLargeTextsFitDatagrams) {
  ChatServer server(Hurried());
  Poller bob(server.udp(), "bob");
  EXPECT_THAT(bob.Poll(), ElementsAre("+bob"));
  const std::string text(800, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(bob.Post(text).ok());
  EXPECT_THAT(bob.Poll(), SizeIs(20));
  User ann(server.tcp(), "ann", 100);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ann.Hear(), "bob: " + text);
}

TEST(ChatTest, OverABadNetworkEachTextIsHeardOnce) {
  ChatServer server(Hurried());
  rpc::DatagramProxy proxy(server.udp(), 7);
  proxy.Set({.loss = 0.1, .duplicates = 0.2, .reordering = 0.1});
  User ann(server.tcp(), "ann");
  Poller bob(proxy.address(), "bob");
  EXPECT_THAT(bob.Poll(), ElementsAre("+bob"));
  std::vector<std::string> said;
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(bob.Post(absl::StrCat(i)).ok());
    said.push_back(absl::StrCat("bob: ", i));
  }
  EXPECT_EQ(bob.Poll(), said);
  EXPECT_TRUE(ann.HearUntil("+bob"));
  for (const std::string& text : said) EXPECT_EQ(ann.Hear(), text);
  EXPECT_GT(proxy.counts(rpc::DatagramProxy::kToServer).lost, 0);
}

TEST(ChatTest, WhoFallsSilentOverDatagramsIsSeenToLeave) {
  Limits limits;
  limits.absent_after = absl::Milliseconds(200);
  ChatServer server(limits);
  User ann(server.tcp(), "ann");
  Poller bob(server.udp(), "bob");
  EXPECT_THAT(bob.Poll(), SizeIs(1));
  EXPECT_TRUE(ann.HearUntil("-bob"));  // nobody calls meanwhile
}

TEST(ChatTest, RoomsAndMembersAreListed) {
  ChatServer server;
  User ann(server.tcp(), "ann", 0, 0, "lobby");
  User eve(server.tcp(), "eve", 0, 0, "attic");
  Poller bob(server.udp(), "bob");
  EXPECT_THAT(bob.Poll(), SizeIs(1));
  absl::StatusOr<RoomsReply> rooms = bob.chat().Rooms(RoomsRequest()).Wait();
  ASSERT_TRUE(rooms.ok()) << rooms.status();
  ASSERT_THAT(rooms->rooms(), SizeIs(2));
  EXPECT_EQ(rooms->rooms(1).name(), "lobby");
  EXPECT_EQ(rooms->rooms(1).members(), 2);
  WhoRequest request;
  request.set_room("lobby");
  absl::StatusOr<WhoReply> who = bob.chat().Who(request).Wait();
  ASSERT_TRUE(who.ok()) << who.status();
  ASSERT_THAT(who->members(), SizeIs(2));
  EXPECT_TRUE(who->members(1).polls());
  request.set_room("nowhere");
  EXPECT_EQ(bob.chat().Who(request).Wait().status().code(), absl::StatusCode::kNotFound);
}

TEST(ChatTest, ListsOfManyFitDatagrams) {
  ChatServer server;
  std::vector<std::unique_ptr<Poller>> pollers;
  for (int i = 100; i < 160; ++i) {
    const std::string name = absl::StrCat("somebody_with_name_", i);
    pollers.push_back(std::make_unique<Poller>(server.udp(), name, 0, "room-" + name.substr(19)));
    EXPECT_THAT(pollers.back()->Poll(), SizeIs(1));
  }
  RoomsRequest request;
  size_t rooms = 0;
  bool more = true;
  while (more) {
    absl::StatusOr<RoomsReply> reply = pollers[0]->chat().Rooms(request).Wait();
    ASSERT_TRUE(reply.ok()) << reply.status();
    rooms += static_cast<size_t>(reply->rooms_size());
    request.set_after(reply->rooms().rbegin()->name());
    more = reply->more();
  }
  EXPECT_EQ(rooms, 60);
}

// Many users, who each hear everything.
class CrowdTest : public testing::TestWithParam<int> {
 protected:
  static constexpr size_t kUsers = 200;
  static constexpr size_t kRound = 20;

  static Limits CrowdLimits() {
    Limits limits = Hurried();
    limits.ring_size = 2 * kUsers;
    return limits;
  }

  void Gather(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      users_.push_back(std::make_unique<User>(server_.tcp(), absl::StrCat("user", i)));
      ASSERT_EQ(users_.back()->welcome().members_size(), static_cast<int>(members_before_ + i));
    }
  }

  // One of them says a few texts; what each of them hears.
  std::vector<std::vector<std::string>> Round(User& speaker, int round, size_t size) {
    for (size_t i = 0; i < kRound; ++i) speaker.Say(TextOf(round, i, size));
    return rpc::Run([this] {
      std::vector<rpc::Task<std::vector<std::string>>> hearing;
      for (const auto& user : users_) hearing.push_back(user->HearTexts(kRound));
      return rpc::WhenAll(std::move(hearing));
    });
  }

  static std::string TextOf(int round, size_t i, size_t size) {
    std::string text = absl::StrCat(round, ".", i, " ");
    text.resize(size, 'x');
    return text;
  }

  static std::vector<std::string> Expected(const std::string& name, int round, size_t size) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < kRound; ++i) texts.push_back(name + ": " + TextOf(round, i, size));
    return texts;
  }

  void ExpectAllHear(const std::string& name, User& speaker, int round, size_t size) {
    const std::vector<std::string> expected = Expected(name, round, size);
    size_t wrong = 0;
    for (const auto& heard : Round(speaker, round, size)) wrong += heard != expected ? 1 : 0;
    EXPECT_EQ(wrong, 0) << "of " << users_.size() << " users, in round " << round;
  }

  ChatServer server_{CrowdLimits(), GetParam()};
  size_t members_before_ = 0;
  std::vector<std::unique_ptr<User>> users_;
};

INSTANTIATE_TEST_SUITE_P(Threads, CrowdTest, testing::Values(1, 4));

TEST_P(CrowdTest, TwoHundredHearEachOther) {
  Gather(kUsers);
  for (int round = 0; round < 5; ++round) {
    const size_t speaker = static_cast<size_t>(round) * 37;
    ExpectAllHear(absl::StrCat("user", speaker), *users_[speaker], round, 50);
  }
}

TEST_P(CrowdTest, AllTalkAtOnceAndHearTheSameOrder) {
  Gather(50);
  for (const auto& user : users_) {
    for (int i = 0; i < 4; ++i) user->Say(absl::StrCat(i));
  }
  const auto heard = rpc::Run([this] {
    std::vector<rpc::Task<std::vector<std::string>>> hearing;
    for (const auto& user : users_) hearing.push_back(user->HearTexts(4 * users_.size()));
    return rpc::WhenAll(std::move(hearing));
  });
  for (const auto& texts : heard) EXPECT_EQ(texts, heard.front());
  EXPECT_THAT(heard.front(), SizeIs(200));
}

// Its bytes are not taken: the window of its connection is full, and what it is owed waits.
TEST_P(CrowdTest, OneWhoDoesNotReadStallsNobodyAndIsToldWhatItMissed) {
  rpc::Proxy proxy(server_.tcp());
  User stalled(proxy.address(), "stalled");
  ASSERT_EQ(stalled.Hear(), "+stalled");
  members_before_ = 1;
  Gather(kUsers - 1);
  proxy.StopForwarding(rpc::Proxy::kToClient);
  // More than the system's buffers and the call's window hold.
  int round = 0;
  for (; round < 60; ++round) ExpectAllHear("user0", *users_[0], round, 790);

  proxy.Forward();
  uint64_t missed = 0;
  std::string heard;
  while (heard != "user0: " + TextOf(round - 1, kRound - 1, 790)) {
    heard = stalled.Hear();
    ASSERT_THAT(heard, testing::Not(StartsWith("end:")));
    if (heard.starts_with("missed ")) missed += std::stoull(heard.substr(7));
  }
  EXPECT_GT(missed, 0);
  ExpectAllHear("user0", *users_[0], round, 50);
}

TEST_P(CrowdTest, WhoNeverReadsCostsNoMemory) {
  Gather(3);
  User stalled(server_.tcp(), "stalled");  // its client has it all, and does not look
  for (int round = 0; round < 10; ++round) ExpectAllHear("user0", *users_[0], round, 790);
  const size_t before = mallinfo2().uordblks;
  for (int round = 10; round < 310; ++round) ExpectAllHear("user0", *users_[0], round, 790);
  const size_t said = 300 * kRound * 790;
  EXPECT_GT(said, 4'000'000);
  EXPECT_LT(mallinfo2().uordblks, before + 2'500'000);
  EXPECT_EQ(stalled.Hear(), "+stalled");
}

TEST_P(CrowdTest, AllLeaveAtOnce) {
  Gather(100);
  User last(server_.tcp(), "last");
  users_.clear();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(last.Hear().starts_with(i == 0 ? "+last" : "-user"));
  EXPECT_THAT(last.Hear(), StartsWith("-user"));
  EXPECT_TRUE(rpc::Eventually([&] { return server_.server().counters().calls_open == 1; }));
}

}  // namespace
}  // namespace chat
