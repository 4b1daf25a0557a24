// What a proxy does to the bytes that it carries: cuts at random, delay, pace, corruption.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/support/proxy.h"
#include "tests/support/proxy_fixture.h"

namespace rpc {
namespace {

class ProxyFaultsTest : public ProxyTest {};

TEST_F(ProxyFaultsTest, CutsEachConnectionSomewhere) {
  proxy_->CutEach(1'000, 50'000, 1);
  std::set<size_t> sizes;
  for (int i = 0; i < 10; ++i) sizes.insert(Received(std::string(100'000, 'x')).size());
  EXPECT_GE(*sizes.begin(), 1'000u);
  EXPECT_LE(*sizes.rbegin(), 50'000u);
  EXPECT_GE(sizes.size(), 8u);
}

TEST_F(ProxyFaultsTest, CutsAtTheSamePlacesForTheSameSeed) {
  const auto sizes_with_seed = [&](uint64_t seed) {
    proxy_->CutEach(1, 1'000'000, seed);
    std::vector<size_t> sizes;
    for (int i = 0; i < 3; ++i) sizes.push_back(Received(std::string(1'000'000, 'x')).size());
    return sizes;
  };
  const std::vector<size_t> first = sizes_with_seed(7);
  EXPECT_EQ(sizes_with_seed(7), first);
  EXPECT_NE(sizes_with_seed(8), first);
}

TEST_F(ProxyFaultsTest, ConnectionsThatAreOpenAreCutToo) {
  Connect();
  proxy_->CutEach(5, 5, 1);
  client_.Send("0123456789");
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "01234");
}

TEST_F(ProxyFaultsTest, ADelayIsAtLeastWhatItIsToldToBe) {
  Connect();
  proxy_->Delay(Proxy::kToServer, absl::Milliseconds(150));
  const absl::Time begin = absl::Now();
  client_.Send("late");
  client_.CloseWriting();
  server_->Send("at once");
  EXPECT_EQ(client_.Read(7), "at once");
  const uint64_t passed = proxy_->bytes(Proxy::kToServer);
  if (absl::Now() - begin < absl::Milliseconds(150)) {
    EXPECT_EQ(passed, 0u);
  }
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "late");
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(145));
}

TEST_F(ProxyFaultsTest, BytesThatAreDelayedAreOnTheirWayTogether) {
  proxy_->Delay(absl::Milliseconds(100));
  const absl::Time begin = absl::Now();
  const std::string much(3 << 20, 'x');
  EXPECT_TRUE(Received(much) == much);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(95));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(4)) << "less than a delay for each 64 KiB";
}

TEST_F(ProxyFaultsTest, WithoutItsDelayWhatIsOnItsWayArrives) {
  Connect();
  proxy_->Delay(absl::InfiniteDuration());
  client_.Send("stuck");
  EXPECT_EQ(server_->Read(1, kAMoment), "");
  proxy_->Forward();
  EXPECT_EQ(server_->Read(5), "stuck");
}

TEST_F(ProxyFaultsTest, AThrottleLetsSoManyBytesPass) {
  proxy_->Throttle(100'000);
  const absl::Time begin = absl::Now();
  const std::string much(30'000, 'x');
  EXPECT_TRUE(Received(much) == much);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(280));
}

TEST_F(ProxyFaultsTest, AThrottleIsForOneDirection) {
  Connect();
  proxy_->Throttle(Proxy::kToServer, 1);
  server_->Send("quick");
  EXPECT_EQ(client_.Read(5), "quick");
  client_.Send("slow");
  EXPECT_EQ(server_->Read(1), "s");
  EXPECT_EQ(server_->Read(1, kAMoment), "");
}

TEST_F(ProxyFaultsTest, CorruptsOneBitOfOneByte) {
  Connect();
  proxy_->CorruptAfter(Proxy::kToServer, 3);
  client_.Send("ab");
  EXPECT_EQ(server_->Read(2), "ab");
  client_.Send("cdef");
  const std::string received = server_->Read(4);
  EXPECT_EQ(received.substr(0, 1) + received.substr(2), "cef");
  EXPECT_EQ(std::popcount(static_cast<unsigned char>(received[1] ^ 'd')), 1);
  EXPECT_EQ(proxy_->bytes_corrupted(Proxy::kToServer), 1u);
}

TEST_F(ProxyFaultsTest, CorruptsAsManyBytesAsItIsTold) {
  proxy_->Corrupt(Proxy::kToServer, 0.01, 1);
  const std::string sent(100'000, 'x');
  const std::string received = Received(sent);
  ASSERT_EQ(received.size(), sent.size());
  const auto intact = static_cast<size_t>(std::ranges::count(received, 'x'));
  EXPECT_EQ(proxy_->bytes_corrupted(Proxy::kToServer), sent.size() - intact);
  EXPECT_GT(sent.size() - intact, 700u);
  EXPECT_LT(sent.size() - intact, 1'300u);
  EXPECT_EQ(proxy_->bytes_corrupted(Proxy::kToClient), 0u);
}

TEST_F(ProxyFaultsTest, CorruptsTheSameForTheSameSeed) {
  const auto with_seed = [&](uint64_t seed) {
    proxy_->Corrupt(0.001, seed);
    return Received(std::string(100'000, 'x'));
  };
  const std::string first = with_seed(7);
  EXPECT_TRUE(with_seed(7) == first);
  EXPECT_FALSE(with_seed(8) == first);
}

TEST_F(ProxyFaultsTest, FaultsAddUpAndEndTogether) {
  proxy_->Delay(absl::Milliseconds(1));
  proxy_->Throttle(1'000'000);
  proxy_->Corrupt(1, 1);
  proxy_->CutEach(10, 10, 1);
  const std::string received = Received(std::string(20, 'x'));
  EXPECT_EQ(received.size(), 10u);
  EXPECT_EQ(received.find('x'), std::string::npos);
  proxy_->Forward();
  EXPECT_EQ(Received(std::string(20, 'x')), std::string(20, 'x'));
}

}  // namespace
}  // namespace rpc
