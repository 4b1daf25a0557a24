// One line makes any server tell of itself: also one without other services, and one on a loop of
// the application's.
#include "services/inspection/inspection.h"

#include <uv.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/health/health.rpc.h"
#include "services/reflection/reflection.rpc.h"
#include "services/stats/stats.rpc.h"

namespace rpc {
namespace {

TEST(InspectionTest, AServerWithoutOtherServicesTellsOfItself) {
  Server server;
  inspection::AddTo(&server);
  const Channel channel = server.InProcess();
  EXPECT_TRUE(health::Health::Client(channel).Check({}).Wait().ok());
  EXPECT_TRUE(stats::Stats::Client(channel).List({}).Wait().ok());
  const auto list = reflection::Reflection::Client(channel).List({}).Wait();
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<std::string> names;
  for (const reflection::ServiceEntry& service : list->services()) names.push_back(service.name());
  EXPECT_EQ(names,
            (std::vector<std::string>{"health.Health", "reflection.Reflection", "stats.Stats"}));
}

TEST(InspectionTest, AnInterceptorDecidesWhoMayAsk) {
  Server server;
  inspection::AddTo(&server);
  server.Use([](ServerContext&, Next) -> Task<> { co_return absl::PermissionDeniedError("no"); });
  const Channel channel = server.InProcess();
  EXPECT_TRUE(absl::IsPermissionDenied(stats::Stats::Client(channel).List({}).Wait().status()));
}

TEST(InspectionTest, HealthMayBeSetWhenTheServerIsGone) {
  std::shared_ptr<health::HealthService> health;
  {
    Server server;
    health = inspection::AddTo(&server);
    ASSERT_TRUE(server.Start().ok());
  }
  health->Set("echo.Echo", false);
}

TEST(InspectionTest, ALoopOfTheApplicationComesToItsEnd) {
  uv_loop_t uv;
  ASSERT_EQ(uv_loop_init(&uv), 0);
  absl::Status status = absl::UnknownError("no answer");
  {
    Loop loop(&uv);
    Server server({.loop = &loop});
    inspection::AddTo(&server);
    {
      const Channel channel = server.InProcess({.loop = &loop});
      stats::Stats::Client(channel).List({}).Then([&](const auto& reply) {
        status = reply.status();
        server.StartShutdown(absl::Seconds(10));
      });
    }
    // Returns when nothing is left to do: the server must not keep looking at its lag.
    uv_run(&uv, UV_RUN_DEFAULT);
    EXPECT_TRUE(server.Wait().ok() || server.shutting_down());
  }
  EXPECT_TRUE(status.ok()) << status;
  uv_run(&uv, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&uv), 0);
}

}  // namespace
}  // namespace rpc
