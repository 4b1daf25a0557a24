// Any bytes as a JSON header. What is accepted has its strings in the storage and, written as JSON
// again, reads as the same header.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rpc/wire/json_header.h"
#include "tests/fuzz/choices.h"

namespace rpc::wire {
namespace {

void CheckStored(std::string_view text, const std::string& storage) {
  const std::less_equal<const char*> not_after;
  Require(text.empty() || (not_after(storage.data(), text.data()) &&
                           not_after(text.data() + text.size(), storage.data() + storage.size())),
          "a string is not in the storage");
}

void CheckAllStored(const Header& header, const std::string& storage) {
  for (std::string_view text : {header.md5, header.name, header.message, header.padding}) {
    CheckStored(text, storage);
  }
  for (const Metadatum& entry : header.metadata) {
    CheckStored(entry.key, storage);
    CheckStored(entry.value, storage);
  }
  for (const Detail& detail : header.details) {
    CheckStored(detail.type_url, storage);
    CheckStored(detail.value, storage);
  }
}

// Entries of one key together, in their order; which key comes first is the writer's affair.
void SortByKey(std::vector<Metadatum>* metadata) {
  std::stable_sort(metadata->begin(), metadata->end(),
                   [](const Metadatum& a, const Metadatum& b) { return a.key < b.key; });
}

void CheckWrittenReadsTheSame(Header header) {
  std::string text, storage;
  AppendJsonHeader(header, &text);
  Header read;
  Require(DecodeJsonHeader(text, &storage, &read).ok(), "what was written is refused");
  CheckAllStored(read, storage);
  if (header.md5.size() != kMd5Bytes) {
    Require(read.md5.size() != kMd5Bytes, "a wrong md5 became a right one");
    Require(read.md5.empty() == header.md5.empty(), "a wrong md5 and an absent one were confused");
    read.md5 = header.md5;
  }
  SortByKey(&header.metadata);
  SortByKey(&read.metadata);
  Require(read == header, "what was written reads as another header");
}

void CheckText(std::string_view text) {
  std::string storage;
  Header header;
  const absl::Status status = DecodeJsonHeader(text, &storage, &header);
  Require(storage.size() <= text.size(), "more is stored than the text is long");
  if (status.ok()) {
    CheckAllStored(header, storage);
    CheckWrittenReadsTheSame(header);
  } else {
    Require(status.message().size() < 1000, "the sentence is too long");
  }
}

}  // namespace
}  // namespace rpc::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rpc::wire::CheckText({reinterpret_cast<const char*>(data), size});
  return 0;
}
