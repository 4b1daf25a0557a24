// What passes over connections, in words: a line for each frame.
//
//     FrameLog log(Style(STDOUT_FILENO), &printer);
//     log.Opened(at, 1, "tcp://127.0.0.1:4711");
//     log.Bytes(at, 1, Direction::kToServer, bytes);
//
//       0.000000  #1      opened by tcp://127.0.0.1:4711
//       0.000412  #1  ->  CALL 1 echo.Echo/Say 7 bytes LAST
//       0.000630  #1  <-  END 1 OK 7 bytes
//
// -> is from the client to the server. What is no frame is told once, with what it looks like, and
// not looked at any more. Nothing of a body is kept above kBodySizeMax; its md5 is then not
// compared.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "rpc/wire/frame_decoder.h"
#include "services/cli/style.h"
#include "services/terminal/printer.h"

namespace cli {

enum class Direction : uint8_t { kToServer, kToClient };

class FrameLog {
 public:
  static constexpr uint64_t kBodySizeMax = 1 << 20;

  // Told of each whole frame, after its line; views as of the decoder.
  using OnFrame = std::function<void(uint32_t connection, Direction, const rpc::wire::Frame&)>;

  // `printer` may be null: then only `on_frame` is told. When it fails, it knows why. With
  // `body_bytes_max` above 0 as much of each body is shown.
  FrameLog(const Style& style, terminal::Printer* printer, size_t body_bytes_max = 0,
           OnFrame on_frame = {});
  ~FrameLog();

  void Opened(absl::Duration at, uint32_t connection, std::string_view by);
  void Bytes(absl::Duration at, uint32_t connection, Direction direction, std::string_view bytes);
  // One side writes no more.
  void Ended(absl::Duration at, uint32_t connection, Direction direction);
  // Both are gone, or one never came; `why` may be empty.
  void Closed(absl::Duration at, uint32_t connection, std::string_view why);

 private:
  struct Stream;
  struct Connection;

  void Line(absl::Duration at, uint32_t connection, const std::string& arrow,
            const std::string& text);
  void Frame(absl::Duration at, uint32_t connection, Direction direction,
             const rpc::wire::Frame& frame);
  void NotFrames(absl::Duration at, uint32_t connection, Direction direction, const Stream& stream);
  Connection& At(uint32_t connection);
  std::string Arrow(Direction direction) const;

  const Style style_;
  terminal::Printer* const printer_;
  const size_t body_bytes_max_;
  const OnFrame on_frame_;
  rpc::wire::DecodeBuffers buffers_;
  std::map<uint32_t, std::unique_ptr<Connection>> connections_;
};

// A frame as a log shows it: its description, and what is wrong with its body.
std::string FrameText(const Style& style, const rpc::wire::Frame& frame);

}  // namespace cli
