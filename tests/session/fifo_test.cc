#include "rpc/session/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace rpc::session {
namespace {

TEST(Fifo, GivesBackInOrder) {
  Fifo<int> fifo;
  EXPECT_TRUE(fifo.empty());
  fifo.push(1);
  fifo.push(2);
  EXPECT_EQ(fifo.front(), 1);
  EXPECT_EQ(fifo.back(), 2);
  EXPECT_EQ(fifo.pop(), 1);
  EXPECT_EQ(fifo.pop(), 2);
  EXPECT_TRUE(fifo.empty());
}

TEST(Fifo, HoldsWhatCanOnlyBeMoved) {
  Fifo<std::unique_ptr<int>> fifo;
  for (int i = 0; i < 100; ++i) fifo.push(std::make_unique<int>(i));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*fifo.pop(), i);
}

TEST(Fifo, LetsGoOfWhatWasTaken) {
  Fifo<std::shared_ptr<int>> fifo;
  const auto item = std::make_shared<int>(1);
  fifo.push(item);
  fifo.push(nullptr);
  fifo.pop();
  EXPECT_EQ(item.use_count(), 1);
}

TEST(Fifo, AgreesWithADequeWhateverIsDone) {
  std::mt19937 random(3);
  Fifo<int> fifo;
  std::deque<int> model;
  for (int step = 0; step < 100'000; ++step) {
    const uint32_t choice = random() % 100;
    if (choice < 50) {
      fifo.push(step);
      model.push_back(step);
    } else if (choice < 98 && !model.empty()) {
      ASSERT_EQ(fifo.pop(), model.front());
      model.pop_front();
    } else if (choice == 98) {
      const auto odd = [](int item) { return item % 2 == 1; };
      fifo.remove_if(odd);
      std::erase_if(model, odd);
    } else if (random() % 20 == 0) {
      fifo.clear();
      model.clear();
    }
    ASSERT_EQ(fifo.size(), model.size());
    ASSERT_EQ(fifo.empty(), model.empty());
    ASSERT_TRUE(step % 100 != 0 || std::equal(fifo.begin(), fifo.end(), model.begin()));
  }
}

}  // namespace
}  // namespace rpc::session
