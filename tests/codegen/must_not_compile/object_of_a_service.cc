// error: use of deleted function
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

void Misuse() { Four four; }

}  // namespace golden::kinds
