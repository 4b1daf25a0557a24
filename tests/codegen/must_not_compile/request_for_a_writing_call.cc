// error: cannot convert 'golden::kinds::Number' to 'const rpc::CallOptions&'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

absl::Status Misuse(const Four::Client& four) { return four.Sum(Number()).Wait().status(); }

}  // namespace golden::kinds
