#include "rpc/net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/net/loop_fixture.h"

namespace rpc::net {
namespace {

using testing::StartsWith;

class ResolverTest : public LoopFixture {
 protected:
  void Begin(const Address& address) {
    resolver_ = std::make_unique<Resolver>(loop(), address, [this](auto result) {
      result_ = std::move(result);
      ++dones_;
    });
  }

  absl::StatusOr<Resolver::Addresses> Resolve(const std::string& text) {
    Begin(*ParseAddress(text));
    EXPECT_EQ(dones_, 0);
    TurnUntil([&] { return dones_ > 0; });
    return result_;
  }

  std::unique_ptr<Resolver> resolver_;
  absl::StatusOr<Resolver::Addresses> result_ = Resolver::Addresses();
  int dones_ = 0;
};

TEST_F(ResolverTest, KnowsDigitsAndPaths) {
  for (const std::string text : {"tcp://127.0.0.1:80", "tcp://[::1]:80", "unix:///a", "unix:@a"}) {
    dones_ = 0;
    const absl::StatusOr<Resolver::Addresses> addresses = Resolve(text);
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    ASSERT_EQ(addresses->size(), 1u);
    EXPECT_EQ(ToString((*addresses)[0]), text);
  }
}

TEST_F(ResolverTest, LooksUpAName) {
  const absl::StatusOr<Resolver::Addresses> addresses = Resolve("tcp://localhost:80");
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  ASSERT_FALSE(addresses->empty());
  for (const SocketAddress& each : *addresses) {
    const std::string text = ToString(each);
    EXPECT_TRUE(text == "tcp://127.0.0.1:80" || text == "tcp://[::1]:80") << text;
  }
}

TEST_F(ResolverTest, SaysThatANameIsNotKnown) {
  const absl::Status status = Resolve("tcp://no-such-host.invalid:80").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              StartsWith("cannot resolve \"no-such-host.invalid\": "));
}

TEST_F(ResolverTest, SaysThatANameIsTooLong) {
  const absl::Status status = Resolve("tcp://" + std::string(300, 'a') + ":80").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(ResolverTest, RefusesWhatIsOnlyToListenOn) {
  EXPECT_EQ(Resolve("tcp://*:80").status(),
            absl::InvalidArgumentError("`*` is to listen on, not to connect to"));
  dones_ = 0;
  EXPECT_EQ(Resolve("tcp://localhost:0").status(),
            absl::InvalidArgumentError("port 0 is to listen on, not to connect to"));
  dones_ = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Resolve("unix:///" + std::string(200, 'a')).status()));
}

TEST_F(ResolverTest, TellsNothingWhenItIsDestroyedBefore) {
  for (const std::string text : {"tcp://127.0.0.1:80", "tcp://localhost:80"}) {
    Begin(*ParseAddress(text));
    resolver_.reset();
  }
  TurnFor(50);
  EXPECT_EQ(dones_, 0);
}

TEST_F(ResolverTest, MayBeDestroyedWhenItIsDone) {
  for (const std::string text : {"tcp://127.0.0.1:80", "tcp://localhost:80"}) {
    resolver_ = std::make_unique<Resolver>(loop(), *ParseAddress(text),
                                           [this](auto) { resolver_.reset(); });
    TurnUntil([&] { return resolver_ == nullptr; });
  }
}

TEST_F(ResolverTest, MayBeGivenUpTogetherWithItsLoop) {
  for (int i = 0; i < 10; ++i) {
    Begin(*ParseAddress("tcp://no-such-host.invalid:80"));
    resolver_.reset();
  }
  EndLoop();
  Loop own;
  Resolver(&own, *ParseAddress("tcp://localhost:80"), [this](auto) { ++dones_; });
  EXPECT_EQ(dones_, 0);
}

}  // namespace
}  // namespace rpc::net
