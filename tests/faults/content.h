// What the items of a ledger hold: functions of the call's id and the item's index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/faults/ledger.rpc.h"

namespace ledger {

std::string PayloadOf(uint64_t id, uint32_t index, size_t size);
bool IsPayloadOf(uint64_t id, uint32_t index, std::string_view payload);

Item MakeItem(uint64_t id, uint32_t index, size_t size);

// Of the payloads so far and one more; that of none is 0.
uint64_t DigestWith(uint64_t digest, std::string_view payload);

// The index of a receipt's payload, which is none of an item's.
inline constexpr uint32_t kReceiptIndex = UINT32_MAX;

}  // namespace ledger
