// Runs simulations, one seed after the other.
//
//     simulation --seeds=100000 --first=1     stops at the first complaint
//     simulation --seed=17 --trace            one seed, with all that happens in it
//     simulation --datagrams --seeds=1000     calls over datagrams
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/datagram_simulation.h"
#include "tests/simulation/simulation.h"

namespace {

constexpr size_t kLastLinesMax = 80;

struct Arguments {
  uint64_t first = 1;
  uint64_t seeds = 1000;
  bool trace = false;
  bool explain = false;  // print the last lines, whatever comes of it
  bool datagrams = false;
};

bool Parse(int argc, char** argv, Arguments* arguments) {
  for (int i = 1; i < argc; ++i) {
    const absl::string_view text = argv[i];
    const size_t sign = text.find('=');
    const absl::string_view name = text.substr(0, sign);
    uint64_t value = 0;
    const bool number = sign != text.npos && absl::SimpleAtoi(text.substr(sign + 1), &value);
    if (name == "--seeds" && number) {
      arguments->seeds = value;
    } else if (name == "--first" && number) {
      arguments->first = value;
    } else if (name == "--seed" && number) {
      arguments->first = value;
      arguments->seeds = 1;
    } else if (text == "--trace") {
      arguments->trace = true;
    } else if (text == "--explain") {
      arguments->explain = true;
    } else if (text == "--datagrams") {
      arguments->datagrams = true;
    } else {
      std::fprintf(stderr,
                   "%s is not understood; there are --seeds=N --first=N --seed=N --trace "
                   "--datagrams\n",
                   argv[i]);
      return false;
    }
  }
  return true;
}

uint64_t running_seed = 0;
bool over_datagrams = false;
std::deque<std::string>* last_lines = nullptr;

rpc::simulation::Outcome Simulate(uint64_t seed, const rpc::simulation::Trace& trace) {
  return over_datagrams ? rpc::simulation::SimulateDatagrams(seed, trace)
                        : rpc::simulation::Simulate(seed, trace);
}

// How to run the seed again.
const char* ReplayOption() { return over_datagrams ? "--datagrams " : ""; }

void PrintLastLines() {
  if (last_lines == nullptr) return;
  for (const std::string& line : *last_lines) std::fprintf(stderr, "%s\n", line.c_str());
}

// A session found one of its own invariants broken, and ends the program: the program becomes one
// that runs this seed again, with the last lines kept, and comes here a second time.
void OnAbort(int) {
  if (last_lines == nullptr) {
    const std::string seed = absl::StrCat("--seed=", running_seed);
    execl("/proc/self/exe", "simulation", seed.c_str(), "--explain",
          over_datagrams ? "--datagrams" : nullptr, nullptr);
  }
  PrintLastLines();
  std::fprintf(stderr, "seed %llu ended the program; replay it with %s--seed=%llu --trace\n",
               static_cast<unsigned long long>(running_seed), ReplayOption(),
               static_cast<unsigned long long>(running_seed));
  std::_Exit(1);
}

int Explain(uint64_t seed) {
  std::deque<std::string> lines;
  last_lines = &lines;
  const auto outcome = Simulate(seed, [&](const std::string& line) {
    lines.push_back(line);
    if (lines.size() > kLastLinesMax) lines.pop_front();
  });
  PrintLastLines();
  std::fprintf(stderr, "seed %llu, step %llu: %s\nreplay it with %s--seed=%llu --trace\n",
               static_cast<unsigned long long>(seed),
               static_cast<unsigned long long>(outcome.steps), outcome.complaint.c_str(),
               ReplayOption(), static_cast<unsigned long long>(seed));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!Parse(argc, argv, &arguments)) return 2;
  over_datagrams = arguments.datagrams;
  std::signal(SIGABRT, OnAbort);
  rpc::simulation::Trace trace;
  if (arguments.trace) trace = [](const std::string& line) { std::puts(line.c_str()); };
  std::map<std::string, uint64_t> counts;
  uint64_t steps = 0;
  const auto start = std::chrono::steady_clock::now();
  auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  for (uint64_t done = 0; done < arguments.seeds;) {
    running_seed = arguments.first + done;
    if (arguments.explain) return Explain(running_seed);
    const rpc::simulation::Outcome outcome = Simulate(running_seed, trace);
    if (!outcome.complaint.empty()) return Explain(running_seed);
    for (const auto& [what, amount] : outcome.counts) counts[what] += amount;
    steps += outcome.steps;
    if (++done % 1000 == 0) {
      std::fprintf(stderr, "%llu seeds, %.0f a minute\n", static_cast<unsigned long long>(done),
                   60 * static_cast<double>(done) / seconds());
    }
  }
  for (const auto& [what, amount] : counts) {
    std::printf("%12llu  %s\n", static_cast<unsigned long long>(amount), what.c_str());
  }
  std::printf("%12llu  steps\n%llu seeds from %llu, all well, in %.1f s\n",
              static_cast<unsigned long long>(steps),
              static_cast<unsigned long long>(arguments.seeds),
              static_cast<unsigned long long>(arguments.first), seconds());
  return 0;
}
