// error: ignoring returned value of type 'rpc::Writer<golden::kinds::Number>::WriteOperation'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

class OwnFour final : public Four::Service {
 public:
  rpc::Task<> Count(rpc::ServerContext&, const CountRequest&, rpc::Writer<Number>& out) override {
    out.Write(Number());
    return absl::OkStatus();
  }
};

}  // namespace golden::kinds
