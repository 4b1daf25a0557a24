#include "tests/session/credit_book.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace rpc::session {
namespace {

// The number before the word "bytes"; 0 where there is none.
int64_t BodySize(const std::vector<std::string>& words) {
  const auto bytes = std::find(words.begin(), words.end(), "bytes");
  return bytes == words.end() ? 0 : std::stoll(*(bytes - 1));
}

bool Has(const std::vector<std::string>& words, const char* word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream text(line);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

}  // namespace

CreditBook::Account& CreditBook::account(const std::string& side, uint64_t call) {
  return accounts_.try_emplace({side, call}, Account{window_, window_}).first->second;
}

void CreditBook::Enter(const std::string& line) {
  const std::vector<std::string> words = Words(line);
  if (words.size() < 3) return;
  const std::string side = words[0].substr(0, 1);
  const std::string& kind = words[1];
  if (kind == "CREDIT") {
    Account& receiver = account(side == "C" ? "S" : "C", std::stoull(words[2]));
    receiver.left += std::stoll(words[3]);
    receiver.most = std::max(receiver.most, receiver.left);
    return;
  }
  if (kind != "CALL" && kind != "MESSAGE" && kind != "END") return;
  if (Has(words, "BARE")) return;
  Account& sender = account(side, std::stoull(words[2]));
  sender.left -= std::max<int64_t>(64, BodySize(words));
  if (sender.left < 0 && overdrawn_.empty()) overdrawn_ = line;
}

}  // namespace rpc::session
