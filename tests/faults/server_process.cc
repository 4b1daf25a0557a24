#include "tests/faults/server_process.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/net/tls_pair.h"

namespace ledger {
namespace {

constexpr char kProgram[] = "tests/faults/server";
constexpr std::string_view kBefore = "listening on ";

constexpr rpc::session::Limits kWatchful = {.keepalive_idle_us = 300'000,
                                            .keepalive_timeout_us = 700'000,
                                            .ping_interval_us = 100'000,
                                            .first_header_timeout_us = 2'000'000};

rpc::Channel NewChannel(Way way, const std::string& address, rpc::ChannelOptions options) {
  options.backoff_min = absl::Milliseconds(5);
  options.backoff_max = absl::Milliseconds(50);
  if (way == Way::kTls) options.tls = &rpc::ClientTls(Way::kTls);
  return rpc::Channel(address, options);
}

}  // namespace

std::string ShortName(Way way) { return absl::AsciiStrToLower(rpc::WayName(way)); }

std::string SomeUnixAddress() {
  static int count = 0;
  const std::string name = absl::StrCat("ledger-", ++count, ".sock");
  return "unix://" + rpc::net::TlsTestFiles::Get().folder().PathOf(name);
}

rpc::Channel QuickChannel(Way way, const std::string& address) {
  return NewChannel(way, address,
                    {.connect_timeout = absl::Seconds(1), .connections = 2, .limits = kWatchful});
}

rpc::Channel LonelyChannel(Way way, const std::string& address) {
  return NewChannel(way, address, {.connect_timeout = absl::Seconds(1)});
}

rpc::Channel PatientChannel(Way way, const std::string& address) {
  return NewChannel(way, address, {.connect_timeout = absl::Seconds(30)});
}

ServerProcess::ServerProcess(std::vector<std::string> flags, std::vector<std::string> wrapper)
    : flags_(std::move(flags)), wrapper_(std::move(wrapper)) {
  addresses_ = {{Way::kTcp, "tcp://127.0.0.1:0"},
                {Way::kTls, "tls://127.0.0.1:0"},
                {Way::kUnix, SomeUnixAddress()},
                {Way::kUdp, "udp://127.0.0.1:0"}};
  Start();
}

void ServerProcess::Restart() {
  process_.reset();
  Start();
}

void ServerProcess::Start() {
  const rpc::TlsOptions tls = rpc::net::TlsTestFiles::Get().Server();
  std::vector<std::string> arguments = wrapper_;
  arguments.push_back(kProgram);
  arguments.insert(arguments.end(), flags_.begin(), flags_.end());
  arguments.push_back("--certificate=" + tls.certificate_file);
  arguments.push_back("--key=" + tls.key_file);
  for (const Way way : kWays) arguments.push_back("--listen=" + addresses_[way]);
  const std::string program = arguments.front();
  arguments.erase(arguments.begin());
  process_ = std::make_unique<rpc::ChildProcess>(program, arguments);
  for (const Way way : kWays) {
    const std::optional<std::string> line = process_->ReadLine();
    ASSERT_TRUE(line.has_value() && line->starts_with(kBefore)) << line.value_or("no line");
    addresses_[way] = line->substr(kBefore.size());
  }
}

}  // namespace ledger
