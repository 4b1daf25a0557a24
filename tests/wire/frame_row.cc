#include "tests/wire/frame_row.h"

#include <deque>
#include <stdexcept>

namespace rpc::wire {
namespace {

[[noreturn]] void Reject(std::string_view notation, size_t position) {
  throw std::invalid_argument("not in the notation of Bytes at " + std::to_string(position) + ": " +
                              std::string(notation));
}

int DigitValue(std::string_view notation, size_t position) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const char digit = position < notation.size() ? notation[position] : ' ';
  const size_t value = kDigits.find(digit);
  if (value == std::string_view::npos) Reject(notation, position);
  return static_cast<int>(value);
}

// A copy that lives as long as the program.
std::string_view Kept(std::string text) {
  static auto& texts = *new std::deque<std::string>();
  return texts.emplace_back(std::move(text));
}

Header ToHeader(const Fields& fields, size_t body_size, Form form) {
  Header header;
  header.kind = fields.kind;
  header.encoding = fields.encoding;
  header.form = form;
  header.flags = fields.flags;
  header.code = fields.code;
  header.call = fields.call;
  header.size = body_size;
  header.timeout_us = fields.timeout_us;
  header.credit = fields.credit;
  header.session = fields.session;
  header.md5 = Kept(Bytes(fields.md5));
  header.name = Kept(fields.name);
  header.message = Kept(fields.message);
  header.padding = Kept(fields.padding);
  for (const auto& [key, value] : fields.metadata) {
    header.metadata.push_back({Kept(key), Kept(value)});
  }
  for (const auto& [type_url, value] : fields.details) {
    header.details.push_back({Kept(type_url), Kept(value)});
  }
  return header;
}

}  // namespace

std::string Bytes(std::string_view notation) {
  std::string bytes;
  for (size_t i = 0; i < notation.size(); ++i) {
    if (notation[i] == ' ') continue;
    if (notation[i] == '\'') {
      const size_t end = notation.find('\'', i + 1);
      if (end == std::string_view::npos) Reject(notation, i);
      bytes += notation.substr(i + 1, end - i - 1);
      i = end;
    } else {
      bytes += static_cast<char>(DigitValue(notation, i) << 4 | DigitValue(notation, i + 1));
      ++i;
    }
  }
  return bytes;
}

FrameRow Row(std::string name, const Fields& fields, std::string_view head, std::string body) {
  Header header = ToHeader(fields, body.size(), Form::kBinary);
  std::string bytes = Bytes(head) + body;
  return {std::move(name), std::move(header), std::move(body), std::move(bytes)};
}

FrameRow JsonRow(std::string name, const Fields& fields, std::string_view length,
                 std::string_view record, std::string body) {
  Header header = ToHeader(fields, body.size(), Form::kJson);
  std::string bytes = Bytes(length) + std::string(record) + body;
  return {std::move(name), std::move(header), std::move(body), std::move(bytes)};
}

std::vector<FrameRow> Joined(std::vector<std::vector<FrameRow>> groups) {
  std::vector<FrameRow> rows;
  for (std::vector<FrameRow>& group : groups) {
    for (FrameRow& row : group) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace rpc::wire
