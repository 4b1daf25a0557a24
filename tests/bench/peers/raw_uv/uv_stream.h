// A libuv stream over a socket that is there already, with the write that costs least: at once if
// the system takes it, and only what it does not take through libuv's queue.
//
// Threads: that of its loop. Lifetime: heap only; it deletes itself when it is closed.
#pragma once

#include <uv.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace bench {

class UvStream {
 public:
  // Takes the descriptor.
  UvStream(uv_loop_t* loop, int fd);
  // What a listener has waiting.
  explicit UvStream(uv_stream_t* listener);

  void Start();
  void Send(std::string_view bytes);
  void Send(std::span<const uv_buf_t> buffers);
  void Close();
  bool open() const { return !uv_is_closing(reinterpret_cast<const uv_handle_t*>(stream())); }
  // Whether all that was sent has been taken.
  bool drained() const { return stream()->write_queue_size == 0; }

 protected:
  virtual ~UvStream() = default;

 private:
  // What is read into: memory that all streams of the program share, unless there is other.
  virtual std::span<char> Space();
  // The bytes, of that memory, are valid until it returns.
  virtual void OnReceived(std::string_view bytes) = 0;
  // What waited in the queue has been taken.
  virtual void OnDrained() {}
  // The other side has gone.
  virtual void OnLost() { Close(); }

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle_); }
  const uv_stream_t* stream() const { return reinterpret_cast<const uv_stream_t*>(&handle_); }
  void Init(uv_loop_t* loop, bool unix_socket);

  static void Lend(uv_handle_t* handle, size_t size, uv_buf_t* buffer);
  static void OnRead(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);
  static void OnWritten(uv_write_t* write, int status);

  union Handle {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle_;
};

// Listens on a descriptor, for as long as the program runs; on_connection makes a UvStream of what
// waits.
void UvListen(uv_loop_t* loop, int fd, uv_connection_cb on_connection);

// Turns it for ever: with `spin` it never sleeps.
[[noreturn]] void UvRun(uv_loop_t* loop, bool spin);

}  // namespace bench
