// One direction of a connection: what is written at one end arrives at the other, in order, some
// time later, cut anywhere. A pipe holds a bounded number of bytes; then its writer has to wait.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "tests/simulation/frame_scanner.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

// How often a frame is damaged on its way, and who is told of it.
struct Flips {
  uint32_t body_percent = 0;
  uint32_t header_percent = 0;
  std::function<void(const wire::Header&)> on_body_flip;
  std::function<void()> on_header_flip;
};

class Pipe {
 public:
  explicit Pipe(World* world);

  // For the reader: bytes have arrived, or the pipe has ended or failed. For the writer: there is
  // room again. Both come as events of their own.
  void set_reader(std::function<void()> reader) { reader_ = std::move(reader); }
  void set_writer(std::function<void()> writer) { writer_ = std::move(writer); }
  // Told of each header as it is written, before anything can damage it.
  void set_observer(std::function<void(const wire::Header&)> observer) {
    observer_ = std::move(observer);
  }
  void set_flips(Flips flips) { flips_ = std::move(flips); }

  // Takes as many bytes as there is room for; returns how many.
  size_t Write(std::string_view bytes);
  void CloseWriting();

  std::string_view arrived() const { return std::string_view(arrived_).substr(taken_); }
  void Take(size_t size);
  // Closed by the writer, and everything has been taken.
  bool ended() const { return end_arrived_ && arrived().empty(); }
  // Whether everything that was written has been taken, and was whole frames.
  bool empty() const {
    return in_flight_size_ == 0 && arrived().empty() && scanner_.between_frames();
  }
  // Broken: nothing more arrives.
  bool failed() const { return failed_; }

  // Everything is held back until then.
  void Stall(TimeUs until_us);
  // From now on what is written is lost, and nobody is told.
  void Silence();
  // What is on its way is lost, and the reader is told.
  void Fail();
  // What is on its way is lost, and the reader sees the end.
  void End();
  // Calls `act` instead of delivering the byte at `offset` and those behind it.
  void CutAt(uint64_t offset, std::function<void()> act);
  // Holds nothing back any more.
  void Heal() { stalled_until_us_ = 0; }

  // Its reader will take nothing any more: what comes is dropped, so that the writer can go on.
  void Discard();

 private:
  struct Segment {
    std::string bytes;
    TimeUs due_us;
    size_t delivered = 0;
  };

  uint64_t room() const;
  void Scan(std::string_view bytes);
  void PlanFlip();
  void ApplyFlip(std::string* bytes);
  void Schedule();
  void Deliver();
  size_t ChunkSize();
  void Tell(const std::function<void()>& whom);

  World* world_;
  std::function<void()> reader_;
  std::function<void()> writer_;
  std::function<void(const wire::Header&)> observer_;
  Flips flips_;
  FrameScanner scanner_;
  uint64_t flip_at_ = UINT64_MAX;  // offset of the byte to be damaged next
  std::deque<Segment> in_flight_;
  uint64_t in_flight_size_ = 0;
  std::string arrived_;
  size_t taken_ = 0;  // of arrived_
  uint64_t written_ = 0;
  uint64_t delivered_ = 0;
  uint64_t cut_at_ = UINT64_MAX;
  std::function<void()> on_cut_;
  TimeUs stalled_until_us_ = 0;
  TimeUs last_us_ = 0;  // of the last delivery
  uint64_t tiny_chunks_ = 0;
  bool scheduled_ = false;
  bool writer_waits_ = false;
  bool closed_ = false;
  bool end_arrived_ = false;
  bool failed_ = false;
  bool silent_ = false;
  bool discarding_ = false;
};

}  // namespace rpc::simulation
