// error: overriding final function
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

class OwnFour final : public Four::Service {
 public:
  std::string_view name() const override { return "another"; }
};

}  // namespace golden::kinds
