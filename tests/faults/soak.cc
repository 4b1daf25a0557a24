#include "tests/faults/soak.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "rpc/rpc.h"
#include "tests/faults/load.h"
#include "tests/faults/server_process.h"
#include "tests/faults/weather.h"
#include "tests/support/eventually.h"

namespace ledger {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(20);
constexpr uint32_t kCallsPerChannel = 200;
// A proxy cannot see that a client in datagrams is gone.
constexpr uint64_t kSilenceMaxUs = 5'000'000;

uint64_t HeapUsed() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

// A proxy before each address of a server, and its weather.
class Networks {
 public:
  Networks(const ServerProcess& server, uint64_t seed) : random_(seed) {
    for (const auto& [way, address] : AddressesOf(server)) {
      if (way == Way::kUdp) {
        datagrams_ = std::make_unique<rpc::DatagramProxy>(address, random_());
        Add(way, datagrams_->address(),
            std::make_unique<DatagramWeather>(datagrams_.get(), random_()));
        continue;
      }
      const std::string listen = way == Way::kUnix ? SomeUnixAddress() : "tcp://127.0.0.1:0";
      proxies_.push_back(std::make_unique<rpc::Proxy>(address, listen));
      Add(way, proxies_.back()->address(),
          std::make_unique<StreamWeather>(proxies_.back().get(), way == Way::kTls, random_()));
    }
  }

  const std::vector<std::pair<Way, std::string>>& addresses() const { return addresses_; }
  Circumstances circumstances(Way way) const { return places_.at(way).weather->circumstances(); }

  void Tick() {
    for (auto& [way, place] : places_) {
      if (absl::Now() < place.until) continue;
      place.until = absl::Now() + place.weather->Change();
    }
    datagrams_->ForgetSilent(kSilenceMaxUs);
  }
  void Clear() {
    for (auto& [way, place] : places_) place.weather->Clear();
  }
  void ForgetClients() { datagrams_->ForgetSilent(0); }

 private:
  struct Place {
    std::unique_ptr<Weather> weather;
    absl::Time until = absl::InfinitePast();
  };

  void Add(Way way, const std::string& address, std::unique_ptr<Weather> weather) {
    addresses_.emplace_back(way, address);
    places_[way].weather = std::move(weather);
  }

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<rpc::Proxy>> proxies_;
  std::unique_ptr<rpc::DatagramProxy> datagrams_;
  std::map<Way, Place> places_;
  std::vector<std::pair<Way, std::string>> addresses_;
};

std::string Line(const SoakSample& sample) {
  return absl::StrFormat(
      "%6d s %10d %10d %9d %5d %4d | %10d %9d %5d %4d\n", absl::ToInt64Seconds(sample.at),
      sample.succeeded, sample.server.resident_kib, sample.server_heap >> 10,
      sample.server.descriptors, sample.server.threads, sample.client.resident_kib,
      sample.client_heap >> 10, sample.client.descriptors, sample.client.threads);
}

std::string Head() {
  return absl::StrFormat("%8s %10s %10s %9s %5s %4s | %10s %9s %5s %4s\n", "at", "calls OK",
                         "server KiB", "heap KiB", "files", "thr.", "client KiB", "heap KiB",
                         "files", "thr.");
}

class Sampler {
 public:
  explicit Sampler(ServerProcess* server)
      : server_(server), direct_(QuickChannel(Way::kTcp, server->address(Way::kTcp))) {}

  absl::StatusOr<Observed> Observe() const { return direct_.Observe(ObserveRequest()).Wait(); }

  SoakSample Take() const {
    SoakSample sample;
    sample.at = absl::Now() - begin_;
    sample.server = rpc::FiguresOf(server_->process().pid());
    sample.client = rpc::FiguresOf(getpid());
    sample.server_heap = Observe().value_or(Observed()).heap_used();
    sample.client_heap = HeapUsed();
    return sample;
  }

