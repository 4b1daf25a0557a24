// Numbers as a person reads them in a table. No state; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cli {

// Of names in a table: one that is longer moves only its own line's figures.
inline constexpr size_t kNameColumnsMax = 100;

// 850us, 1.25ms, 12.3s.
std::string LatencyText(double us);

// 0, 7.5, 123, 12.3k, 1.20M.
std::string RateText(double per_second);

// 1,234,567.
std::string CountText(uint64_t count);

// `text` with blanks in front, or behind, so that it takes so many columns.
std::string Right(const std::string& text, size_t columns);
std::string Left(const std::string& text, size_t columns);

}  // namespace cli
