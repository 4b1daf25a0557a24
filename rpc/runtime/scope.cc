#include "rpc/runtime/scope.h"

#include <utility>

namespace rpc::runtime {

void Scope::Cancel() {
  if (std::exchange(cancelled_, true)) return;
  while (ScopeMember* member = members_.pop_front()) member->OnCancel();
}

void Scope::Add(ScopeMember* member) {
  cancelled_ ? member->OnCancel() : members_.push_back(member);
}

bool Scope::Report() {
  if (!std::exchange(reported_, true)) return true;
  OnAbandoned();
  return false;
}

void Scope::Pin() {
  for (Scope* scope = this; scope != nullptr; scope = scope->outer_) ++scope->pins_;
}

void Scope::Unpin() {
  // The innermost first: an outer scope that is let go may take the inner ones with it.
  Scope* scope = this;
  while (scope != nullptr) {
    Scope* outer = scope->outer_;
    if (--scope->pins_ == 0) scope->OnUnpinned();
    scope = outer;
  }
}

bool Wait::SuspendIn(Scope* scope, std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  scope_ = scope;
  loop_ = scope->loop();
  if (!scope->cancelled()) {
    scope->Add(this);
    return true;
  }
  if (!scope->Report()) return true;  // for ever
  cancelled_ = true;
  return false;
}

void Wait::OnCancel() {
  cancelled_ = true;
  scope_->SetReported();
  OnGivenUp();
  Wake();
}

}  // namespace rpc::runtime
