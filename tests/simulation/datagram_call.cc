#include "tests/simulation/datagram_call.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rpc::simulation {
namespace {

// More than the header of any datagram here takes.
constexpr uint64_t kHeaderRoom = 200;

// In a healthy network a CALL is there, and its END back, so long after the last trouble: the
// longest pause between repeats, and some more.
constexpr TimeUs kPatienceUs = 3 * kSecondUs;

std::string Describe(const DatagramRecord& call) {
  return absl::StrCat("call ", call.plan.key, " (", call.address, ", session ", call.session,
                      ", id ", call.id, ", ", std::string(call.plan.name()), ")");
}

}  // namespace

DatagramPlan::DatagramPlan(Random random, const DatagramScenario& scenario, uint64_t key)
    : key(key), message_size_max(scenario.message_size_max) {
  start_us = random.Below(scenario.span_us);
  if (random.Percent(70)) timeout_us = 1 + random.Spread(30 * kSecondUs);
  if (timeout_us > 0 && random.Percent(70)) timeout_us += kSecondUs;
  if (random.Percent(10)) cancel_after_us = 1 + random.Spread(5 * kSecondUs);
  if (random.Percent(60)) handler_us = random.Spread(3 * kSecondUs);
  const uint64_t method = random.Below(100);
  if (method < 6) this->method = method < 3 ? Method::kStream : Method::kUnknown;
  const uint64_t outcome = random.Below(100);
  if (outcome >= 70) this->outcome = Outcome::kError;
  if (outcome >= 85) this->outcome = Outcome::kRefusal;
  if (outcome >= 93) this->outcome = Outcome::kWaits;
  trailing = random.Percent(30);
  long_error = random.Percent(20);
}

std::string_view DatagramPlan::name() const {
  constexpr std::string_view kNames[] = {"Unary", "Stream", "Unknown"};
  return kNames[static_cast<int>(method)];
}

