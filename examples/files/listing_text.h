// How `ls` and `stat` show entries. No state; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/files/files.pb.h"

namespace files {

struct LookOfList {
  bool human = false;           // 1.5 KiB, and not 1536
  bool harmless = false;        // names as a terminal may show them, and not as they are
  std::string_view below = {};  // the folder that names are shown without
};

// A line for each, sorted by name: size, date, name.
std::string ListText(std::vector<Entry> entries, const LookOfList& look);

// One entry, a line for each thing that is known.
std::string StatText(const Entry& entry, bool harmless);

}  // namespace files
