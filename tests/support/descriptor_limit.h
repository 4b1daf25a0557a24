// A process that has no file descriptors left, for a test.
//
//     {
//       DescriptorLimit none;  // from here on nothing can be opened but in place of what is closed
//       ...
//     }
#pragma once

#include <sys/resource.h>

namespace rpc {

class DescriptorLimit {
 public:
  DescriptorLimit();
  // The limit is again what it was.
  ~DescriptorLimit();
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_ = {};
};

}  // namespace rpc
