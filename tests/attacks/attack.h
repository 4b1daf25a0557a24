// One attack, measured: what it costs the server, and whether a good client is served meanwhile.
//
//     AttackedServer server(limits);
//     Attack attack(&server, "slow headers");
//     ...
//     attack.End({.heap_size_max = 1 << 20, .cpu = absl::Seconds(1), .wall = absl::Seconds(5)});
//
// End prints one line with the figures. README.md has a table of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "tests/attacks/attacked_server.h"
#include "tests/attacks/figures.h"

namespace rpc::attacks {

// What an attack may cost at most. Sizes are growth since its begin, and hold where no sanitizer
// has memory of its own. Times are those of a machine with nothing else to do: what it made the
// server and this process wait for a processor is added to them; under a sanitizer they are ten
// times as long.
struct Bounds {
  int64_t heap_size_max = 0;   // at any time
  int64_t heap_size_left = 0;  // when all has ended
  int64_t rss_size_max = 0;    // at any time
  absl::Duration cpu = absl::ZeroDuration();
  absl::Duration wall = absl::ZeroDuration();
  // The longest call of the good client.
  absl::Duration good_call = absl::Seconds(5);
};

// Calls echo.Echo/Say over and over, on a thread of its own, from its construction to its end.
class GoodClient {
 public:
  explicit GoodClient(Channel channel);
  ~GoodClient();
  GoodClient(const GoodClient&) = delete;
  GoodClient& operator=(const GoodClient&) = delete;

  struct Served {
    int calls = 0;
    absl::Status first_failure = absl::OkStatus();
    absl::Duration longest = absl::ZeroDuration();
  };
  // Its connection is closed then.
  Served End();

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

class Attack {
 public:
  // The good client comes over TCP.
  Attack(AttackedServer* server, std::string name);
  Attack(AttackedServer* server, std::string name, Channel good_client);

  // Everything has ended but the good client's calls.
  void End(const Bounds& bounds);

  // What the server has done since the begin; what is open or running is what is so now.
  Figures Growth() const;
  absl::Duration wall() const;

 private:
  void Print(const Figures& growth, absl::Duration wall, const GoodClient::Served& good) const;
  static void ExpectMemory(const Bounds& bounds, const Figures& growth);

  AttackedServer* server_;
  std::string name_;
  std::unique_ptr<GoodClient> good_;
  Figures before_;
  int64_t waited_before_us_ = 0;  // of this process
  absl::Time begin_;
};

// As many descriptors as the system lets this process have. Their number.
int RaiseDescriptorLimit();

}  // namespace rpc::attacks
