#include "tests/session/rule.h"

#include <gtest/gtest.h>

#include <cctype>

#include "absl/strings/numbers.h"

namespace rpc::session {
namespace {

// Whether `text` is `pattern`, in which each `*` stands for any text.
bool Matches(std::string_view text, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (; !text.empty(); text.remove_prefix(1)) {
    if (Matches(text, pattern)) return true;
  }
  return Matches(text, pattern);
}

bool IsOf(Side side, std::string_view line) {
  if (side == kServer) return !line.starts_with("C: ") && !line.starts_with("C hears");
  if (side == kClient) return !line.starts_with("S: ") && !line.starts_with("S hears");
  return true;
}

std::vector<std::string> HistoryOf(Side side, const SessionPair& pair) {
  std::vector<std::string> lines;
  for (const std::string& line : pair.history()) {
    if (IsOf(side, line)) lines.push_back(line);
  }
  return lines;
}

// "2 x PING" is PING, PING.
std::vector<std::string> Repeated(const std::vector<std::string>& outcome) {
  std::vector<std::string> patterns;
  for (const std::string& line : outcome) {
    size_t count = 1;
    const size_t times = line.find(" x ");
    const bool repeats =
        times != std::string::npos && absl::SimpleAtoi(line.substr(0, times), &count);
    patterns.insert(patterns.end(), count, repeats ? line.substr(times + 3) : line);
  }
  return patterns;
}

bool Matches(const std::vector<std::string>& lines, const std::vector<std::string>& outcome) {
  const std::vector<std::string> patterns = Repeated(outcome);
  if (lines.size() != patterns.size()) return false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!Matches(lines[i], patterns[i])) return false;
  }
  return true;
}

std::string Listed(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text;
}

PairOptions OptionsOf(const Rule& rule) {
  PairOptions options;
  if (rule.side != kServer) options.client = rule.limits;
  if (rule.side != kClient) options.server = rule.limits;
  options.hello = rule.start != Start::kPlain;
  return options;
}

}  // namespace

void CheckRule(const Rule& rule) {
  SessionPair pair(OptionsOf(rule));
  if (rule.start == Start::kGreeted) pair.Run();
  if (rule.side == kServer) pair.PlayClient();
  if (rule.side == kClient) pair.PlayServer();
  if (rule.start == Start::kGreeted) pair.ForgetPast();
  rule.exchange(pair);
  const std::vector<std::string> history = HistoryOf(rule.side, pair);
  EXPECT_TRUE(Matches(history, rule.outcome)) << rule.sentence << "\n  expected:\n"
                                              << Listed(rule.outcome) << "  happened:\n"
                                              << Listed(history);
}

std::string TestName(const Rule& rule) {
  std::string name;
  bool starts_word = true;
  for (const unsigned char c : rule.sentence) {
    if (std::isalnum(c)) name += static_cast<char>(starts_word ? std::toupper(c) : c);
    starts_word = !std::isalnum(c) && c != '\'';
  }
  if (rule.side == kBoth) return name;
  return name + (rule.side == kServer ? "AtServer" : "AtClient");
}

}  // namespace rpc::session
