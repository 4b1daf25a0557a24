// What passed over connections, byte for byte and with times, in a file.
//
//     absl::StatusOr<std::unique_ptr<Recorder>> recorder = Recorder::Create("calls.rec");
//     (*recorder)->Write({.kind = Event::Kind::kToServer, .connection = 1, .bytes = bytes});
//
//     absl::StatusOr<std::unique_ptr<Recording>> recording = Recording::Open("calls.rec");
//     Event event;
//     while ((*recording)->Next(&event)) ...
//     if (!(*recording)->status().ok()) ...        // cut short, or no recording
//
// The file, all numbers with the most significant byte first:
//
//     "uvrpcrec"  8 bytes
//     version     4 bytes, 1
//     began       8 bytes, microseconds since 1970
//     then events, each:
//       kind        1 byte: 'a' about, 'o' opened, '>' to the server, '<' to the client,
//                   ')' the client writes no more, '(' the server writes no more, 'x' closed
//       connection  4 bytes, from 1; 0 for 'a'
//       time        8 bytes, microseconds since it began
//       size        4 bytes, at most 1 MiB
//       bytes       `size` of them: what was sent; who opened it; why it was closed; for 'a' the
//                   address that was listened on, a blank and the one that was connected to
//
// A reader passes over kinds that it does not know. Threads: one at a time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cli {

struct Event {
  enum class Kind : char {
    kAbout = 'a',
    kOpened = 'o',
    kToServer = '>',
    kToClient = '<',
    kClientEnded = ')',
    kServerEnded = '(',
    kClosed = 'x',
  };

  Kind kind = Kind::kAbout;
  uint32_t connection = 0;
  absl::Duration at = absl::ZeroDuration();
  std::string_view bytes = {};
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class Recorder {
 public:
  static constexpr size_t kEventSizeMax = 1 << 20;

  // The file is made, for nobody but its owner: it holds what was said, tokens and all; or made
  // empty, and stays whose it is. Errors name it.
  static absl::StatusOr<std::unique_ptr<Recorder>> Create(const std::string& path);

  // The bytes of one event go to the system at once: what was seen is there, whatever happens next.
  absl::Status Write(const Event& event);

 private:
  Recorder(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}

  absl::Status Put(std::string_view bytes);

  const std::string path_;
  const File file_;
};

class Recording {
 public:
  static absl::StatusOr<std::unique_ptr<Recording>> Open(const std::string& path);
  // From where the file stands; `path` is what errors call it.
  static absl::StatusOr<std::unique_ptr<Recording>> From(std::string path, File file);

  absl::Time began() const { return began_; }

  // False at the end. The event's bytes are valid until the next call.
  bool Next(Event* event);

  // After Next was false: OK at the end; DATA_LOSS, with the byte where it is, when the file ends
  // inside of an event or makes no sense; UNAVAILABLE when it cannot be read.
  const absl::Status& status() const { return status_; }

 private:
  Recording(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}

  absl::Status ReadStart();
  bool ReadExactly(size_t size, std::string* bytes);
  // Why it could not read as much.
  absl::Status ReadFailure() const;

  const std::string path_;
  const File file_;
  absl::Time began_;
  uint64_t offset_ = 0;  // of what is read next
  std::string bytes_;
  absl::Status status_;
};

}  // namespace cli
