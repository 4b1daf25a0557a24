// error: has no member named 'Write'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

rpc::Task<> Misuse(const Four::Client& four) {
  auto numbers = four.Count(CountRequest());
  const bool taken = co_await numbers.Write(Number());
  co_return taken ? absl::OkStatus() : numbers.status();
}

}  // namespace golden::kinds
