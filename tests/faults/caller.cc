#include "tests/faults/caller.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/faults/content.h"

namespace ledger {
namespace {

uint32_t Draw(std::mt19937_64* random, uint32_t min, uint32_t max) {
  return min + static_cast<uint32_t>((*random)() % (max - min + 1));
}

bool OneIn(uint32_t n, std::mt19937_64* random) { return (*random)() % n == 0; }

CallKind DrawKind(std::mt19937_64* random) {
  const uint32_t draw = Draw(random, 1, 1'000);
  if (draw <= 10) return CallKind::kLarge;
  if (draw <= 50) return CallKind::kProduce;
  if (draw <= 90) return CallKind::kCollect;
  if (draw <= 130) return CallKind::kConverse;
  return CallKind::kSmall;
}

void DrawSizes(std::mt19937_64* random, CallPlan* plan) {
  const bool large = plan->kind == CallKind::kLarge;
  plan->size = large ? Draw(random, 40'000, 300'000) : Draw(random, 0, 400);
  plan->reply_size = large ? Draw(random, 0, 300'000) : Draw(random, 0, 200);
  if (plan->kind == CallKind::kSmall || large) return;
  plan->items = Draw(random, 0, 12);
  // Some that do not fit into one frame, or one window.
  if (OneIn(50, random)) plan->size = Draw(random, 10'000, 100'000);
}

Item RequestOf(const CallPlan& plan, uint32_t index) {
  Item item = MakeItem(plan.id, index, plan.size);
  item.set_reply_size(plan.reply_size);
  item.set_pause_ms(plan.pause_ms);
  return item;
}

bool IsRight(const CallPlan& plan, const Item& item, uint32_t index, uint32_t size) {
  return item.id() == plan.id && item.index() == index && item.payload().size() == size &&
         IsPayloadOf(plan.id, index, item.payload());
}

bool IsRight(const CallPlan& plan, const Receipt& receipt, uint64_t digest) {
  return receipt.id() == plan.id && receipt.items() == plan.items && receipt.digest() == digest &&
         IsPayloadOf(plan.id, kReceiptIndex, receipt.payload());
}

CallResult ResultOf(const CallPlan& plan, const absl::StatusOr<Receipt>& receipt, uint64_t digest) {
  return {.status = receipt.status(), .right = !receipt.ok() || IsRight(plan, *receipt, digest)};
}

struct Told {
  rpc::Bell bell;
  std::optional<absl::StatusOr<Receipt>> receipt;
};

rpc::Task<absl::StatusOr<Receipt>> CallWithThen(const Ledger::Client& client, const Item& request,
                                                absl::Duration timeout,
                                                const std::function<void()>& on_end) {
  auto told = std::make_shared<Told>();
  client.Once(request, {.timeout = timeout}).Then([told, on_end](absl::StatusOr<Receipt> receipt) {
    on_end();
    told->receipt = std::move(receipt);
    told->bell.Ring();
  });
  while (!told->receipt.has_value()) {
    if (absl::Status rung = co_await told->bell.Wait(); !rung.ok()) co_return rung;
  }
  co_return *std::move(told->receipt);
}

rpc::Task<CallResult> CallOnce(const Ledger::Client& client, const CallPlan& plan,
                               const std::function<void()>& on_end) {
  const Item request = RequestOf(plan, 0);
  const uint64_t digest = DigestWith(0, request.payload());
  if (plan.uses_then) {
    const auto receipt = co_await CallWithThen(client, request, plan.timeout, on_end);
    co_return ResultOf(plan, receipt, digest);
  }
  if (plan.cancel_after == absl::InfiniteDuration()) {
    const auto receipt = co_await client.Once(request, {.timeout = plan.timeout});
    on_end();
    co_return ResultOf(plan, receipt, digest);
  }
  auto first = co_await rpc::WhenAny(client.Once(request, {.timeout = plan.timeout}),
                                     rpc::Sleep(plan.cancel_after));
  on_end();
  if (first.index == 0) co_return ResultOf(plan, first.get<0>(), digest);
  co_return CallResult{.status = absl::CancelledError("given up"), .cancelled_by_us = true};
}

CallResult GivenUp(bool right) {
  return {.status = absl::CancelledError("given up"), .right = right, .cancelled_by_us = true};
}

rpc::Task<CallResult> CallProduce(const Ledger::Client& client, const CallPlan& plan) {
  Order order;
  order.set_id(plan.id);
  order.set_count(plan.items);
  order.set_size(plan.size);
  auto items = client.Produce(order, {.timeout = plan.timeout});
  CallResult result;
  uint32_t count = 0;
  while (const Item* item = co_await items.Read()) {
    result.right = result.right && IsRight(plan, *item, count, plan.size);
    if (++count > plan.cancel_after_items) co_return GivenUp(result.right);
  }
  result.status = items.status();
  result.right = result.right && (!result.status.ok() || count == plan.items);
  co_return result;
}

// The server writes a call down when it comes, before its first item: so its metadata names it.
rpc::Metadata NameOf(const CallPlan& plan) {
  rpc::Metadata metadata;
  metadata.Add("id", absl::StrCat(plan.id));
  return metadata;
}

rpc::Task<CallResult> CallCollect(const Ledger::Client& client, const CallPlan& plan) {
  const rpc::Metadata metadata = NameOf(plan);
  auto call = client.Collect({.timeout = plan.timeout, .metadata = &metadata});
  uint64_t digest = 0;
  for (uint32_t i = 0; i < plan.items; ++i) {
    const Item item = RequestOf(plan, i);
    digest = DigestWith(digest, item.payload());
    if (!co_await call.Write(item)) break;
    if (i >= plan.cancel_after_items) co_return GivenUp(true);
  }
  call.Close();
  const absl::StatusOr<Receipt> receipt = co_await std::move(call);
  co_return ResultOf(plan, receipt, digest);
}

rpc::Task<CallResult> CallConverse(const Ledger::Client& client, const CallPlan& plan) {
  const rpc::Metadata metadata = NameOf(plan);
  auto call = client.Converse({.timeout = plan.timeout, .metadata = &metadata});
  CallResult result;
  uint32_t count = 0;
  for (uint32_t i = 0; i < plan.items; ++i) {
    const Item item = RequestOf(plan, i);
    if (!co_await call.Write(item)) break;
    const Item* answer = co_await call.Read();
    if (answer == nullptr) break;
    result.right = result.right && IsRight(plan, *answer, count++, plan.reply_size);
    if (count > plan.cancel_after_items) co_return GivenUp(result.right);
  }
  call.Close();
  while (co_await call.Read() != nullptr) result.right = false;
  result.status = call.status();
  result.right = result.right && (!result.status.ok() || count == plan.items);
  co_return result;
}

rpc::Task<CallResult> CallStream(const Ledger::Client& client, const CallPlan& plan,
                                 const std::function<void()>& on_end) {
  CallResult result;
  if (plan.kind == CallKind::kProduce) result = co_await CallProduce(client, plan);
  if (plan.kind == CallKind::kCollect) result = co_await CallCollect(client, plan);
  if (plan.kind == CallKind::kConverse) result = co_await CallConverse(client, plan);
  on_end();
  co_return result;
}

}  // namespace

std::string_view NameOf(CallKind kind) {
  constexpr std::string_view kNames[] = {"small", "large", "produce", "collect", "converse"};
  return kNames[static_cast<size_t>(kind)];
}

CallPlan DrawPlan(uint64_t id, std::mt19937_64* random, const PlanLimits& limits) {
  CallPlan plan{.id = id, .timeout = limits.timeout};
  if (limits.streams) plan.kind = DrawKind(random);
  DrawSizes(random, &plan);
  if (OneIn(10, random)) plan.pause_ms = Draw(random, 1, 10);
  if (OneIn(20, random)) plan.timeout = absl::Milliseconds(Draw(random, 5, 200));
  plan.uses_then = OneIn(8, random);
  if (OneIn(50, random)) {
    plan.uses_then = false;
    plan.cancel_after = absl::Microseconds(Draw(random, 0, 5'000));
    plan.cancel_after_items = Draw(random, 0, 4);
  }
  return plan;
}

Volume VolumeOf(const CallPlan& plan) {
  const uint64_t sent = uint64_t{plan.items} * plan.size;
  switch (plan.kind) {
    case CallKind::kProduce:
      return {.to_client = sent};
    case CallKind::kCollect:
      return {.to_server = sent};
    case CallKind::kConverse:
      return {.to_server = sent, .to_client = uint64_t{plan.items} * plan.reply_size};
    default:
      return {.to_server = plan.size, .to_client = plan.reply_size};
  }
}

rpc::Task<CallResult> MakeCall(const Ledger::Client& client, const CallPlan& plan,
                               const std::function<void()>& on_end) {
  const bool streams = plan.kind != CallKind::kSmall && plan.kind != CallKind::kLarge;
  const absl::Time begin = absl::Now();
  CallResult result;
  if (streams) {
    result = co_await CallStream(client, plan, on_end);
  } else {
    result = co_await CallOnce(client, plan, on_end);
  }
  result.took = absl::Now() - begin;
  co_return result;
}

}  // namespace ledger
