// error: no matching function for call to 'golden::kinds::Four::Service::Service
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

void Misuse(const rpc::Channel& channel) { Four::Service four(channel); }

}  // namespace golden::kinds
