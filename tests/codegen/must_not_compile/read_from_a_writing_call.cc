// error: has no member named 'Read'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

rpc::Task<> Misuse(const Four::Client& four) {
  auto sum = four.Sum();
  co_await sum.Read();
  co_return absl::OkStatus();
}

}  // namespace golden::kinds
