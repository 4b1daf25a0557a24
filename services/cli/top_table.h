// What happens on a server between two snapshots, as a table for any size of terminal. No IO.
//
//     TopTable table("tcp://127.0.0.1:7000");
//     table.Take(snapshot);                                   // again and again
//     for (const std::string& line : table.Screen(columns, rows, style)) ...
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rpc/rpc.h"
#include "services/cli/style.h"
#include "services/stats/stats.rpc.h"
#include "services/terminal/text.h"

namespace cli {

class TopTable {
 public:
  enum class Order : uint8_t { kCalls, kErrors, kLatency, kName };

  explicit TopTable(std::string address) : address_(std::move(address)) {}

  void Take(const stats::Snapshot& snapshot);
  // Whether two snapshots have come: before that nothing is known of rates.
  bool ready() const { return ready_; }

  void SetOrder(Order order) { order_ = order; }
  void NextOrder();
  void Scroll(int lines);
  // A line in place of the keys, such as that the server is gone; none when it is empty.
  void SetNotice(const std::string& notice) { notice_ = terminal::Harmless(notice); }

  // Exactly `rows` lines, each of at most `columns` columns. At the top what is most important.
  std::vector<std::string> Screen(size_t columns, size_t rows, const Style& style) const;

  // For what is no terminal: a line for the server, and one for each method that was called.
  std::string Plain() const;

 private:
  struct Row {
    std::string name = {};
    double calls = 0;  // a second
    double errors = 0;
    uint64_t open = 0;
    rpc::Histogram latency = {};  // of what ended between the two snapshots
    uint64_t begun = 0;           // ever
  };

  // Behind the method's name.
  struct Column {
    const char* title;
    size_t width;
    std::string (*text)(const Row& row);
  };
  static const Column kColumns[5];

  void Compare(const stats::Snapshot& before, const stats::Snapshot& now);
  void AddRow(const stats::Method& method, const stats::Method* before, double seconds);
  void Sort();
  // Those that there is room for: those at the end go first.
  static std::span<const Column> ColumnsFor(size_t columns);
  void AppendTable(size_t columns, size_t rows, const Style& style,
                   std::vector<std::string>* lines) const;
  std::vector<std::string> Summary() const;
  std::string Keys() const;

  const std::string address_;
  std::optional<stats::Snapshot> last_;
  bool ready_ = false;
  Order order_ = Order::kCalls;
  size_t first_ = 0;  // the row at the top
  std::string notice_;

  std::vector<Row> rows_;
  double calls_ = 0;
  double errors_ = 0;
  double cpu_ = 0;  // 1 is one core
  uint64_t lag_p99_us_ = 0;
};

}  // namespace cli
