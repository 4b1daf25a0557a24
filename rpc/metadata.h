// What goes with a call besides its messages: a few keys with values.
//
//     rpc::Metadata metadata;
//     metadata.Add("authorization", "Bearer 1234");
//     echo.Say(request, {.metadata = &metadata});
//     if (auto token = context.metadata().Get("authorization")) ...
//
// A key has 1 to 128 characters of `a-z 0-9 . _ -` and may stand more than once. Values are
// printable ASCII; those of keys that end in `-bin` are any bytes. At most 128 entries. A call with
// metadata that breaks this ends INVALID_ARGUMENT.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpc {

class Metadata {
 public:
  struct Entry {
    std::string key = {};
    std::string value = {};
  };

  void Add(std::string_view key, std::string_view value) {
    entries_.push_back({std::string(key), std::string(value)});
  }

  // The value of the first entry with this key; a view until the metadata changes.
  std::optional<std::string_view> Get(std::string_view key) const {
    for (const Entry& entry : entries_) {
      if (entry.key == key) return entry.value;
    }
    return std::nullopt;
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace rpc
