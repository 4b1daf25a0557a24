// error: use of deleted function
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

rpc::Task<> Misuse(const Four::Client& four) {
  auto call = four.Say(SayRequest());
  co_return (co_await call).status();
}

}  // namespace golden::kinds
