#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/json_header.h"
#include "rpc/wire/json_string.h"
#include "rpc/wire/json_words.h"

namespace rpc::wire {
namespace {

// Metadata of one key, in their order.
using Group = std::vector<const Metadatum*>;

// The groups stand in the order in which their keys come first. Sorting keeps the effort within
// n log n, however many entries there are.
std::vector<Group> GroupByKey(std::span<const Metadatum> metadata) {
  std::vector<const Metadatum*> sorted;
  for (const Metadatum& entry : metadata) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Metadatum* a, const Metadatum* b) { return a->key < b->key; });
  std::vector<Group> groups;
  for (const Metadatum* entry : sorted) {
    if (groups.empty() || groups.back().front()->key != entry->key) groups.emplace_back();
    groups.back().push_back(entry);
  }
  std::sort(groups.begin(), groups.end(),
            [](const Group& a, const Group& b) { return a.front() < b.front(); });
  return groups;
}

// Writes the members of one record; what has its default value is left out.
class Encoder {
 public:
  explicit Encoder(std::string* out) : out_(*out) {}

  void Encode(const Header& header) {
    out_.push_back('{');
    if (!header.md5.empty()) Md5(header.md5);
    String("name", header.name);
    Number("size", header.size);
    Enum("kind", kKindWords, static_cast<int32_t>(header.kind));
    Number("call", header.call);
    Flags(header);
    Number("timeout_us", header.timeout_us);
    Number("code", header.code);
    String("message", header.message);
    if (!header.metadata.empty()) Metadata(header.metadata);
    if (!header.details.empty()) Details(header.details);
    Number("credit", header.credit);
    Enum("encoding", kEncodingWords, static_cast<int32_t>(header.encoding));
    if (header.session != 0) Session(header.session);
    String("padding", header.padding);
    out_.push_back('}');
  }

 private:
  void Name(std::string_view name) {
    Comma();
    AppendJsonString(name, &out_);
    out_.push_back(':');
  }

  void Comma() {
    if (comma_due_) out_.push_back(',');
    comma_due_ = true;
  }

  void Open(char bracket) {
    out_.push_back(bracket);
    comma_due_ = false;
  }

  void Close(char bracket) {
    out_.push_back(bracket);
    comma_due_ = true;
  }

  // Of any other length than 16 it is wrong, and stays so: its digits are not 32.
  void Md5(std::string_view md5) {
    Name("md5");
    out_.push_back('"');
    AppendHex(md5, &out_);
    out_.push_back('"');
  }

  void String(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    Name(name);
    AppendJsonString(text, &out_);
  }

  void Base64(std::string_view bytes) {
    out_.push_back('"');
    AppendBase64(bytes, &out_);
    out_.push_back('"');
  }

  void Number(std::string_view name, uint64_t number) {
    if (number == 0) return;
    Name(name);
    absl::StrAppend(&out_, number);
  }

  void Bool(std::string_view name, bool value) {
    Name(name);
    out_ += value ? "true" : "false";
  }

  // A number that has no word is written as it is.
  void Enum(std::string_view name, std::span<const std::string_view> words, int32_t number) {
    if (number == 0) return;
    Name(name);
    if (number > 0 && static_cast<size_t>(number) < words.size()) {
      AppendJsonString(words[static_cast<size_t>(number)], &out_);
    } else {
      absl::StrAppend(&out_, number);
    }
  }

  void Flags(const Header& header) {
    const bool last_when_absent = header.kind == Kind::kCall && !header.Has(kFlagMore | kFlagBare);
    const bool last = header.Has(kFlagLast);
    if (last != last_when_absent) Bool("last", last);
    if (header.Has(kFlagMore)) Bool("more", true);
    if (header.Has(kFlagBare)) Bool("bare", true);
    if (header.Has(kFlagUnseen)) Bool("unseen", true);
  }

  void Metadata(std::span<const Metadatum> metadata) {
    Name("metadata");
    Open('{');
    for (const Group& group : GroupByKey(metadata)) {
      Name(group.front()->key);
      if (group.size() > 1) Open('[');
      for (const Metadatum* entry : group) {
        if (group.size() > 1) Comma();
        Value(*entry);
      }
      if (group.size() > 1) Close(']');
    }
    Close('}');
  }

  void Value(const Metadatum& entry) {
    if (entry.key.ends_with(kBinaryKeyEnd)) {
      Base64(entry.value);
    } else {
      AppendJsonString(entry.value, &out_);
    }
  }

  void Details(std::span<const Detail> details) {
    Name("details");
    Open('[');
    for (const Detail& detail : details) {
      Comma();
      Open('{');
      String("type_url", detail.type_url);
      if (!detail.value.empty()) {
        Name("value");
        Base64(detail.value);
      }
      Close('}');
    }
    Close(']');
  }

  void Session(uint64_t session) {
    Name("session");
    absl::StrAppendFormat(&out_, "\"%0*x\"", static_cast<int>(kSessionDigits), session);
  }

  std::string& out_;
  bool comma_due_ = false;
};

}  // namespace

void AppendJsonHeader(const Header& header, std::string* out) { Encoder(out).Encode(header); }

}  // namespace rpc::wire
