#include "rpc/wire/header.h"

#include "rpc/wire/limits.h"

namespace rpc::wire {
namespace {

template <typename T>
void ClearKeepingReasonableMemory(std::vector<T>* list) {
  list->clear();
  if (list->capacity() > kMetadataEntriesMax) list->shrink_to_fit();
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
