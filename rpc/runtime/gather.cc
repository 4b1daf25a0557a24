#include "rpc/runtime/gather.h"

namespace rpc::runtime {

class Gathering::Branch final : public Root {
 public:
  Branch(Gathering* gathering, size_t index, Task<void> task)
      : Root(gathering->outer_->loop()),
        gathering_(gathering),
        index_(index),
        task_(std::move(task)) {}

  bool ended() const { return !task_; }

  void Start() {
    AddTo(gathering_->outer_);
    if (task_->Start(this)) OnEnd(false);
  }

 private:
  void OnEnd(bool abandoned) override {
    std::exception_ptr exception;
    try {
      if (!abandoned) task_->Take();
    } catch (...) {
      exception = std::current_exception();
    }
    task_.reset();
    Leave();
    gathering_->OnBranchEnd(index_, abandoned, exception);
  }

  Gathering* gathering_;
  const size_t index_;
  std::optional<Task<void>> task_;
};

Gathering::Gathering(Scope* outer, bool first_only) : outer_(outer), first_only_(first_only) {}

Gathering::~Gathering() = default;

void Gathering::Add(Task<void> task) {
  branches_.push_back(std::make_unique<Branch>(this, branches_.size(), std::move(task)));
}

void Gathering::Start() {
  // Until all are started, none of them ends it.
  ++running_;
  for (const std::unique_ptr<Branch>& branch : branches_) {
    if (first_only_ && first_ != kNoBranch) break;
    ++running_;
    branch->Start();
  }
  --running_;
}

void Gathering::OnBranchEnd(size_t index, bool abandoned, const std::exception_ptr& exception) {
  lost_one_ |= abandoned;
  if (exception && !exception_) exception_ = exception;
  if (first_ == kNoBranch && !abandoned) {
    first_ = index;
    for (const std::unique_ptr<Branch>& branch : branches_) {
      if (first_only_ && !branch->ended()) branch->Cancel();
    }
  }
  if (--running_ == 0 && waiting_) outer_->loop()->MakeReady(this);
}

}  // namespace rpc::runtime
