#include "services/cli/outcomes.h"

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/wire/bytes_as_text.h"

namespace cli {
namespace {

using rpc::wire::Kind;

// Of FNV-1a: it finds accidents, which is all that is asked.
uint64_t Hash(uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1'099'511'628'211u;
  }
  return hash;
}

bool CarriesMessage(const rpc::wire::Header& header) {
  if (header.Has(rpc::wire::kFlagBare)) return false;
  return header.kind == Kind::kMessage || (header.kind == Kind::kEnd && header.code == 0);
}

}  // namespace

size_t Outcomes::Count(const Side& side, uint32_t connection) {
  const auto found = side.count.find(connection);
  return found == side.count.end() ? 0 : found->second;
}

void Outcomes::Before(uint32_t connection, const rpc::wire::Frame& frame) {
  Add(&before_, connection, frame);
}

void Outcomes::Now(uint32_t connection, const rpc::wire::Frame& frame) {
  Add(&now_, connection, frame);
}

void Outcomes::Add(Side* side, uint32_t connection, const rpc::wire::Frame& frame) {
  const rpc::wire::Header& header = frame.header;
  if (header.kind != Kind::kMessage && header.kind != Kind::kEnd) return;
  const Key key(connection, header.call);
  Outcome& outcome = side->open[key];
  if (CarriesMessage(header)) {
    outcome.hash = Hash(outcome.hash, frame.body);
    outcome.size += header.size;
    if (!header.Has(rpc::wire::kFlagMore)) ++outcome.messages;
  }
  if (header.kind != Kind::kEnd) return;
  outcome.code = header.code;
  outcome.message = rpc::wire::Printable(header.message, 100);
  side->ended[key].push_back(std::move(outcome));
  side->open.erase(key);
  ++side->count[connection];
  Compare(key);
}

std::string Outcomes::Words(const Outcome& outcome) {
  const auto code = static_cast<absl::StatusCode>(outcome.code <= 16 ? outcome.code : 2);
  if (outcome.code == 0) {
    return absl::StrCat("OK with ", outcome.messages,
                        outcome.messages == 1 ? " message" : " messages");
  }
  return absl::StrCat(absl::StatusCodeToString(code), " \"", outcome.message, "\"");
}

void Outcomes::Compare(const Key& key) {
  const auto before = before_.ended.find(key);
  const auto now = now_.ended.find(key);
  if (before == before_.ended.end() || now == now_.ended.end()) return;
  const Outcome was = std::move(before->second.front());
  const Outcome is = std::move(now->second.front());
  before->second.pop_front();
  now->second.pop_front();
  if (before->second.empty()) before_.ended.erase(before);
  if (now->second.empty()) now_.ended.erase(now);
  if (was.code != is.code || was.messages != is.messages) {
    ++different_;
    return Tell(key, absl::StrCat("ended ", Words(is), ", was ", Words(was)));
  }
  ++same_;
  if (was.hash == is.hash) return;
  ++other_bytes_;
  Tell(key, absl::StrCat("ended as before, but its messages differ: ", is.size, " bytes, were ",
                         was.size));
}

void Outcomes::Tell(const Key& key, const std::string& what) {
  if (differences_.size() >= kToldMax) return;
  differences_.push_back(absl::StrCat("#", key.first, " call ", key.second, " ", what));
}

void Outcomes::Finish() {
  for (const auto& [key, outcomes] : before_.ended) {
    different_ += outcomes.size();
    for (const Outcome& was : outcomes) Tell(key, absl::StrCat("did not end, was ", Words(was)));
  }
  for (const auto& [key, outcomes] : now_.ended) {
    different_ += outcomes.size();
    for (const Outcome& is : outcomes)
      Tell(key, absl::StrCat("ended ", Words(is), ", did not end"));
  }
  before_.ended.clear();
  now_.ended.clear();
}

}  // namespace cli
