// Any bytes as a header record: the hand-written codec and the generated class must agree.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/wire/header_agreement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string difference =
      rpc::wire::DifferenceOn({reinterpret_cast<const char*>(data), size});
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}