 private:
  ServerProcess* const server_;
  const Ledger::Client direct_;
  const absl::Time begin_ = absl::Now();
};

template <typename Get>
uint64_t Median(const std::vector<SoakSample>& samples, size_t begin, size_t end, const Get& get) {
  std::vector<uint64_t> values;
  for (size_t i = begin; i < end; ++i) values.push_back(get(samples[i]));
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// All clients are gone: so are their connections, on both sides.
void CheckRest(const Sampler& sampler, const SoakSample& before, SoakReport* report) {
  SoakSample rest;
  const bool gone = rpc::Eventually(
      [&] {
        rest = sampler.Take();
        return rest.server.descriptors <= before.server.descriptors &&
               rest.client.descriptors <= before.client.descriptors;
      },
      absl::Seconds(30));
  absl::StrAppend(&report->table, "before any client, and after the last:\n", Line(before),
                  Line(rest));
  if (!gone) report->complaints.push_back("descriptors are left when all clients are gone");
  const uint64_t open = sampler.Observe().value_or(Observed()).calls_open();
  if (open > 0) report->complaints.push_back(absl::StrCat(open, " calls are left"));
}

std::vector<SoakSample> Run(const SoakOptions& options, const Sampler& sampler, const Load& load,
                            Networks* networks) {
  std::vector<SoakSample> samples;
  const absl::Time begin = absl::Now();
  while (absl::Now() < begin + options.duration) {
    networks->Tick();
    absl::SleepFor(kTick);
    if (absl::Now() < begin + options.sample_every * static_cast<double>(samples.size() + 1)) {
      continue;
    }
    const std::vector<uint64_t> succeeded = load.succeeded();
    samples.push_back(sampler.Take());
    samples.back().succeeded = std::accumulate(succeeded.begin(), succeeded.end(), uint64_t{0});
    if (options.tells_progress) std::fputs(Line(samples.back()).c_str(), stderr);
  }
  networks->Clear();
  return samples;
}

}  // namespace

std::vector<std::string> GrowthOf(const std::vector<SoakSample>& samples) {
  std::vector<std::string> complaints;
  const size_t fifth = samples.size() / 5;
  const auto check = [&](const std::string& what, uint64_t max, const auto& get) {
    const uint64_t before = Median(samples, fifth, 2 * fifth, get);
    const uint64_t after = Median(samples, samples.size() - fifth, samples.size(), get);
    if (after <= before + max) return;
    complaints.push_back(absl::StrCat(what, " grew from ", before, " to ", after,
                                      ", but may grow by ", max, " at most"));
  };
  const auto check_process = [&](const std::string& of, rpc::ProcessFigures SoakSample::*figures) {
    check(of + " resident KiB", kResidentGrowthMaxKib,
          [&](const SoakSample& sample) { return (sample.*figures).resident_kib; });
    check(of + " descriptors", kDescriptorGrowthMax,
          [&](const SoakSample& sample) { return (sample.*figures).descriptors; });
    check(of + " threads", kThreadGrowthMax,
          [&](const SoakSample& sample) { return (sample.*figures).threads; });
  };
  check_process("server's", &SoakSample::server);
  check_process("client's", &SoakSample::client);
  check("server's heap", kHeapGrowthMax,
        [](const SoakSample& sample) { return sample.server_heap; });
  check("client's heap", kHeapGrowthMax,
        [](const SoakSample& sample) { return sample.client_heap; });
  return complaints;
}

SoakReport Soak(const SoakOptions& options) {
  ServerProcess server({"--limited"});
  const Sampler sampler(&server);
  Networks networks(server, options.seed);
  (void)sampler.Take();  // connects
  const SoakSample before = sampler.Take();
  const auto reasons = [&](Way way) {
    Circumstances why = networks.circumstances(way);
    why.limited = true;
    why.drained = way != Way::kUdp;
    return why;
  };
  Load load(networks.addresses(), {.seed = options.seed,
                                   .reasons = reasons,
                                   .calls_per_channel = kCallsPerChannel,
                                   .ids = 10'000});
  const std::vector<SoakSample> samples = Run(options, sampler, load, &networks);
  load.Stop();
  networks.ForgetClients();
  SoakReport report;
  report.table = Head();
  for (const SoakSample& sample : samples) absl::StrAppend(&report.table, Line(sample));
  report.complaints = GrowthOf(samples);
  CheckRest(sampler, before, &report);
  absl::StrAppend(&report.table, load.account().Table());
  if (load.account().complaints() > 0) report.complaints.push_back("calls ended as they may not");
  return report;
}

}  // namespace ledger
