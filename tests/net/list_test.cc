#include "rpc/net/list.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace rpc::net {
namespace {

struct Member : ListNode {
  explicit Member(char name) : name(name) {}
  char name;
};

std::string Names(List<Member>& list) {
  std::string names;
  for (Member* m = list.front(); m != nullptr; m = list.next(m)) names += m->name;
  return names;
}

struct ListTest : testing::Test {
  List<Member> list;
  Member a{'a'};
  Member b{'b'};
  Member c{'c'};
};

TEST_F(ListTest, HoldsItsMembersInTheOrderOfTheirComing) {
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  for (Member* m : {&a, &b, &c}) list.push_back(m);
  EXPECT_EQ(Names(list), "abc");
  EXPECT_EQ(list.pop_front(), &a);
  EXPECT_FALSE(a.in_list());
  EXPECT_EQ(Names(list), "bc");
}

TEST_F(ListTest, IsEmptyWhenTheLastHasLeft) {
  list.push_back(&a);
  EXPECT_TRUE(a.in_list());
  a.Leave();
  EXPECT_FALSE(a.in_list());
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.pop_front(), nullptr);
}

TEST_F(ListTest, LosesAMemberThatLeavesFromTheMiddleAndTwiceIsHarmless) {
  for (Member* m : {&a, &b, &c}) list.push_back(m);
  b.Leave();
  b.Leave();
  EXPECT_EQ(Names(list), "ac");
}

TEST_F(ListTest, LosesAMemberThatIsDestroyed) {
  std::optional<Member> d('d');
  for (Member* m : {&a, &*d, &c}) list.push_back(m);
  d.reset();
  EXPECT_EQ(Names(list), "ac");
}

TEST_F(ListTest, TakesAMemberOutOfTheListItWasIn) {
  List<Member> other;
  other.push_back(&a);
  list.push_back(&a);
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(Names(list), "a");
}

TEST_F(ListTest, MovesAMemberToItsEndWhenItIsAddedAgain) {
  for (Member* m : {&a, &b, &a}) list.push_back(m);
  EXPECT_EQ(Names(list), "ba");
}

TEST_F(ListTest, AppendsAllMembersOfAnother) {
  List<Member> other;
  list.push_back(&a);
  other.push_back(&b);
  other.push_back(&c);
  list.Append(&other);
  EXPECT_EQ(Names(list), "abc");
  EXPECT_TRUE(other.empty());
}

TEST_F(ListTest, ThatIsDestroyedLeavesItsMembersInNone) {
  {
    List<Member> brief;
    brief.push_back(&a);
    brief.push_back(&b);
  }
  EXPECT_FALSE(a.in_list());
  EXPECT_FALSE(b.in_list());
}

}  // namespace
}  // namespace rpc::net
