#include "rpc/service.h"

#include "absl/strings/str_cat.h"

namespace rpc {

Task<> Unimplemented(std::string_view method) {
  return absl::UnimplementedError(
      absl::StrCat(absl::string_view(method.data(), method.size()), " is not implemented"));
}

}  // namespace rpc
