// error: no matching function for call to 'golden::kinds::Four::Client::Say() const'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

absl::Status Misuse(const Four::Client& four) { return four.Say().Wait().status(); }

}  // namespace golden::kinds
