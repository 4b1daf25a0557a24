#include "services/inspection/inspection.h"

#include "services/reflection/reflection_service.h"
#include "services/stats/stats_service.h"

namespace inspection {

std::shared_ptr<health::HealthService> AddTo(rpc::Server* server) {
  auto health = std::make_shared<health::HealthService>(server);
  server->Measure();
  server->Add(std::make_shared<reflection::ReflectionService>(server));
  server->Add(health);
  server->Add(std::make_shared<stats::StatsService>(server));
  return health;
}

}  // namespace inspection
