#include "rpc/run.h"

#include <cstdio>

#include "rpc/wire/bytes_as_text.h"

namespace rpc::runtime {
namespace {

// Of what an exception says: it may repeat what a peer has sent.
constexpr size_t kLoggedSizeMax = 1'000;

}  // namespace

void TellUncaught(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "rpc: a spawned coroutine threw: %s\n",
                 wire::Printable(e.what(), kLoggedSizeMax).c_str());
  } catch (...) {
    std::fprintf(stderr, "rpc: a spawned coroutine threw something that is no std::exception\n");
  }
}

}  // namespace rpc::runtime
