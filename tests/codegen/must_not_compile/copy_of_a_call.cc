// error: use of deleted function
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

void Misuse(const Four::Client& four) {
  auto call = four.Say(SayRequest());
  auto copy = call;
}

}  // namespace golden::kinds
