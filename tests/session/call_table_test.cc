// The table of open calls, beside a map that does the same.
#include "rpc/session/call_table.h"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include "gtest/gtest.h"

namespace rpc::session {
namespace {

std::unique_ptr<Call> NewCall(uint64_t id) {
  auto call = std::make_unique<Call>();
  call->id = id;
  return call;
}

class CallTableTest : public testing::Test {
 protected:
  void Add(uint64_t id) {
    std::unique_ptr<Call> call = NewCall(id);
    wanted_[id] = call.get();
    table_.Add(std::move(call));
  }

  void Remove(uint64_t id) {
    const std::unique_ptr<Call> removed = table_.Remove(id);
    const auto wanted = wanted_.find(id);
    EXPECT_EQ(removed.get(), wanted == wanted_.end() ? nullptr : wanted->second);
    if (wanted != wanted_.end()) wanted_.erase(wanted);
  }

  void ExpectAllThere() {
    ASSERT_EQ(table_.size(), wanted_.size());
    EXPECT_EQ(table_.empty(), wanted_.empty());
    for (const auto& [id, call] : wanted_) ASSERT_EQ(table_.Find(id), call) << id;
    size_t seen = 0;
    table_.ForEach([&](const Call* call) { seen += wanted_.count(call->id); });
    EXPECT_EQ(seen, wanted_.size());
  }

  CallTable table_;
  std::map<uint64_t, Call*> wanted_;
};

TEST_F(CallTableTest, AnEmptyOneHasNothing) {
  EXPECT_EQ(table_.Find(0), nullptr);
  EXPECT_EQ(table_.Remove(7), nullptr);
  ExpectAllThere();
}

TEST_F(CallTableTest, EveryCallIsFoundThroughAnyOrderOfComingAndGoing) {
  for (const uint64_t step : {uint64_t{1}, uint64_t{2}, uint64_t{16}, uint64_t{1} << 32}) {
    std::mt19937_64 random(step);
    for (int round = 0; round < 20'000; ++round) {
      const uint64_t id = random() % 300 * step;
      wanted_.count(id) == 0 && random() % 3 != 0 ? Add(id) : Remove(id);
      EXPECT_EQ(table_.Find(id + 1'000 * step), nullptr);
      if (round % 500 == 0) ExpectAllThere();
    }
    ExpectAllThere();
    while (!wanted_.empty()) Remove(wanted_.begin()->first);
    ExpectAllThere();
  }
}

TEST_F(CallTableTest, ItGrowsAndEmptiesAndGrowsAgain) {
  for (int round = 0; round < 2; ++round) {
    for (uint64_t id = 0; id < 5'000; ++id) Add(id);
    ExpectAllThere();
    for (uint64_t id = 5'000; id-- > 0;) Remove(id);
    ExpectAllThere();
  }
}

}  // namespace
}  // namespace rpc::session
