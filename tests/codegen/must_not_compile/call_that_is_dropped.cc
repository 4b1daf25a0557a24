// error: ignoring returned value of type 'rpc::Call<golden::kinds::SayReply>'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

void Misuse(const Four::Client& four) { four.Say(SayRequest()); }

}  // namespace golden::kinds
