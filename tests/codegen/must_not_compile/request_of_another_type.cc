// error: cannot convert 'golden::kinds::CountRequest'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

absl::Status Misuse(const Four::Client& four) { return four.Say(CountRequest()).Wait().status(); }

}  // namespace golden::kinds
