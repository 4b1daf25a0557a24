#include "tests/faults/ledger_service.h"

#include <malloc.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "tests/faults/content.h"

namespace ledger {
namespace {

// An id comes from the network, and one of a corrupted header may be any.
constexpr uint64_t kIdMax = 100'000'000;

}  // namespace

void LedgerService::WriteDown(uint64_t id) {
  if (id > kIdMax) {
    ++wrong_items_;
    return;
  }
  std::lock_guard lock(mutex_);
  if (runs_.size() <= id) runs_.resize(std::max<size_t>(id + 1, runs_.size() * 2));
  if (runs_[id] < UINT8_MAX) ++runs_[id];
}

uint64_t LedgerService::WriteDown(const rpc::ServerContext& context) {
  uint64_t id = 0;
  const std::string text(context.metadata().Get("id").value_or(""));
  if (!absl::SimpleAtoi(text, &id)) ++wrong_items_;
  WriteDown(id);
  return id;
}

void LedgerService::Check(uint64_t id, const Item& item, uint32_t index) {
  const bool right =
      item.id() == id && item.index() == index && IsPayloadOf(id, index, item.payload());
  if (!right) ++wrong_items_;
}

rpc::Task<> LedgerService::Once(rpc::ServerContext&, const Item& request, Receipt& reply) {
  WriteDown(request.id());
  Check(request.id(), request, 0);
  if (request.pause_ms() > 0) {
    absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(request.pause_ms()));
    if (!slept.ok()) co_return slept;
  }
  reply.set_id(request.id());
  reply.set_items(1);
  reply.set_digest(DigestWith(0, request.payload()));
  reply.set_payload(PayloadOf(request.id(), kReceiptIndex, request.reply_size()));
  co_return absl::OkStatus();
}

rpc::Task<> LedgerService::Produce(rpc::ServerContext&, const Order& request,
                                   rpc::Writer<Item>& out) {
  WriteDown(request.id());
  for (uint32_t i = 0; i < request.count(); ++i) {
    const Item item = MakeItem(request.id(), i, request.size());
    if (!co_await out.Write(item)) co_return out.status();
  }
  co_return absl::OkStatus();
}

rpc::Task<> LedgerService::Collect(rpc::ServerContext& context, rpc::Reader<Item>& in,
                                   Receipt& reply) {
  const uint64_t id = WriteDown(context);
  uint32_t items = 0;
  uint64_t digest = 0;
  while (const Item* item = co_await in.Read()) {
    Check(id, *item, items++);
    digest = DigestWith(digest, item->payload());
  }
  reply.set_id(id);
  reply.set_items(items);
  reply.set_digest(digest);
  co_return in.status();
}

rpc::Task<> LedgerService::Converse(rpc::ServerContext& context, rpc::Stream<Item, Item>& stream) {
  const uint64_t id = WriteDown(context);
  uint32_t items = 0;
  while (const Item* item = co_await stream.Read()) {
    Check(id, *item, items);
    const Item answer = MakeItem(id, items++, item->reply_size());
    if (!co_await stream.Write(answer)) break;
  }
  co_return stream.status();
}

rpc::Task<> LedgerService::Runs(rpc::ServerContext&, const RunsRequest& request, RunsReply& reply) {
  std::lock_guard lock(mutex_);
  for (uint64_t id = request.first(); id < request.first() + request.count(); ++id) {
    reply.mutable_runs()->push_back(id < runs_.size() ? static_cast<char>(runs_[id]) : '\0');
  }
  return absl::OkStatus();
}

rpc::Task<> LedgerService::Observe(rpc::ServerContext&, const ObserveRequest&, Observed& reply) {
  const struct mallinfo2 heap = mallinfo2();
  const rpc::ServerCounters counters = server_->counters();
  reply.set_wrong_items(wrong_items_);
  reply.set_heap_used(heap.uordblks + heap.hblkhd);
  reply.set_calls_open(counters.calls_open - std::min<uint64_t>(counters.calls_open, 1));
  reply.set_connections_open(counters.connections_open);
  return absl::OkStatus();
}

}  // namespace ledger
