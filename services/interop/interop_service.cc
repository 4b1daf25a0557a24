#include "services/interop/interop_service.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/metadata.h"

namespace interop {
namespace {

// Of the bytes of a payload.
constexpr size_t kPeriod = 251;

absl::Status CheckSize(uint64_t size) {
  if (size <= kPayloadSizeMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a payload of ", size, " bytes was asked for, but at most ", kPayloadSizeMax, " are made"));
}

absl::Status StatusOf(const Ending& ending) {
  const auto code = ending.code() <= 16 ? static_cast<absl::StatusCode>(ending.code())
                                        : absl::StatusCode::kUnknown;
  absl::Status status(code, ending.message());
  for (const Detail& detail : ending.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

// Every entry that came with one of these keys.
rpc::Metadata Picked(const rpc::Metadata& metadata,
                     const google::protobuf::RepeatedPtrField<std::string>& keys) {
  rpc::Metadata picked;
  for (const rpc::Metadata::Entry& entry : metadata) {
    if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) continue;
    picked.Add(entry.key, entry.value);
  }
  return picked;
}

absl::Status SendBack(rpc::ServerContext& context, const Echo& echo) {
  for (const rpc::Metadata::Entry& entry : Picked(context.metadata(), echo.trailing())) {
    context.trailing().Add(entry.key, entry.value);
  }
  const rpc::Metadata leading = Picked(context.metadata(), echo.leading());
  return leading.empty() ? absl::OkStatus() : context.SendMetadata(leading);
}

[[noreturn]] void ThrowAsAsked(const ThrowRequest& request) {
  if (request.no_std_exception()) throw request.what();
  throw std::runtime_error(request.what());
}

rpc::Task<> ThrowLater(const ThrowRequest& request) {
  absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(1));
  if (slept.ok()) ThrowAsAsked(request);
  co_return slept;
}

}  // namespace

std::string MakePayload(size_t size) {
  std::string payload(size, '\0');
  for (size_t i = 0; i < std::min(size, kPeriod); ++i) payload[i] = static_cast<char>(i);
  // Doubled again and again: a whole number of periods each time.
  for (size_t done = kPeriod; done < size; done *= 2) {
    std::memcpy(&payload[done], payload.data(), std::min(done, size - done));
  }
  return payload;
}

rpc::Task<> InteropService::Empty(rpc::ServerContext&, const Nothing&, Nothing&) {
  return absl::OkStatus();
}

rpc::Task<> InteropService::Unary(rpc::ServerContext& context, const UnaryRequest& request,
                                  UnaryReply& reply) {
  const absl::Duration time_left = context.time_left();
  if (time_left < absl::InfiniteDuration()) {
    const int64_t time_left_us = absl::ToInt64Microseconds(time_left);
    reply.set_time_left_us(static_cast<uint64_t>(std::max<int64_t>(0, time_left_us)));
  }
  if (absl::Status s = CheckSize(request.reply_size()); !s.ok()) co_return s;
  if (absl::Status s = SendBack(context, request.echo()); !s.ok()) co_return s;
  absl::Status paused = co_await Pause(context, request.pause_ms());
  if (!paused.ok()) co_return paused;
  reply.set_payload(MakePayload(request.reply_size()));
  reply.set_payload_size(request.payload().size());
  co_return StatusOf(request.ending());
}

rpc::Task<> InteropService::Collect(rpc::ServerContext& context, rpc::Reader<Item>& in,
                                    Collected& reply) {
  while (const Item* item = co_await in.Read()) {
    ++items_read_;
    reply.set_items(reply.items() + 1);
    reply.set_payload_size(reply.payload_size() + item->payload().size());
    if (item->enough()) co_return absl::OkStatus();
    absl::Status paused = co_await Pause(context, item->pause_ms());
    if (!paused.ok()) co_return paused;
  }
  co_return Note(in.status());
}

rpc::Task<> InteropService::Produce(rpc::ServerContext& context, const ProduceRequest& request,
                                    rpc::Writer<Chunk>& out) {
  if (absl::Status s = SendBack(context, request.echo()); !s.ok()) co_return s;
  absl::Status written = co_await Write(context, request.parts(), out);
  if (!written.ok()) co_return written;
  co_return StatusOf(request.ending());
}

rpc::Task<> InteropService::Converse(rpc::ServerContext& context,
                                     rpc::Stream<Turn, Chunk>& stream) {
  Parts after_close;
  while (const Turn* turn = co_await stream.Read()) {
    ++items_read_;
    if (absl::Status s = SendBack(context, turn->echo()); !s.ok()) co_return s;
    if (turn->after_close()) {
      after_close.MergeFrom(turn->parts());
    } else {
      absl::Status written = co_await Write(context, turn->parts(), stream);
      if (!written.ok()) co_return written;
    }
    if (turn->has_ending()) co_return StatusOf(turn->ending());
  }
  if (!stream.status().ok()) co_return Note(stream.status());
  co_return co_await Write(context, after_close, stream);
}

// No coroutine: it throws out of the call of the handler itself, unless it is to wait.
rpc::Task<> InteropService::Throw(rpc::ServerContext&, const ThrowRequest& request, Nothing&) {
  if (request.after_pause()) return ThrowLater(request);
  ThrowAsAsked(request);
}

// Looks again and again: calls end on the loops of other threads.
rpc::Task<> InteropService::Observe(rpc::ServerContext&, const ObserveRequest& request,
                                    Observed& reply) {
  while (cancelled_ + timed_out_ < request.given_up_min()) {
    absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(1));
    if (!slept.ok()) co_return slept;
  }
  reply = observed();
  co_return absl::OkStatus();
}

Observed InteropService::observed() const {
  Observed observed;
  observed.set_cancelled(cancelled_);
  observed.set_timed_out(timed_out_);
  observed.set_items_read(items_read_);
  observed.set_chunks_written(chunks_written_);
  observed.set_bytes_written(bytes_written_);
  return observed;
}

rpc::Task<> InteropService::Pause(rpc::ServerContext& context, uint32_t pause_ms) {
  if (pause_ms == 0) co_return absl::OkStatus();
  absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(std::min(pause_ms, kPauseMaxMs)));
  if (slept.ok()) co_return slept;
  const bool in_time = context.time_left() > absl::ZeroDuration();
  co_return Note(in_time ? slept : absl::DeadlineExceededError("the deadline passed in a pause"));
}

rpc::Task<> InteropService::Write(rpc::ServerContext& context, const Parts& parts,
                                  rpc::Writer<Chunk>& out) {
  Chunk chunk;
  for (const Part& part : parts) {
    if (absl::Status s = CheckSize(part.size()); !s.ok()) co_return s;
    chunk.set_payload(MakePayload(part.size()));
    for (uint32_t i = 0; i < std::max(1u, part.count()); ++i) {
      absl::Status paused = co_await Pause(context, part.pause_ms());
      if (!paused.ok()) co_return paused;
      if (!co_await out.Write(chunk)) co_return Note(out.status());
      ++chunks_written_;
      bytes_written_ += part.size();
    }
  }
  co_return absl::OkStatus();
}

absl::Status InteropService::Note(const absl::Status& status) {
  // A stream of a connection that has ended says UNAVAILABLE.
  if (absl::IsCancelled(status) || absl::IsUnavailable(status)) ++cancelled_;
  if (absl::IsDeadlineExceeded(status)) ++timed_out_;
  return status;
}

}  // namespace interop
