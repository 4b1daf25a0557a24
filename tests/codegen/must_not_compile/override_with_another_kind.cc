// error: marked 'override', but does not override
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

class OwnFour final : public Four::Service {
 public:
  rpc::Task<> Count(rpc::ServerContext&, const CountRequest&, Number&) override {
    return absl::OkStatus();
  }
};

}  // namespace golden::kinds
