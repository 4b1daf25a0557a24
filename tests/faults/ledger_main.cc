// Makes many calls over bad networks, and keeps account of each: README.md.
//
//     bazel run -c opt //tests/faults:ledger -- --calls=1000000 --seed=1 --way=all
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"
#include "tests/faults/ledger_run.h"

namespace {

absl::Status TakeWay(const std::string& name, ledger::LedgerOptions* options) {
  if (name == "all") return absl::OkStatus();
  options->ways.clear();
  for (const ledger::Way way : ledger::kWays) {
    if (ledger::ShortName(way) == name) options->ways.push_back(way);
  }
  if (!options->ways.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no way is called \"", name, "\": tcp, tls, unix, udp or all"));
}

}  // namespace

int main(int argc, char** argv) {
  int64_t calls = 1'000'000;
  int64_t seed = 1;
  std::string way = "all";
  terminal::Flags flags("ledger [FLAGS]", "Keeps account of calls over bad networks.");
  flags.Number("calls", 1, 50'000'000, "in all", &calls);
  flags.Number("seed", 0, INT64_MAX, "of calls and networks", &seed);
  flags.Text("way", "WAY", "tcp, tls, unix, udp or all", &way);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return rpc::Fail(s);
  if (flags.help()) return flags.PrintHelp();
  GTEST_FLAG_SET(throw_on_failure, true);  // no test is here to fail: the program does
  ledger::LedgerOptions options{.calls = static_cast<uint64_t>(calls),
                                .seed = static_cast<uint64_t>(seed),
                                .tells_progress = true};
  if (absl::Status s = TakeWay(way, &options); !s.ok()) return rpc::Fail(s);
  const absl::Time begin = absl::Now();
  const ledger::Account account = ledger::RunLedger(options);
  std::fputs(account.Table().c_str(), stdout);
  std::printf("%llu calls in %s, %llu complaints\n",
              static_cast<unsigned long long>(account.calls()),
              absl::FormatDuration(absl::Trunc(absl::Now() - begin, absl::Seconds(1))).c_str(),
              static_cast<unsigned long long>(account.complaints()));
  return account.complaints() == 0 ? 0 : 1;
}
