// The interop service as servers offer it.
//
//     auto interop = std::make_shared<interop::InteropService>();
//     server.Add(interop);
//     ... interop->observed().bytes_written() ...
//
// Threads: any number may call it at once; its only state is counters. Lifetime: as every service,
// as long as its server.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"

namespace interop {

// The most that a request can ask for.
inline constexpr uint64_t kPayloadSizeMax = 64 << 20;
inline constexpr uint32_t kPauseMaxMs = 60'000;

// The payload of this size that the server makes; clients may send the same.
std::string MakePayload(size_t size);

class InteropService final : public Interop::Service {
 public:
  rpc::Task<> Empty(rpc::ServerContext& context, const Nothing& request, Nothing& reply) override;
  rpc::Task<> Unary(rpc::ServerContext& context, const UnaryRequest& request,
                    UnaryReply& reply) override;
  rpc::Task<> Collect(rpc::ServerContext& context, rpc::Reader<Item>& in,
                      Collected& reply) override;
  rpc::Task<> Produce(rpc::ServerContext& context, const ProduceRequest& request,
                      rpc::Writer<Chunk>& out) override;
  rpc::Task<> Converse(rpc::ServerContext& context, rpc::Stream<Turn, Chunk>& stream) override;
  rpc::Task<> Throw(rpc::ServerContext& context, const ThrowRequest& request,
                    Nothing& reply) override;
  rpc::Task<> Observe(rpc::ServerContext& context, const ObserveRequest& request,
                      Observed& reply) override;

  // What its handlers have seen until now.
  Observed observed() const;

 private:
  using Parts = google::protobuf::RepeatedPtrField<Part>;

  rpc::Task<> Pause(rpc::ServerContext& context, uint32_t pause_ms);
  rpc::Task<> Write(rpc::ServerContext& context, const Parts& parts, rpc::Writer<Chunk>& out);

  // Counts a call that was given up; returns its status.
  absl::Status Note(const absl::Status& status);

  std::atomic<uint64_t> cancelled_{0};
  std::atomic<uint64_t> timed_out_{0};
  std::atomic<uint64_t> items_read_{0};
  std::atomic<uint64_t> chunks_written_{0};
  std::atomic<uint64_t> bytes_written_{0};
};

}  // namespace interop
