// A local transport between two threads; what it has in common with others is in transport_test.cc.
#include "rpc/net/local_transport.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "tests/net/loop_thread.h"
#include "tests/net/transport_end.h"

namespace rpc::net {
namespace {

class LocalTransportTest : public testing::Test {
 protected:
  LocalTransportTest() {
    auto ends = NewLocalTransports(here_.loop(), there_.loop());
    here_.Do([&] { near_.Adopt(std::move(ends.first)); });
    there_.Do([&] { far_.Adopt(std::move(ends.second)); });
  }
  ~LocalTransportTest() override {
    here_.Do([&] { near_.Destroy(); });
    there_.Do([&] { far_.Destroy(); });
  }

  LoopThread here_;
  LoopThread there_;
  TransportEnd near_;
  TransportEnd far_;
};

TEST_F(LocalTransportTest, BytesArriveInOrderBothWays) {
  std::promise<void> near_ended;
  std::promise<void> far_ended;
  near_.on_end = [&] { near_ended.set_value(); };
  far_.on_end = [&] {
    far_.Send("done");
    far_->CloseWriting();
    far_ended.set_value();
  };
  const std::string sent = Pattern(5'000'000);
  here_.Do([&] { near_.Send(sent); });
  // All is written when the peer has read all but what the pipe holds.
  for (bool all_sent = false; !all_sent;) here_.Do([&] { all_sent = near_.all_sent(); });
  here_.Do([&] { near_->CloseWriting(); });
  far_ended.get_future().wait();
  near_ended.get_future().wait();
  EXPECT_TRUE(far_.input() == sent);
  EXPECT_EQ(near_.input(), "done");
}

TEST_F(LocalTransportTest, EitherEndMayGoWhileTheOtherWrites) {
  here_.Do([&] { near_.Send(std::string(1'000'000, 'x')); });
  there_.Do([&] { far_.Destroy(); });
  bool ended = false;
  while (!ended) here_.Do([&] { ended = near_.ended() && near_.all_sent(); });
  EXPECT_TRUE(near_.why().ok());
}

// In one turn the other loop does work that takes long, and then reads what came meanwhile.
TEST_F(LocalTransportTest, WhatIsReadIsNotOlderThanTheTimeOfItsTurn) {
  std::promise<void> begin;
  std::promise<void> working;
  std::promise<void> work_done;
  std::promise<TimeUs> read_us;
  there_.loop()->Post([&] {
    far_.on_input = [&] { read_us.set_value(there_.loop()->now_us()); };
    begin.get_future().wait();
  });
  there_.loop()->Post([&] {
    working.set_value();
    work_done.get_future().wait();
  });
  here_.Do([&] { near_.Send("wakes it"); });
  begin.set_value();
  working.get_future().wait();
  here_.Do([&] { near_.Send("late"); });
  const TimeUs sent_us = ClockUs();
  work_done.set_value();
  EXPECT_GE(read_us.get_future().get(), sent_us);
}

TEST(LocalTransport, ManyGoInAnyOrderOnTwoThreads) {
  LoopThread here;
  LoopThread there;
  for (int i = 0; i < 200; ++i) {
    auto ends = NewLocalTransports(here.loop(), there.loop());
    auto near = std::make_unique<TransportEnd>();
    auto far = std::make_unique<TransportEnd>();
    here.loop()->Post([&, end = std::make_shared<std::unique_ptr<Transport>>(
                              std::move(ends.first))] { near->Adopt(std::move(*end)); });
    there.loop()->Post([&, end = std::make_shared<std::unique_ptr<Transport>>(
                               std::move(ends.second))] { far->Adopt(std::move(*end)); });
    here.loop()->Post([&] { near->Send(std::string(300'000, 'x')); });
    there.loop()->Post([&] { far->Send(std::string(300'000, 'x')); });
    here.loop()->Post([&] { near.reset(); });
    there.loop()->Post([&] { far.reset(); });
    here.Do([] {});
    there.Do([] {});
  }
}

}  // namespace
}  // namespace rpc::net
