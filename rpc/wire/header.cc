#include "rpc/wire/header.h"

namespace rpc::wire {
namespace {

template <typename T>
void ClearKeepingReasonableMemory(std::vector<T>* list) {
  constexpr size_t kEntriesKept = 128;
  list->clear();
  if (list->capacity() > kEntriesKept) list->shrink_to_fit();
}

}  // namespace

void Header::Clear() {
  kind = Kind::kCall;
  encoding = Encoding::kIdentity;
  form = Form::kBinary;
  flags = 0;
  code = 0;
  call = size = timeout_us = credit = session = 0;
  md5 = name = message = padding = {};
  ClearKeepingReasonableMemory(&metadata);
  ClearKeepingReasonableMemory(&details);
}

}  // namespace rpc::wire
