// error: cannot convert 'golden::kinds::Line' to 'const golden::kinds::Number&'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

rpc::Task<> Misuse(const Four::Client& four) {
  auto sum = four.Sum();
  if (!co_await sum.Write(Line())) co_return sum.status();
  co_return absl::OkStatus();
}

}  // namespace golden::kinds
