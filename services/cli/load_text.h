// What a load has measured, for people and for scripts. No state; any thread.
#pragma once

#include <string>

#include "services/cli/load.h"
#include "services/cli/style.h"

namespace cli {

// What was measured, and with what.
struct LoadReport {
  std::string method = {};
  std::string address = {};
  int64_t connections = 1;
  const LoadOptions* options = nullptr;
  const LoadResult* result = nullptr;
  bool interrupted = false;
};

// Figures, and a histogram as wide as `columns` allow.
std::string LoadText(const LoadReport& report, size_t columns, const Style& style);

// One line of JSON. Times are in microseconds, which the names say.
std::string LoadJson(const LoadReport& report);

// One line, for while it runs.
std::string ProgressText(const LoadReport& report);

}  // namespace cli
