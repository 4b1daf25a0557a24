// rpc/PROTOCOL.md is held to the code: its frames, its numbers and its names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "rpc/wire/frame_format.h"
#include "rpc/wire/frame_text.h"
#include "rpc/wire/header.pb.h"
#include "rpc/wire/limits.h"
#include "tests/wire/frame_fixture.h"
#include "tests/wire/frame_row.h"
#include "tests/wire/frame_table.h"

namespace rpc::wire {
namespace {

using Cells = std::vector<std::string>;

const std::vector<std::string>& DocumentLines() {
  static const auto& lines = *new std::vector<std::string>([] {
    std::ifstream file("rpc/PROTOCOL.md");
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }());
  return lines;
}

// What stands between the heading and the next one of its level or above.
std::vector<std::string> Section(const std::string& heading) {
  const std::string level = heading.substr(0, heading.find(' '));
  std::vector<std::string> lines;
  bool inside = false;
  for (const std::string& line : DocumentLines()) {
    const size_t hashes = line.find_first_not_of('#');
    const bool ends = line.starts_with('#') && hashes <= level.size();
    if (inside && ends) break;
    if (inside) lines.push_back(line);
    if (line == heading) inside = true;
  }
  EXPECT_FALSE(lines.empty()) << "rpc/PROTOCOL.md has nothing under " << heading;
  return lines;
}

// The cells of a table's row, without blanks around them and without the marks of code.
Cells CellsOf(const std::string& row) {
  Cells cells;
  std::istringstream stream(row.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) {
    std::erase(cell, '`');
    const size_t start = cell.find_first_not_of(' ');
    const size_t end = cell.find_last_not_of(' ');
    cells.push_back(start == std::string::npos ? "" : cell.substr(start, end - start + 1));
  }
  return cells;
}

std::vector<Cells> TableRows(const std::string& heading) {
  std::vector<Cells> rows;
  for (const std::string& line : Section(heading)) {
    if (line.starts_with("|")) rows.push_back(CellsOf(line));
  }
  return rows;
}

// The number that a cell begins with: "65,536 bytes" is 65536. 0 if there is none.
uint64_t NumberIn(const std::string& cell) {
  uint64_t number = 0;
  for (const char c : cell) {
    if (c == ',') continue;
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

// A frame as the document shows it.
struct Shown {
  std::string name;
  std::string bytes;
};

// The bytes of a line: the text of a JSON frame as it is, else hex up to the note beside it.
std::string BytesOf(const std::string& line) {
  return line.starts_with('{') ? line : Bytes(line.substr(0, line.find("  ")));
}

// The blocks that begin with ```frame NAME.
std::vector<Shown> ShownFrames() {
  constexpr std::string_view kStart = "```frame ";
  std::vector<Shown> frames;
  bool inside = false;
  for (const std::string& line : DocumentLines()) {
    if (line.starts_with(kStart)) {
      frames.push_back({line.substr(kStart.size()), ""});
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      frames.back().bytes += BytesOf(line);
    }
  }
  return frames;
}

const FrameRow* FindRow(const std::string& name) {
  const auto row = std::find_if(FrameTable().begin(), FrameTable().end(),
                                [&](const FrameRow& candidate) { return candidate.name == name; });
  return row == FrameTable().end() ? nullptr : &*row;
}

TEST(ProtocolDocument, EachFrameIsTheRowOfItsName) {
  for (const Shown& shown : ShownFrames()) {
    const FrameRow* row = FindRow(shown.name);
    ASSERT_NE(row, nullptr) << shown.name << " is not in the table of frames";
    EXPECT_EQ(absl::CHexEscape(shown.bytes), absl::CHexEscape(row->bytes)) << shown.name;
  }
}

TEST(ProtocolDocument, EachFrameIsWhatTheEncoderWrites) {
  for (const Shown& shown : ShownFrames()) {
    const FrameRow* row = FindRow(shown.name);
    ASSERT_NE(row, nullptr) << shown.name;
    EXPECT_EQ(absl::CHexEscape(shown.bytes), absl::CHexEscape(EncodeFrame(row->header, row->body)))
        << shown.name;
  }
}

TEST(ProtocolDocument, ShowsEachFrameOfTheTableThatIsMeantForIt) {
  std::multiset<std::string> shown;
  for (const Shown& frame : ShownFrames()) shown.insert(frame.name);
  for (const FrameRow& row : DocumentFrames()) EXPECT_EQ(shown.count(row.name), 1u) << row.name;
  EXPECT_EQ(shown.size(), DocumentFrames().size());
}

TEST(ProtocolDocument, ShowsEachKindOfFrame) {
  std::set<Kind> shown;
  for (const Shown& frame : ShownFrames()) {
    if (const FrameRow* row = FindRow(frame.name)) shown.insert(row->header.kind);
  }
  for (int kind = 0; IsKnown(Kind{kind}); ++kind) {
    EXPECT_TRUE(shown.contains(Kind{kind})) << KindName(Kind{kind});
  }
}

TEST(ProtocolDocument, ShowsFramesInBothForms) {
  std::set<Form> shown;
  for (const Shown& frame : ShownFrames()) {
    if (const FrameRow* row = FindRow(frame.name)) shown.insert(row->header.form);
  }
  EXPECT_EQ(shown.size(), 2u);
}

TEST(ProtocolDocument, NamesEachStatusCode) {
  std::vector<std::string> names;
  for (const Cells& cells : TableRows("## Status codes")) {
    if (cells[0] == std::to_string(names.size())) names.push_back(cells[1]);
  }
  ASSERT_EQ(names.size(), 17u);
  for (int code = 0; code <= 16; ++code) {
    EXPECT_EQ(names[code], absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
  }
}

TEST(ProtocolDocument, QuotesTheLimitsOfTheCode) {
  const std::map<std::string, uint64_t> limits = {
      {"header record", kHeaderSizeMaxDefault},
      {"the same, raised", kHeaderSizeMaxCeiling},
      {"call, size, credit, timeout_us", kNumberMax},
      {"one message", kMessageSizeMaxDefault},
      {"one body that is read and dropped", kDrainSizeMax},
      {"body of one frame, after HELLO", kFrameBodySizeMaxDefault},
      {"metadata entries", kMetadataEntriesMax},
      {"metadata key", kMetadataKeySizeMax},
      {"nesting of a JSON header", kJsonHeaderDepthMax},
      {"nesting of a binary header", kHeaderDepthMax},
      {"zstd window, as a power of 2", kZstdWindowLogMax},
  };
  std::map<std::string, uint64_t> quoted;
  for (const Cells& cells : TableRows("## Limits")) {
    if (limits.contains(cells[0])) quoted[cells[0]] = NumberIn(cells[1]);
  }
  EXPECT_EQ(quoted, limits);
}

TEST(ProtocolDocument, NumbersTheKindsAsTheCodeDoes) {
  int kind = 0;
  for (const Cells& cells : TableRows("## Kinds of frame")) {
    if (cells[0] == KindName(Kind{kind}) && cells[1] == std::to_string(kind)) ++kind;
  }
  EXPECT_FALSE(IsKnown(Kind{kind})) << KindName(Kind{kind}) << " is not where it should be";
}

TEST(ProtocolDocument, NumbersTheFlagsAsTheCodeDoes) {
  const std::map<std::string, uint64_t> flags = {
      {"LAST", kFlagLast}, {"MORE", kFlagMore}, {"BARE", kFlagBare}, {"UNSEEN", kFlagUnseen}};
  std::map<std::string, uint64_t> quoted;
  for (const Cells& cells : TableRows("## Kinds of frame")) {
    if (flags.contains(cells[0])) quoted[cells[0]] = NumberIn(cells[1]);
  }
  EXPECT_EQ(quoted, flags);
}

// Each field and enum value as "name = number", with those of the messages inside.
void CollectNumbers(const google::protobuf::Descriptor& message, std::set<std::string>* numbers) {
  auto add = [&](const std::string& name, int number) {
    numbers->insert(name + " = " + std::to_string(number));
  };
  for (int i = 0; i < message.field_count(); ++i) {
    add(message.field(i)->name(), message.field(i)->number());
  }
  for (int i = 0; i < message.enum_type_count(); ++i) {
    const google::protobuf::EnumDescriptor& type = *message.enum_type(i);
    for (int j = 0; j < type.value_count(); ++j)
      add(type.value(j)->name(), type.value(j)->number());
  }
  for (int i = 0; i < message.nested_type_count(); ++i) {
    CollectNumbers(*message.nested_type(i), numbers);
  }
}

// The same from the first block of proto under the heading.
std::set<std::string> NumbersUnder(const std::string& heading) {
  std::string proto;
  bool inside = false;
  for (const std::string& line : Section(heading)) {
    if (inside && line == "```") break;
    if (inside) proto += line + " ";
    if (line == "```proto") inside = true;
  }
  std::replace_if(
      proto.begin(), proto.end(), [](char c) { return c == '{' || c == '}'; }, ';');
  std::set<std::string> numbers;
  std::istringstream stream(proto);
  for (std::string part; std::getline(stream, part, ';');) {
    const size_t equals = part.find(" = ");
    if (equals == std::string::npos) continue;
    const size_t name = part.rfind(' ', equals - 1) + 1;
    numbers.insert(part.substr(name));
  }
  return numbers;
}

TEST(ProtocolDocument, HasTheFieldsOfHeaderProto) {
  std::set<std::string> header;
  CollectNumbers(*HeaderRecord::descriptor(), &header);
  EXPECT_EQ(NumbersUnder("## The header record"), header);
  std::set<std::string> hello;
  CollectNumbers(*Hello::descriptor(), &hello);
  EXPECT_EQ(NumbersUnder("### HELLO"), hello);
}

}  // namespace
}  // namespace rpc::wire
