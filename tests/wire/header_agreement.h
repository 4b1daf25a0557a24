// Holds the hand-written header codec against the class that protoc generates.
#pragma once

#include <string>
#include <string_view>

#include "rpc/wire/header.h"
#include "rpc/wire/header.pb.h"

namespace rpc::wire {

// Reads `record` with both and compares: whether it is valid, every field, and what each writes
// back. Returns what differs, or nothing.
std::string DifferenceOn(std::string_view record);

// The same record as each of the two sees it.
HeaderRecord ToRecord(const Header& header);
std::string Encode(const Header& header);

}  // namespace rpc::wire
