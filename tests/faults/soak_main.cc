// Calls for as long as it is told, and what they leave behind: README.md.
//
//     bazel run -c opt //tests/faults:soak -- --minutes=30
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/terminal/flags.h"
#include "tests/faults/soak.h"

int main(int argc, char** argv) {
  int64_t minutes = 30;
  int64_t seed = 1;
  terminal::Flags flags("soak [FLAGS]", "Calls over bad networks for long, and looks for leaks.");
  flags.Number("minutes", 1, 10'000, "how long", &minutes);
  flags.Number("seed", 0, INT64_MAX, "of calls and networks", &seed);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return rpc::Fail(s);
  if (flags.help()) return flags.PrintHelp();
  GTEST_FLAG_SET(throw_on_failure, true);  // no test is here to fail: the program does
  const ledger::SoakReport report = ledger::Soak({.duration = absl::Minutes(minutes),
                                                  .seed = static_cast<uint64_t>(seed),
                                                  .tells_progress = true});
  std::fputs(report.table.c_str(), stdout);
  for (const std::string& complaint : report.complaints) std::printf("%s\n", complaint.c_str());
  std::printf("%s\n", report.complaints.empty() ? "nothing has grown" : "that is not as it may be");
  return report.complaints.empty() ? 0 : 1;
}
