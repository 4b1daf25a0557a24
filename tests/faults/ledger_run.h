// A number of calls to a server process over networks that are bad in changing ways, each of them
// accounted for.
//
//     const Account account = RunLedger({.calls = 1'000'000, .seed = 1});
//     std::fputs(account.Table().c_str(), stdout);
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "tests/faults/account.h"
#include "tests/faults/server_process.h"

namespace ledger {

struct LedgerOptions {
  uint64_t calls = 10'000;  // in all
  uint64_t seed = 1;
  std::vector<Way> ways = {std::begin(kWays), std::end(kWays)};
  // How much later than its deadline a call may end, and its answer be looked at.
  absl::Duration slack = absl::Seconds(3);
  // A line on stderr for each tenth of the calls.
  bool tells_progress = false;
};

// What the account has after it: a complaint for each call that did not end as it may, that was run
// more or less often than its end says, that did not end once, and for items that the server found
// wrong.
Account RunLedger(const LedgerOptions& options);

}  // namespace ledger
