// error: has no member named 'Read'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

rpc::Task<> Misuse(const Four::Client& four) {
  co_await four.Say(SayRequest()).Read();
  co_return absl::OkStatus();
}

}  // namespace golden::kinds