absl::Status DatagramPlan::error() const {
  std::string text = absl::StrCat("call ", key, " fails ");
  if (long_error) text.append(3'000, '.');
  return outcome == Outcome::kRefusal ? absl::AbortedError(text) : absl::NotFoundError(text);
}

const session::Method* FindDatagramMethod(std::string_view name) {
  static const session::Method kUnary = {true, true};
  static const session::Method kStream = {true, false};
  return name == "Unary" ? &kUnary : name == "Stream" ? &kStream : nullptr;
}

std::string KeyBytes(uint64_t key) {
  std::string bytes(sizeof key, '\0');
  std::memcpy(bytes.data(), &key, sizeof key);
  return bytes;
}

DatagramRecord* DatagramBook::Add(const DatagramPlan& plan) {
  ++open_calls_;
  return &calls_.emplace_back(plan);
}

DatagramRecord* DatagramBook::Find(uint64_t key) {
  return key < 1 || key > calls_.size() ? nullptr : &calls_[key - 1];
}

void DatagramBook::Expect(bool holds, const DatagramRecord& call, std::string_view sentence) {
  if (holds || tainted_.contains(call.address)) return;
  world_->Complain(absl::StrCat(Describe(call), ": ", std::string(sentence)));
}

// The client.

void DatagramBook::OnNotOpened(DatagramRecord* call, const absl::Status& why) {
  --open_calls_;
  ++call->ends;
  world_->Count(absl::StrCat("end: not opened, ", absl::StatusCodeToString(why.code())));
  world_->Write(absl::StrCat(Describe(*call), " is not opened: ", why.ToString()));
  const uint64_t size = MessageOf(call->plan.request()).size();
  Expect(absl::IsResourceExhausted(why) &&
             size + kHeaderRoom > scenario_->client_limits.datagram_size_max,
         *call, absl::StrCat("was not opened for no good reason: ", why.ToString()));
}

void DatagramBook::OnGone(DatagramRecord* call, std::string_view how) {
  if (++call->ends > 1) return world_->Complain(Describe(*call) + " went after its end");
  --open_calls_;
  world_->Count(absl::StrCat("end: ", std::string(how)));
  world_->Write(absl::StrCat(Describe(*call), " ends: ", std::string(how)));
}

void DatagramBook::OnEnd(DatagramRecord* call, const session::Event& event) {
  if (++call->ends > 1) return world_->Complain(Describe(*call) + " ended again");
  --open_calls_;
  world_->Count(absl::StrCat("end: ", absl::StatusCodeToString(event.status.code())));
  world_->Write(absl::StrCat(Describe(*call), " ends: ", event.status.ToString()));
  if (world_->now_us() > call->deadline_us) {
    return world_->Complain(Describe(*call) + " ended after its deadline");
  }
  if (event.status.ok()) return CheckOk(*call, event);
  if (absl::IsDeadlineExceeded(event.status)) return CheckDeadline(*call);
  Expect(MayEndWith(*call, event.status), *call,
         absl::StrCat("ended for no good reason: ", event.status.ToString()));
}

void DatagramBook::CheckOk(const DatagramRecord& call, const session::Event& event) {
  Expect(call.plan.outcome == DatagramPlan::Outcome::kReply && call.runs > 0, call,
         "succeeded, but no handler said so");
  Expect(event.body == MessageOf(call.plan.reply()), call,
         absl::StrCat("got ", event.body.size(), " bytes, not ",
                      simulation::Describe(call.plan.reply())));
  const bool trailing = !event.header->metadata.empty();
  Expect(!trailing || call.plan.trailing, call, "got metadata that nobody sent");
  Expect(trailing || !call.plan.trailing || MayBeTooLarge(call), call, "lost its metadata");
}

void DatagramBook::CheckDeadline(const DatagramRecord& call) {
  Expect(world_->now_us() == call.deadline_us, call, "ended before its deadline passed");
  if (call.plan.outcome == DatagramPlan::Outcome::kWaits) return;
  const TimeUs well_us = std::max(call.opened_us, healed_us_) + kPatienceUs +
                         2 * scenario_->latency_us_max + call.plan.handler_us;
  Expect((!world_->healed() && !scenario_->calm) || call.deadline_us < well_us, call,
         "had time enough, but was not answered");
}

// A reply or a request of that size may not be sent.
bool DatagramBook::MayBeTooLarge(const DatagramRecord& call) const {
  const session::DatagramLimits& server = scenario_->server_limits;
  const uint64_t request = MessageOf(call.plan.request()).size() + kHeaderRoom;
  const uint64_t reply = MessageOf(call.plan.reply()).size() + kHeaderRoom;
  if (std::max(request, reply) > server.datagram_size_max) return true;
  const uint64_t call_size = std::max(scenario_->client_limits.call_size_min == 0
                                          ? scenario_->client_limits.datagram_size_max / 3
                                          : scenario_->client_limits.call_size_min,
                                      request - kHeaderRoom);
  return !server.spoofing_impossible && reply > 3 * call_size;
}

bool DatagramBook::MayEndWith(const DatagramRecord& call, const absl::Status& status) const {
  const DatagramPlan& plan = call.plan;
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAborted:
      return call.runs > 0 && plan.outcome != DatagramPlan::Outcome::kReply &&
             plan.outcome != DatagramPlan::Outcome::kWaits &&
             plan.error().code() == status.code() &&
             absl::StartsWith(plan.error().message(), status.message());
    case absl::StatusCode::kUnimplemented:
      return plan.method != DatagramPlan::Method::kUnary;
    case absl::StatusCode::kResourceExhausted:
      return !scenario_->roomy() || MayBeTooLarge(call);
    case absl::StatusCode::kUnavailable:
      return unavailable_;
    default:
      return false;
  }
}

// The server.

// What a client sends arrives while its call is remembered; what a forger repeats may not.
void DatagramBook::CheckRunsOnce(int life, const std::string& source, const wire::Header& header) {
  const TimeUs until_us = world_->now_us() + header.timeout_us + scenario_->server_limits.keep_us;
  const auto [run, first] =
      runs_.try_emplace({life, source, header.session, header.call}, until_us);
  const TimeUs remembered_until_us = std::exchange(run->second, until_us);
  if (first || tainted_.contains(source)) return;
  if (world_->now_us() >= remembered_until_us && !absl::StartsWith(source, "client")) return;
  world_->Complain(absl::StrCat("a handler runs again for id ", header.call, " of session ",
                                header.session, " from ", source));
}

DatagramRecord* DatagramBook::OnBegin(int life, std::string_view source,
                                      const session::Event& event) {
  const wire::Header& header = *event.header;
  CheckRunsOnce(life, std::string(source), header);
  world_->Count("calls handled");
  uint64_t key = 0;
  for (const wire::Metadatum& m : header.metadata) {
    if (m.key == kCallKeyName && m.value.size() == sizeof key) {
      std::memcpy(&key, m.value.data(), sizeof key);
    }
  }
  DatagramRecord* call = Find(key);
  if (call == nullptr || call->address != source) return nullptr;
  if (call->session != header.session || call->id != header.call) {
    Expect(false, *call, "came with another session or id");
    return nullptr;
  }
  ++call->runs;
  Expect(event.body == MessageOf(call->plan.request()), *call,
         absl::StrCat("a request of ", event.body.size(), " bytes came that is not ",
                      simulation::Describe(call->plan.request())));
  Expect(header.name == call->plan.name(), *call, "came under another name");
  return call;
}

}  // namespace rpc::simulation
