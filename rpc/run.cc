#include "rpc/run.h"

#include <cstdio>

namespace rpc::runtime {

void TellUncaught(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "rpc: a spawned coroutine threw: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "rpc: a spawned coroutine threw something that is no std::exception\n");
  }
}

}  // namespace rpc::runtime
