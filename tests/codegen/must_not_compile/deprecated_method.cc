// error: is deprecated
#include "tests/codegen/must_not_compile/four.h"

namespace golden {

void Misuse(const deprecated::Mixed::Client& mixed) { mixed.Stale(deprecated::Request()).Cancel(); }

}  // namespace golden
