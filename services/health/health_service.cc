#include "services/health/health_service.h"

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace health {
namespace {

// Of a name that a client asked for, in a sentence.
constexpr size_t kToldSizeMax = 200;

// What a client that has stopped reading gets, to take the last word before a shutdown.
constexpr absl::Duration kLastWord = absl::Milliseconds(100);

// False when it was not taken in time: the call of a client that does not read is to end by itself
// when the server shuts down.
rpc::Task<bool> Tell(State state, bool last, rpc::ServerContext& context,
                     rpc::Writer<CheckReply>& out) {
  CheckReply reply;
  reply.set_state(state);
  if (last) {
    const auto first = co_await rpc::WhenAny(out.Write(reply), rpc::Sleep(kLastWord));
    co_return first.index == 0;
  }
  const auto first = co_await rpc::WhenAny(out.Write(reply), context.Shutdown());
  co_return first.index == 0;
}

}  // namespace

absl::Status HealthService::CheckKnown(const std::string& name) const {
  if (name.empty() || server_->FindService(name) != nullptr || states_.Knows(name)) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("this server has no service \"", name.substr(0, kToldSizeMax), "\""));
}

State HealthService::StateOf(std::string_view name, bool shutting_down) const {
  return !shutting_down && states_.serving(name) ? SERVING : NOT_SERVING;
}

rpc::Task<> HealthService::Check(rpc::ServerContext&, const CheckRequest& request,
                                 CheckReply& reply) {
  if (absl::Status s = CheckKnown(request.service()); !s.ok()) return s;
  reply.set_state(StateOf(request.service(), server_->shutting_down()));
  return absl::OkStatus();
}

rpc::Task<> HealthService::Watch(rpc::ServerContext& context, const CheckRequest& request,
                                 rpc::Writer<CheckReply>& out) {
  if (absl::Status s = CheckKnown(request.service()); !s.ok()) co_return s;
  HealthStates::Watcher watcher(&states_);
  State told = STATE_UNSPECIFIED;
  while (true) {
    const bool over = server_->shutting_down();
    const State now = StateOf(request.service(), over);
    if (now != told && co_await Tell(now, over, context, out)) told = now;
    if (context.cancelled()) co_return out.status();
    if (over) co_return absl::OkStatus();
    if (now == told) (void)co_await rpc::WhenAny(watcher.bell().Wait(), context.Shutdown());
  }
}

rpc::Task<> HealthService::List(rpc::ServerContext&, const ListRequest&, ListReply& reply) {
  const bool shutting_down = server_->shutting_down();
  std::set<std::string> names = {""};
  for (std::string& name : server_->services()) names.insert(std::move(name));
  for (std::string& name : states_.names()) names.insert(std::move(name));
  for (const std::string& name : names) {
    Entry* const entry = reply.add_entries();
    entry->set_service(name);
    entry->set_state(StateOf(name, shutting_down));
  }
  return absl::OkStatus();
}

}  // namespace health
