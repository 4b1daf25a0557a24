// The ways in which co_await stands in an expression, each as a coroutine with counted temporaries.
//
// A compiler has to keep the temporaries of such an expression in the coroutine's frame, and to
// destroy each of them once, whether the coroutine ends or is destroyed in a wait. g++ 12 does not
// do so for aggregates and lambdas that own something, nor for a task that is chosen by ?: within
// the co_await; to the right of &&, || and ? it may also run a co_await that should not run. What
// is listed here is what works.
#pragma once

#include <span>

#include "rpc/task.h"

namespace rpc {

struct ExpressionForm {
  const char* name = nullptr;
  Task<int> (*run)() = nullptr;
  int result = 0;
  bool blocks = false;  // it waits for a thread, and not only for pauses
};

std::span<const ExpressionForm> ExpressionForms();

}  // namespace rpc
