// A unit test of code that calls a service: with a fake of the service, over a channel without
// sockets. A fake implements the methods that the test needs; the others answer UNIMPLEMENTED.
//
//     bazel test //examples:in_process_test
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

// The code under test: says it again, once, when the service is not available.
absl::StatusOr<std::string> SayPatiently(const echo::Echo::Client& echo, const std::string& text) {
  echo::SayRequest request;
  request.set_text(text);
  absl::StatusOr<echo::SayReply> reply = echo.Say(request).Wait();
  if (absl::IsUnavailable(reply.status())) reply = echo.Say(request).Wait();
  if (!reply.ok()) return reply.status();
  return reply->text();
}

class FakeEcho final : public echo::Echo::Service {
 public:
  rpc::Task<> Say(rpc::ServerContext&, const echo::SayRequest& request,
                  echo::SayReply& reply) override {
    if (++calls <= failures) return absl::UnavailableError("not now");
    reply.set_text(request.text());
    return absl::OkStatus();
  }

  int failures = 0;
  int calls = 0;
};

class SayPatientlyTest : public testing::Test {
 protected:
  SayPatientlyTest() { server_.Add(fake_); }

  // The channel starts the server; this thread touches the fake only while no call is under way.
  absl::StatusOr<std::string> Say(const std::string& text) {
    return SayPatiently(echo::Echo::Client(server_.InProcess()), text);
  }

  std::shared_ptr<FakeEcho> fake_ = std::make_shared<FakeEcho>();
  rpc::Server server_;
};

TEST_F(SayPatientlyTest, SaysItOnce) {
  EXPECT_EQ(*Say("hello"), "hello");
  EXPECT_EQ(fake_->calls, 1);
}

TEST_F(SayPatientlyTest, TriesAgainOnce) {
  fake_->failures = 1;
  EXPECT_EQ(*Say("hello"), "hello");
  EXPECT_EQ(fake_->calls, 2);
}

TEST_F(SayPatientlyTest, DoesNotTryForEver) {
  fake_->failures = 5;
  EXPECT_EQ(Say("hello").status(), absl::UnavailableError("not now"));
  EXPECT_EQ(fake_->calls, 2);
}

}  // namespace
