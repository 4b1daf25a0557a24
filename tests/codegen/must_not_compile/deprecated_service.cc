// error: is deprecated
#include "tests/codegen/must_not_compile/four.h"

namespace golden {

void Misuse(const rpc::Channel& channel) { deprecated::Old::Client old(channel); }

}  // namespace golden
