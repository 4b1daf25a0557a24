// Answers the calls of a ledger, and writes down how often the handler of each was begun.
//
// Threads: any number may call it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "rpc/rpc.h"
#include "tests/faults/ledger.rpc.h"

namespace ledger {

class LedgerService final : public Ledger::Service {
 public:
  explicit LedgerService(const rpc::Server* server) : server_(server) {}

  rpc::Task<> Once(rpc::ServerContext&, const Item& request, Receipt& reply) override;
  rpc::Task<> Produce(rpc::ServerContext&, const Order& request, rpc::Writer<Item>& out) override;
  rpc::Task<> Collect(rpc::ServerContext& context, rpc::Reader<Item>& in, Receipt& reply) override;
  rpc::Task<> Converse(rpc::ServerContext& context, rpc::Stream<Item, Item>& stream) override;
  rpc::Task<> Runs(rpc::ServerContext&, const RunsRequest& request, RunsReply& reply) override;
  rpc::Task<> Observe(rpc::ServerContext&, const ObserveRequest&, Observed& reply) override;

 private:
  // The handler of this call has begun.
  void WriteDown(uint64_t id);
  // Of a call with many requests, whose id is in its metadata: it begins before the first item.
  uint64_t WriteDown(const rpc::ServerContext& context);
  void Check(uint64_t id, const Item& item, uint32_t index);

  const rpc::Server* const server_;
  std::atomic<uint64_t> wrong_items_ = 0;
  std::mutex mutex_;
  std::vector<uint8_t> runs_;  // by id; guarded by the mutex
};

}  // namespace ledger
