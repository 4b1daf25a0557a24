// One flat JSON object on one line.
//
//     JsonObject result;
//     result.Add("peer", "uvrpc").Add("calls", 12);
//     std::puts(result.text().c_str());
//
// Names and texts are the program's own: nothing in them needs an escape.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace bench {

class JsonObject {
 public:
  JsonObject& Add(std::string_view name, std::string_view text) {
    return AddValue(name, "\"" + std::string(text) + "\"");
  }
  // A number that is none, such as a ratio to nothing, is null.
  JsonObject& Add(std::string_view name, double number) {
    char digits[32];
    std::snprintf(digits, sizeof(digits), "%.12g", number);
    return AddValue(name, std::isfinite(number) ? digits : "null");
  }

  std::string text() const { return "{" + members_ + "}"; }

 private:
  JsonObject& AddValue(std::string_view name, const std::string& value) {
    if (!members_.empty()) members_ += ", ";
    members_ += "\"" + std::string(name) + "\": " + value;
    return *this;
  }

  std::string members_;
};

}  // namespace bench
