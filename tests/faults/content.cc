#include "tests/faults/content.h"

#include <algorithm>
#include <cstring>

namespace ledger {
namespace {

// SplitMix64: one word of output for each state.
uint64_t Mix(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

class Words {
 public:
  Words(uint64_t id, uint32_t index) : state_(Mix(id * 0x9e3779b97f4a7c15 + index)) {}
  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }

 private:
  uint64_t state_;
};

}  // namespace

std::string PayloadOf(uint64_t id, uint32_t index, size_t size) {
  std::string payload(size, '\0');
  Words words(id, index);
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    const uint64_t word = words.Next();
    std::memcpy(payload.data() + at, &word, std::min(sizeof(word), size - at));
  }
  return payload;
}

bool IsPayloadOf(uint64_t id, uint32_t index, std::string_view payload) {
  return payload == PayloadOf(id, index, payload.size());
}

Item MakeItem(uint64_t id, uint32_t index, size_t size) {
  Item item;
  item.set_id(id);
  item.set_index(index);
  item.set_payload(PayloadOf(id, index, size));
  return item;
}

uint64_t DigestWith(uint64_t digest, std::string_view payload) {
  digest = Mix(digest + payload.size() + 1);
  for (size_t at = 0; at < payload.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, payload.data() + at, std::min(sizeof(word), payload.size() - at));
    digest = Mix(digest ^ word);
  }
  return digest;
}

}  // namespace ledger
