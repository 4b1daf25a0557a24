// Several awaits at once, each in a coroutine of its own, on the same loop.
//
//     auto both = co_await rpc::WhenAll(echo.Say(one), echo.Say(two));
//     if (std::get<0>(both).ok()) ...
//
//     std::vector<rpc::Call<SayReply>> calls;
//     std::vector<absl::StatusOr<SayReply>> replies = co_await rpc::WhenAll(std::move(calls));
//
//     auto first = co_await rpc::WhenAny(echo.Say(request), rpc::Sleep(absl::Seconds(1)));
//     if (first.index == 0) Use(first.get<0>());
//
// WhenAny cancels those that were not first, and returns when they have ended: the result of each
// is there if its await returned, also after it was cancelled. An exception of any is thrown when
// all have ended. When the call that the coroutine serves is cancelled, so is each of them.
//
// Calls, tasks and sleeps are moved in; what a Read or Write belongs to stays where it is.
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "rpc/runtime/gather.h"
#include "rpc/task.h"

namespace rpc {

template <typename... Values>
struct Any {
  size_t index = 0;  // of the one that was first
  std::tuple<std::optional<Values>...> results = {};

  // The result of number I. REQUIRES: its await returned, as that of the first has.
  template <size_t I>
  auto& get() {
    return *std::get<I>(results);
  }
};

namespace runtime {

template <size_t... I, typename... A>
Task<Any<AwaitValue<A>...>> Gather(std::index_sequence<I...>, bool first_only, A... awaitables) {
  Scope* const scope = co_await EnterScope{};
  Any<AwaitValue<A>...> any;
  Gathering gathering(scope, first_only);
  (gathering.Add(Feed<A>(std::move(awaitables), &std::get<I>(any.results))), ...);
  gathering.Start();
  co_await gathering.Ended();
  // Without each of them, or any of them, there is no result: they were cancelled, and so is this.
  const bool lacks_result = !first_only || gathering.first() == kNoBranch;
  if (gathering.lost_one() && lacks_result) co_await NeverReturn{};
  any.index = gathering.first();
  co_return any;
}

}  // namespace runtime

template <typename... A>
Task<std::tuple<runtime::AwaitValue<A>...>> WhenAll(A... awaitables) {
  auto all =
      co_await runtime::Gather(std::index_sequence_for<A...>{}, false, std::move(awaitables)...);
  co_return std::apply(
      [](auto&&... results) {
        return std::tuple<runtime::AwaitValue<A>...>(std::move(*results)...);
      },
      std::move(all.results));
}

template <typename A>
Task<std::vector<runtime::AwaitValue<A>>> WhenAll(std::vector<A> awaitables) {
  runtime::Scope* const scope = co_await runtime::EnterScope{};
  std::vector<std::optional<runtime::AwaitValue<A>>> results(awaitables.size());
  runtime::Gathering gathering(scope, false);
  for (size_t i = 0; i < results.size(); ++i) {
    gathering.Add(runtime::Feed<A>(std::move(awaitables[i]), &results[i]));
  }
  gathering.Start();
  co_await gathering.Ended();
  if (gathering.lost_one()) co_await runtime::NeverReturn{};
  std::vector<runtime::AwaitValue<A>> values;
  for (auto& result : results) values.push_back(std::move(*result));
  co_return values;
}

template <typename... A>
Task<Any<runtime::AwaitValue<A>...>> WhenAny(A... awaitables) {
  static_assert(sizeof...(A) > 0, "of nothing, nothing is first");
  return runtime::Gather(std::index_sequence_for<A...>{}, true, std::move(awaitables)...);
}

}  // namespace rpc
