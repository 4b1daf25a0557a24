// error: Then's function returns nothing
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

void Misuse(const Four::Client& four) {
  four.Say(SayRequest()).Then([](absl::StatusOr<SayReply> reply) { return reply.ok(); });
}

}  // namespace golden::kinds
