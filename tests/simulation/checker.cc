#include "tests/simulation/checker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace rpc::simulation {
namespace {

bool HasMetadata(const wire::Header* header, std::string_view key, std::string_view value) {
  if (header == nullptr) return false;
  return std::any_of(header->metadata.begin(), header->metadata.end(),
                     [&](const wire::Metadatum& m) { return m.key == key && m.value == value; });
}

}  // namespace

CallRecord* Checker::Add(const CallPlan& plan) {
  ++open_calls_;
  return &calls_.emplace_back(plan);
}

CallRecord* Checker::Find(uint64_t key) {
  return key < 1 || key > calls_.size() ? nullptr : &calls_[key - 1];
}

std::string Describe(const CallRecord& call) {
  return absl::StrCat("call ", call.plan.key, " (",
                      call.link == nullptr ? "not opened" : call.link->name(), ", id ", call.id,
                      ", ", std::string(call.plan.name()), ")");
}

void Checker::Expect(bool holds, const CallRecord& call, std::string_view sentence) {
  if (holds || (call.link != nullptr && call.link->tainted)) return;
  world_->Complain(absl::StrCat(Describe(call), ": ", std::string(sentence)));
}

std::string Checker::DescribeOpenCalls() const {
  std::string text;
  for (const CallRecord& call : calls_) {
    if (call.ends > 0) continue;
    absl::StrAppend(&text, "; ", Describe(call), " wrote ", call.requests_written, " of ",
                    call.plan.requests, ", read ", call.replies_read, "; its handler ",
                    call.begins == 0     ? "never began"
                    : call.handler_ended ? "has ended"
                                         : "has not ended");
  }
  return text;
}

// The client.

void Checker::OnNotOpened(CallRecord* call, const absl::Status& why) {
  --open_calls_;
  ++call->ends;
  call->status = why;
  world_->Count(absl::StrCat("end: not opened, ", absl::StatusCodeToString(why.code())));
  world_->Write(absl::StrCat(Describe(*call), " is not opened: ", why.ToString()));
  const Scenario& scenario = world_->scenario();
  const bool honest =
      absl::IsUnavailable(why) || (absl::IsDeadlineExceeded(why) && call->plan.timeout_us > 0) ||
      (absl::IsResourceExhausted(why) && (scenario.tight_messages || scenario.tight_calls));
  Expect(honest, *call, absl::StrCat("was not opened for no good reason: ", why.ToString()));
}

void Checker::OnLeading(CallRecord* call, const session::Event& event) {
  Expect(call->ends == 0, *call, "metadata came after its end");
  Expect(!call->leading_seen && call->replies_read == 0, *call, "leading metadata came late");
  Expect(HasMetadata(event.header, kLeadingName, LeadingValue(call->plan.key)), *call,
         "other leading metadata came than was sent");
  call->leading_seen = true;
}

void Checker::OnReply(CallRecord* call, std::string_view message) {
  Expect(call->ends == 0, *call, "a message came after its end");
  const MessageName name = call->plan.reply(call->replies_read++);
  Expect(call->replies_read <= call->replies_written, *call, "a message came that nobody wrote");
  Expect(message == MessageOf(name), *call,
         absl::StrCat("a message of ", message.size(), " bytes came that is not ", Describe(name)));
  world_->Count("messages to clients");
}

void Checker::OnEnd(CallRecord* call, const session::Event& event, TimeUs client_now_us) {
  if (++call->ends > 1) {  // on a damaged connection too
    return world_->Complain(absl::StrCat(Describe(*call), " ended again, after ",
                                         call->given_up ? "it was cancelled" : "its end"));
  }
  --open_calls_;
  call->status = event.status;
  call->unseen = event.unseen;
  world_->Count(absl::StrCat("end: ", absl::StatusCodeToString(event.status.code()),
                             event.unseen ? ", unseen" : ""));
  world_->Write(absl::StrCat(Describe(*call), " ends: ", event.status.ToString(),
                             event.unseen ? " (unseen)" : ""));
  if (call->link->tainted) return;
  Expect(!call->unseen || call->begins == 0, *call, "is told to be unseen, but a handler began");
  if (event.status.ok()) return CheckOk(*call, event);
  if (call->handler_ended && event.status == call->handler_status) {
    return CheckPlannedError(*call, event);
  }
  Expect(MayEndWith(*call, event.status, client_now_us), *call,
         absl::StrCat("ended for no good reason: ", event.status.ToString()));
}

