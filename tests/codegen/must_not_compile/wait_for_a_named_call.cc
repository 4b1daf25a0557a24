// error: use of deleted function
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

absl::Status Misuse(const Four::Client& four) {
  auto call = four.Say(SayRequest());
  return call.Wait().status();
}

}  // namespace golden::kinds
