// error: has no member named 'Read'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

class OwnFour final : public Four::Service {
 public:
  rpc::Task<> Count(rpc::ServerContext&, const CountRequest&, rpc::Writer<Number>& out) override {
    co_await out.Read();
    co_return absl::OkStatus();
  }
};

}  // namespace golden::kinds
