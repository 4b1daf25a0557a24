#include "tests/bench/peers/raw/request.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/wire/frame_encoder.h"
#include "tests/bench/measure/payload.h"
#include "tests/bench/messages.pb.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

constexpr int kFirstWaitMs = 5'000;
constexpr int kSilenceMs = 100;

std::string Body(const LoadOptions& options) {
  const std::string payload = Payload(static_cast<size_t>(options.size));
  Blob blob;
  options.bytes ? blob.set_data(payload) : blob.set_text(payload);
  return blob.SerializeAsString();
}

}  // namespace

std::string RequestFrame(const LoadOptions& options) {
  const std::string body = Body(options);
  rpc::wire::EncodeBuffers buffers;
  rpc::wire::FrameEncoder encoder(&buffers);
  encoder.set_md5(!options.md5_waived);
  rpc::wire::Header header;
  header.name = "bench.Bench/Echo";
  header.call = 1'000;
  header.flags = rpc::wire::kFlagLast;
  header.timeout_us = 10'000'000;
  encoder.Append(header, body);
  std::string frame;
  for (const rpc::wire::Piece& piece : encoder.Pieces()) frame += piece.bytes;
  return frame;
}

size_t LearnReplySize(const LoadOptions& options, const std::string& request) {
  const int fd = ConnectTo(options.server, options.congestion);
  SetNonBlocking(fd);
  size_t sent = 0;
  size_t received = 0;
  std::string bytes(1 << 18, ' ');
  for (;;) {
    const bool sending = sent < request.size();
    pollfd ready = {fd, static_cast<short>(POLLIN | (sending ? POLLOUT : 0)), 0};
    if (poll(&ready, 1, received == 0 ? kFirstWaitMs : kSilenceMs) <= 0) break;
    if (ready.revents & POLLOUT) {
      const ssize_t n = send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n > 0) sent += static_cast<size_t>(n);
    }
    const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
    if (n == 0) break;
    if (n > 0) received += static_cast<size_t>(n);
  }
  close(fd);
  if (received == 0) GiveUp("no reply to the first request");
  return received;
}

}  // namespace bench
