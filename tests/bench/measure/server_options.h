// What every server, ours and those of the peers, can be told, and what it says when it serves.
//
//     ServerOptions options;
//     if (const int code = ReadServerOptions(argc, argv, "server", &options); code >= 0) return
//     code;
//     ...
//     SayListening("tcp://127.0.0.1:7000");
#pragma once

#include <cstdint>
#include <string>

namespace bench {

struct ServerOptions {
  std::string listen = "tcp://127.0.0.1:0";
  int64_t threads = 1;
  int64_t message_size_max = 64 << 20;
  int64_t calls_max = 0;
  int64_t calls_waiting_max = 1'000;
  bool md5_waived = false;
  int64_t busy_poll_us = 0;
  bool stream = false;  // of the raw servers
  std::string congestion = {};
};

// As ReadLoadOptions. Raises the limit of descriptors to what the system allows.
int ReadServerOptions(int argc, const char* const* argv, const std::string& program,
                      ServerOptions* options);

// `listening on ADDRESS`: what tests/bench/run waits for.
void SayListening(const std::string& address);

}  // namespace bench
