// A number of calls to a server process over networks that are bad in changing ways, each of them
// accounted for.
//
//     const Account account = RunLedger({.calls = 1'000'000, .seed = 1});
//     std::fputs(account.Table().c_str(), stdout);
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "tests/faults/account.h"
#include "tests/faults/fault.h"
#include "tests/faults/server_process.h"

namespace ledger {

struct LedgerOptions {
  uint64_t calls = 10'000;  // in all, at most
  uint64_t seed = 1;
  std::vector<Way> ways = {std::begin(kWays), std::end(kWays)};
  // How much later than its deadline a call may end, and its answer be looked at.
  absl::Duration slack = absl::Seconds(3);
  // A line on stderr for each tenth of the calls.
  bool tells_progress = false;
  // Nothing but this fault, and by turns a fair network: weather.h. REQUIRES: all ways have it.
  std::optional<Fault> only = std::nullopt;
  // Of calls, but for those that are short on purpose.
  absl::Duration timeout = absl::Seconds(5);
  // The server refuses calls above a limit, and drains each connection every two seconds.
  bool limited = true;
  std::function<rpc::Channel(Way, const std::string&)> new_channel = QuickChannel;
  // Asked after each call, with what is known by then. Then no more are made.
  std::function<bool(const Account&)> enough = {};
};

// What the account has after it: a complaint for each call that did not end as it may, that was run
// more or less often than its end says, that did not end once, and for items that the server found
// wrong.
Account RunLedger(const LedgerOptions& options);

}  // namespace ledger
