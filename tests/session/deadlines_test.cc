#include "rpc/session/deadlines.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>

namespace rpc::session {
namespace {

struct Member {
  TimeUs deadline_us = kNever;
  size_t deadline_place = kNoPlace;
};

TEST(Deadlines, WithoutMembersHaveNoNext) {
  Deadlines<Member> deadlines;
  EXPECT_TRUE(deadlines.empty());
  EXPECT_EQ(deadlines.size(), 0u);
  EXPECT_EQ(deadlines.next_us(), kNever);
  EXPECT_TRUE(deadlines.Valid());
}

TEST(Deadlines, RemovingWhatIsNotInThemIsHarmless) {
  Deadlines<Member> deadlines;
  Member member{5};
  deadlines.Remove(&member);
  deadlines.Add(&member);
  deadlines.Remove(&member);
  deadlines.Remove(&member);
  EXPECT_TRUE(deadlines.empty());
  EXPECT_EQ(member.deadline_place, kNoPlace);
}

TEST(Deadlines, PassInTheirOrder) {
  std::mt19937 random(7);
  std::vector<Member> members(1000);
  Deadlines<Member> deadlines;
  for (Member& member : members) {
    member.deadline_us = random() % 500;  // many are equal
    deadlines.Add(&member);
  }
  TimeUs last_us = 0;
  std::set<Member*> seen;
  while (!deadlines.empty()) {
    Member* first = deadlines.first();
    EXPECT_EQ(first->deadline_us, deadlines.next_us());
    EXPECT_GE(first->deadline_us, last_us);
    last_us = first->deadline_us;
    seen.insert(first);
    deadlines.Remove(first);
  }
  EXPECT_EQ(seen.size(), members.size());
}

TEST(Deadlines, AgreeWithASortedListWhateverIsAddedAndRemoved) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::unique_ptr<Member>> members;
    Deadlines<Member> deadlines;
    std::multimap<TimeUs, Member*> model;
    for (int step = 0; step < 3000; ++step) {
      if (random() % 5 < 3) {
        members.push_back(std::make_unique<Member>());
        members.back()->deadline_us = random() % 10'000;
        deadlines.Add(members.back().get());
        model.emplace(members.back()->deadline_us, members.back().get());
      } else if (!model.empty()) {
        auto chosen = std::next(model.begin(), static_cast<ptrdiff_t>(random() % model.size()));
        if (random() % 2 == 0) chosen = model.begin();
        deadlines.Remove(chosen->second);
        EXPECT_EQ(chosen->second->deadline_place, kNoPlace);
        model.erase(chosen);
      }
      ASSERT_TRUE(deadlines.Valid()) << "seed " << seed << ", step " << step;
      ASSERT_EQ(deadlines.size(), model.size());
      ASSERT_EQ(deadlines.next_us(), model.empty() ? kNever : model.begin()->first);
    }
  }
}

TEST(Deadlines, ThatAreNotInOrderAreNotValid) {
  std::vector<Member> members = {{1}, {2}, {3}};
  Deadlines<Member> deadlines;
  for (Member& member : members) deadlines.Add(&member);
  EXPECT_TRUE(deadlines.Valid());
  members[2].deadline_us = 0;
  EXPECT_FALSE(deadlines.Valid());
  members[2].deadline_us = 3;
  members[1].deadline_place = 0;
  EXPECT_FALSE(deadlines.Valid());
}

}  // namespace
}  // namespace rpc::session