void Checker::CheckOk(const CallRecord& call, const session::Event& event) {
  const CallPlan& plan = call.plan;
  Expect(call.handler_ended && call.handler_status.ok(), call, "succeeded, but no handler said so");
  if (plan.single_reply()) {
    Expect(event.body == MessageOf(plan.reply(0)), call,
           absl::StrCat("got ", event.body.size(), " bytes, not ", Describe(plan.reply(0))));
  } else {
    Expect(call.replies_read == plan.replies, call,
           absl::StrCat("succeeded after ", call.replies_read, " messages of ", plan.replies));
  }
  Expect(call.leading_seen == plan.leading, call, "leading metadata was lost");
  CheckTrailing(call, event);
}

void Checker::CheckPlannedError(const CallRecord& call, const session::Event& event) {
  Expect(!event.unseen, call, "was handled, but is told to be unseen");
  CheckTrailing(call, event);
}

void Checker::CheckTrailing(const CallRecord& call, const session::Event& event) {
  if (!call.plan.trailing) return;
  Expect(HasMetadata(event.header, kTrailingName, TrailingValue(call.plan.key)), call,
         "trailing metadata was lost");
}

bool Checker::MayEndWith(const CallRecord& call, const absl::Status& status,
                         TimeUs client_now_us) const {
  const Scenario& scenario = world_->scenario();
  switch (status.code()) {
    case absl::StatusCode::kDeadlineExceeded:
      return call.plan.timeout_us > 0 &&
             (client_now_us >= call.deadline_us || scenario.dangers.clock_jumps);
    case absl::StatusCode::kUnavailable:
      return MayBeUnavailable(call);
    case absl::StatusCode::kCancelled:
      return call.link->shut_down;
    case absl::StatusCode::kResourceExhausted:
      return scenario.tight_messages || scenario.tight_memory ||
             (scenario.tight_calls && call.unseen);
    case absl::StatusCode::kDataLoss:
      return call.link->bodies_flipped;
    case absl::StatusCode::kUnimplemented:
      return call.plan.kind == CallKind::kUnknownMethod && call.unseen;
    default:
      return false;
  }
}

bool Checker::MayBeUnavailable(const CallRecord& call) const {
  Link& link = *call.link;
  if (link.may_be_lost) return true;
  if (!link.drained) return false;
  if (link.drain_expired) return true;
  // A drain loses no call that was taken, and says of the others that they may be tried again, if
  // the client is one that can be told.
  return call.begins == 0 && (call.unseen || !link.hello() || !link.watch().server_greeted());
}

void Checker::OnGivenUp(CallRecord* call) {
  Expect(call->ends == 0, *call, "was cancelled after its end");
  ++call->ends;
  --open_calls_;
  call->given_up = true;
  world_->Count("end: cancelled by the client");
  world_->Write(absl::StrCat(Describe(*call), " is cancelled"));
}

// The server.

void Checker::OnBegin(CallRecord* call, const Link& link, const session::Event& event) {
  Expect(++call->begins == 1, *call, "was handled twice");
  Expect(!call->unseen, *call, "was handled after it was told to be unseen");
  Expect(call->link == &link && call->id == event.call, *call, "came to another connection or id");
  Expect(event.header->name == call->plan.name(), *call, "came under another name");
  Expect(call->plan.single_request() == (event.body.data() != nullptr), *call,
         "began without its request");
  world_->Count("calls handled");
  if (call->plan.single_request()) OnRequest(call, event.body);
}

void Checker::OnRequest(CallRecord* call, std::string_view message) {
  const MessageName name = call->plan.request(call->requests_read++);
  Expect(call->requests_read <= call->requests_written, *call, "a request came that nobody wrote");
  Expect(message == MessageOf(name), *call,
         absl::StrCat("a request of ", message.size(), " bytes came that is not ", Describe(name)));
  world_->Count("messages to handlers");
}

void Checker::OnInputEnd(CallRecord* call) {
  Expect(call->requests_closed, *call, "its input ended, but nobody closed it");
  Expect(call->requests_read == call->requests_written, *call,
         absl::StrCat("its input ended after ", call->requests_read, " messages of ",
                      call->requests_written));
  call->input_ended = true;
}

}  // namespace rpc::simulation
