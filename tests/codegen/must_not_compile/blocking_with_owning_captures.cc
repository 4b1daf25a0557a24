// error: destroys a lambda that owns its captures twice
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

rpc::Task<> Misuse(const std::string& text) {
  co_await rpc::Blocking([text] { return text.size(); });
  co_return absl::OkStatus();
}

}  // namespace golden::kinds
