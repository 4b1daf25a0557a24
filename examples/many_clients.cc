// Many clients served at once by one thread: each has a connection and a conversation of its own,
// and none waits for another.
//
//     bazel run //examples:many_clients          # needs no server: it has one of its own
//     bazel run //examples:many_clients -- 5000  # so many; each needs two descriptors
#include <cstdio>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"

namespace {

constexpr int kLines = 50;
constexpr int kClientsMax = 10'000;
constexpr char kUsage[] =
    "usage: many_clients [CLIENTS]\n"
    "So many clients, 200 by default, talk at once with a server of its own that has one thread.\n";

// The threads that handlers ran on.
class Threads {
 public:
  void Add() {
    std::lock_guard lock(mutex_);
    ids_.insert(std::this_thread::get_id());
  }
  size_t count() {
    std::lock_guard lock(mutex_);
    return ids_.size();
  }

 private:
  std::mutex mutex_;
  std::set<std::thread::id> ids_;
};

using Chat = rpc::StreamCall<echo::Line, echo::Line>;

rpc::Task<bool> SayOne(Chat& chat, const std::string& text) {
  echo::Line line;
  line.set_text(text);
  const bool written = co_await chat.Write(line);
  if (!written) co_return false;
  const echo::Line* const heard = co_await chat.Read();
  co_return heard != nullptr && heard->text().size() == text.size();
}

// How many lines came back.
rpc::Task<int> SayMany(Chat& chat, int count) {
  int heard = 0;
  bool answered = true;
  while (answered && heard < count) {
    answered = co_await SayOne(chat, "line " + std::to_string(heard));
    if (answered) ++heard;
  }
  co_return heard;
}

// Everybody at once, each this many.
int AllSay(std::vector<Chat>& chats, int count) {
  const std::vector<int> heard = rpc::Run([&] {
    std::vector<rpc::Task<int>> saying;
    for (Chat& chat : chats) saying.push_back(SayMany(chat, count));
    return rpc::WhenAll(std::move(saying));
  });
  int sum = 0;
  for (const int lines : heard) sum += lines;
  return sum;
}

absl::Status Unheard(int heard, int said) {
  return absl::UnavailableError(absl::StrCat("of ", said, " lines only ", heard, " came back"));
}

absl::Status Serve(size_t clients) {
  Threads threads;
  rpc::Server server;  // of one thread
  server.Add(std::make_shared<echo::EchoService>());
  server.Use([&threads](rpc::ServerContext&, rpc::Next next) {
    threads.Add();
    return next();
  });
  if (absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return s;
  if (absl::Status s = server.Start(); !s.ok()) return s;

  std::vector<Chat> chats;
  for (size_t i = 0; i < clients; ++i) {
    const rpc::Channel channel(server.addresses().front());  // a connection of its own
    chats.push_back(echo::Echo::Client(channel).Chat());
  }
  const int heard = AllSay(chats, 1);
  if (heard != static_cast<int>(clients)) return Unheard(heard, static_cast<int>(clients));
  const rpc::ServerCounters open = server.counters();
  std::printf("open at once: %d connections, %d conversations\n",
              static_cast<int>(open.connections_open), static_cast<int>(open.calls_open));

  const absl::Time begin = absl::Now();
  const int lines = AllSay(chats, kLines);
  const double ms = absl::ToDoubleMilliseconds(absl::Now() - begin);
  const int said = kLines * static_cast<int>(clients);
  if (lines != said) return Unheard(lines, said);
  std::printf("answered: %d lines of %d clients in %.0f ms\n", lines, static_cast<int>(clients),
              ms);
  std::printf("threads that served them: %d\n", static_cast<int>(threads.count()));
  for (Chat& chat : chats) chat.Close();
  return server.Shutdown(absl::Seconds(10));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string given = argc > 1 ? argv[1] : "200";
  if (given == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  int clients = 0;
  if (argc > 2 || !absl::SimpleAtoi(given, &clients) || clients < 1 || clients > kClientsMax) {
    std::fprintf(stderr, "many_clients: CLIENTS is one number from 1 to %d, not \"%s\"\n%s",
                 kClientsMax, argc > 2 ? argv[2] : given.c_str(), kUsage);
    return 2;
  }
  return rpc::Exit(Serve(static_cast<size_t>(clients)));
}
