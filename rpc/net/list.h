// A list whose members carry their own place in it: adding and leaving allocate nothing, and a
// member that is destroyed has left.
//
//     struct Waiter : net::ListNode { ... };
//     net::List<Waiter> waiters;
//     waiters.push_back(&waiter);            // leaves the list it was in, if any
//     while (Waiter* w = waiters.pop_front()) w->Wake();
//
// Threads: a list and its members belong to one thread at a time.
#pragma once

namespace rpc::net {

class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Leave(); }

  bool in_list() const { return next_ != this; }

  void Leave() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <typename T>
  friend class List;

  ListNode* previous_ = this;
  ListNode* next_ = this;
};

// The members that are left when a list is destroyed are in no list then.
template <typename T>
class List {
 public:
  ~List() {
    while (pop_front() != nullptr) continue;
  }

  bool empty() const { return !head_.in_list(); }
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  T* back() { return empty() ? nullptr : static_cast<T*>(head_.previous_); }
  T* next(T* member) {
    return member->ListNode::next_ == &head_ ? nullptr : static_cast<T*>(member->ListNode::next_);
  }

  void push_back(T* member) {
    ListNode* node = member;
    node->Leave();
    node->previous_ = head_.previous_;
    node->next_ = &head_;
    head_.previous_->next_ = node;
    head_.previous_ = node;
  }

  // Null when the list is empty.
  T* pop_front() {
    T* first = front();
    if (first != nullptr) static_cast<ListNode*>(first)->Leave();
    return first;
  }

  // Moves every member of `other` to the end of this list.
  void Append(List* other) {
    while (T* member = other->pop_front()) push_back(member);
  }

 private:
  ListNode head_;
};

}  // namespace rpc::net
