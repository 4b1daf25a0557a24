#include "tests/bench/peers/raw_uv/uv_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

constexpr int kBacklog = 4096;

bool IsUnix(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family == AF_UNIX;
}

struct Write {
  uv_write_t request = {};
  std::string bytes = {};
};

size_t SizeOf(std::span<const uv_buf_t> buffers) {
  size_t size = 0;
  for (const uv_buf_t& buffer : buffers) size += buffer.len;
  return size;
}

// What is behind the first `skipped` bytes.
std::string RestOf(std::span<const uv_buf_t> buffers, size_t skipped) {
  std::string rest;
  for (const uv_buf_t& buffer : buffers) {
    const size_t here = std::min(skipped, buffer.len);
    rest.append(buffer.base + here, buffer.len - here);
    skipped -= here;
  }
  return rest;
}

}  // namespace

void UvStream::Init(uv_loop_t* loop, bool unix_socket) {
  if (unix_socket) {
    uv_pipe_init(loop, &handle_.pipe, 0);
  } else {
    uv_tcp_init(loop, &handle_.tcp);
  }
  stream()->data = this;
}

UvStream::UvStream(uv_loop_t* loop, int fd) {
  const bool unix_socket = IsUnix(fd);
  Init(loop, unix_socket);
  if ((unix_socket ? uv_pipe_open(&handle_.pipe, fd) : uv_tcp_open(&handle_.tcp, fd)) != 0) {
    GiveUp("cannot use a socket");
  }
}

UvStream::UvStream(uv_stream_t* listener) {
  Init(listener->loop, listener->type == UV_NAMED_PIPE);
  if (uv_accept(listener, stream()) != 0) GiveUp("cannot accept");
  if (listener->type == UV_TCP) uv_tcp_nodelay(&handle_.tcp, 1);
}

void UvStream::Start() { uv_read_start(stream(), Lend, OnRead); }

std::span<char> UvStream::Space() {
  static std::string space(1 << 18, ' ');
  return space;
}

void UvStream::Lend(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  const std::span<char> space = static_cast<UvStream*>(handle->data)->Space();
  *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
}

void UvStream::OnRead(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  auto* const self = static_cast<UvStream*>(stream->data);
  if (size < 0) return self->OnLost();
  if (size > 0) self->OnReceived({buffer->base, static_cast<size_t>(size)});
}

void UvStream::Send(std::string_view bytes) {
  const uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  if (!bytes.empty()) Send({&buffer, 1});
}

void UvStream::Send(std::span<const uv_buf_t> buffers) {
  if (!open()) return;
  size_t sent = 0;
  if (drained()) {
    const int n = uv_try_write(stream(), buffers.data(), static_cast<unsigned>(buffers.size()));
    if (n < 0 && n != UV_EAGAIN) return Close();
    sent = n > 0 ? static_cast<size_t>(n) : 0;
  }
  if (sent == SizeOf(buffers)) return;
  auto* const write = new Write{.bytes = RestOf(buffers, sent)};
  const uv_buf_t rest =
      uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  uv_write(&write->request, stream(), &rest, 1, OnWritten);
}

void UvStream::OnWritten(uv_write_t* write, int status) {
  auto* const self = static_cast<UvStream*>(write->handle->data);
  delete reinterpret_cast<Write*>(write);
  if (status == 0 && self->drained()) self->OnDrained();
}

void UvStream::Close() {
  auto* const handle = reinterpret_cast<uv_handle_t*>(stream());
  if (uv_is_closing(handle)) return;
  uv_close(handle, [](uv_handle_t* closed) { delete static_cast<UvStream*>(closed->data); });
}

void UvListen(uv_loop_t* loop, int fd, uv_connection_cb on_connection) {
  uv_stream_t* listener = nullptr;
  if (IsUnix(fd)) {
    auto* const pipe = new uv_pipe_t;
    uv_pipe_init(loop, pipe, 0);
    uv_pipe_open(pipe, fd);
    listener = reinterpret_cast<uv_stream_t*>(pipe);
  } else {
    auto* const tcp = new uv_tcp_t;
    uv_tcp_init(loop, tcp);
    uv_tcp_open(tcp, fd);
    listener = reinterpret_cast<uv_stream_t*>(tcp);
  }
  if (uv_listen(listener, kBacklog, on_connection) != 0) GiveUp("cannot listen");
}

void UvRun(uv_loop_t* loop, bool spin) {
  for (;;) uv_run(loop, spin ? UV_RUN_NOWAIT : UV_RUN_DEFAULT);
}

}  // namespace bench
