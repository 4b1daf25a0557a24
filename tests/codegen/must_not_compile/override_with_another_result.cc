// error: invalid covariant return type
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

class OwnFour final : public Four::Service {
 public:
  absl::Status Say(rpc::ServerContext&, const SayRequest&, SayReply&) override {
    return absl::OkStatus();
  }
};

}  // namespace golden::kinds
