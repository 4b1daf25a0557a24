// error: has no member named 'Wait'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

absl::Status Misuse(const Four::Client& four) { return four.Count(CountRequest()).Wait().status(); }

}  // namespace golden::kinds
