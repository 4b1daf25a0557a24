#include "tests/faults/fault.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ledger {
namespace {

struct Kind {
  std::string_view name;
  bool ends_connections;
};

constexpr Kind kKinds[] = {{"fair", false},      {"delay", false},      {"throttle", false},
                           {"cut each", true},   {"cut after", true},   {"corrupt", true},
                           {"half-close", true}, {"close", true},       {"black hole", true},
                           {"loss", false},      {"duplicates", false}, {"reordering", false}};
static_assert(std::size(kKinds) == kFaultCount);

const Kind& KindOf(Fault fault) { return kKinds[static_cast<size_t>(fault)]; }

void Append(std::string* text, std::string_view separator, uint64_t count, std::string_view what) {
  if (count == 0) return;
  absl::StrAppend(text, text->empty() ? "" : std::string(separator), count, " ", std::string(what));
}

}  // namespace

std::string_view NameOf(Fault fault) { return KindOf(fault).name; }

bool EndsConnections(Fault fault) { return KindOf(fault).ends_connections; }

std::string WeatherReport::Text() const {
  std::string weather;
  for (size_t i = 0; i < times.size(); ++i) Append(&weather, ", ", times[i], kKinds[i].name);
  const std::pair<uint64_t, std::string_view> effects[] = {
      {connections_cut, "connections cut"}, {bytes_corrupted, "bytes corrupted"},
      {datagrams_lost, "datagrams lost"},   {datagrams_duplicated, "duplicated"},
      {datagrams_reordered, "reordered"},   {calls_held_up, "calls held up"},
      {calls_too_quick, "too quick for it"}};
  std::string text;
  for (const auto& [count, what] : effects) Append(&text, ", ", count, what);
  return absl::StrCat(weather, text.empty() ? "" : "; ", text);
}

}  // namespace ledger
