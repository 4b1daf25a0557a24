// Follows the frames of a trace (SessionPair::trace) and keeps the books of their credit, as
// rpc/PROTOCOL.md counts it: apart from the code under test.
//
//     CreditBook book(window);
//     for (const std::string& line : pair.trace()) book.Enter(line);
//     EXPECT_EQ(book.overdrawn(), "");
//     EXPECT_GE(book.left("C", 1), 64);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace rpc::session {

class CreditBook {
 public:
  // `window`: what every call begins with, in both directions.
  explicit CreditBook(int64_t window) : window_(window) {}

  // One line: "C: MESSAGE 1 65536 bytes MORE".
  void Enter(const std::string& line);

  // What `side`, "C" or "S", may still send for this call, and the most that this ever was.
  int64_t left(const std::string& side, uint64_t call) { return account(side, call).left; }
  int64_t most(const std::string& side, uint64_t call) { return account(side, call).most; }

  // The first line that was more than the credit; empty if none was.
  const std::string& overdrawn() const { return overdrawn_; }

 private:
  struct Account {
    int64_t left;
    int64_t most;
  };

  Account& account(const std::string& side, uint64_t call);

  int64_t window_;
  std::map<std::pair<std::string, uint64_t>, Account> accounts_;
  std::string overdrawn_;
};

}  // namespace rpc::session
