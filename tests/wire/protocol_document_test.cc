// rpc/PROTOCOL.md is held to the code: its dumps, its numbers and its names.
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
#include "absl/strings/str_format.h"
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

// A dump as hexdump -C writes it.
std::vector<std::string> DumpOf(std::string_view bytes) {
  std::vector<std::string> lines;
  for (size_t start = 0; start < bytes.size(); start += 16) {
    std::string line = absl::StrFormat("%08x ", start);
    std::string text;
    for (size_t i = start; i < start + 16; ++i) {
      if (i % 8 == 0) line += ' ';
      if (i >= bytes.size()) {
        line += "   ";
        continue;
      }
      const uint8_t byte = static_cast<uint8_t>(bytes[i]);
      line += absl::StrFormat("%02x ", byte);
      text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
    }
    lines.push_back(line + " |" + text + "|");
  }
  return lines;
}

struct Dump {
  std::string name;
  std::vector<std::string> lines;
  std::vector<std::string> notes;  // the block of text behind it
};

// The blocks that begin with ```frame NAME.
std::vector<Dump> Dumps() {
  constexpr std::string_view kStart = "```frame ";
  std::vector<Dump> dumps;
  std::vector<std::string> no_dump;
  std::vector<std::string>* block = &no_dump;
  for (const std::string& line : DocumentLines()) {
    if (line.starts_with(kStart)) {
      dumps.push_back({line.substr(kStart.size()), {}, {}});
      block = &dumps.back().lines;
    } else if (line == "```text" && !dumps.empty() && dumps.back().notes.empty()) {
      block = &dumps.back().notes;
    } else if (line == "```") {
      block = &no_dump;
    } else {
      block->push_back(line);
    }
  }
  return dumps;
}

// The bytes that a note is about: hex, cut short with "..", or the text of a JSON frame itself.
struct Noted {
  std::string bytes;
  bool cut;
};

Noted ReadNote(const std::string& note) {
  if (note.starts_with('{')) return {note, false};
  std::string hex = note.substr(0, note.find("  "));
  const bool cut = hex.ends_with("..");
  if (cut) hex.resize(hex.size() - 2);
  return {Bytes(hex), cut};
}

const FrameRow* FindRow(const std::string& name) {
  const auto row = std::find_if(FrameTable().begin(), FrameTable().end(),
                                [&](const FrameRow& candidate) { return candidate.name == name; });
  return row == FrameTable().end() ? nullptr : &*row;
}

TEST(ProtocolDocument, EachDumpIsTheRowOfItsName) {
  for (const Dump& dump : Dumps()) {
    const FrameRow* row = FindRow(dump.name);
    ASSERT_NE(row, nullptr) << dump.name << " is not in the table of frames";
    EXPECT_EQ(dump.lines, DumpOf(row->bytes)) << dump.name;
  }
}

TEST(ProtocolDocument, EachDumpIsWhatTheEncoderWrites) {
  for (const Dump& dump : Dumps()) {
    const FrameRow* row = FindRow(dump.name);
    ASSERT_NE(row, nullptr) << dump.name;
    EXPECT_EQ(dump.lines, DumpOf(EncodeFrame(row->header, row->body))) << dump.name;
  }
}

TEST(ProtocolDocument, TheNotesUnderEachDumpGoThroughItsBytesInOrder) {
  for (const Dump& dump : Dumps()) {
    const FrameRow* row = FindRow(dump.name);
    ASSERT_NE(row, nullptr) << dump.name;
    size_t position = 0;
    bool after_cut = false;
    for (const std::string& note : dump.notes) {
      const auto [bytes, cut] = ReadNote(note);
      const size_t found = row->bytes.find(bytes, position);
      ASSERT_NE(found, std::string::npos) << dump.name << ": " << note;
      EXPECT_TRUE(after_cut || found == position) << dump.name << ": " << note;
      position = found + bytes.size();
      after_cut = cut;
    }
    EXPECT_TRUE(after_cut || position == row->bytes.size()) << dump.name;
  }
}

TEST(ProtocolDocument, ShowsEachFrameOfTheTableThatIsMeantForIt) {
  std::multiset<std::string> shown;
  for (const Dump& dump : Dumps()) shown.insert(dump.name);
  for (const FrameRow& row : DocumentFrames()) EXPECT_EQ(shown.count(row.name), 1u) << row.name;
  EXPECT_EQ(shown.size(), DocumentFrames().size());
}

TEST(ProtocolDocument, ShowsEachKindOfFrame) {
  std::set<Kind> shown;
  for (const Dump& dump : Dumps()) {
    if (const FrameRow* row = FindRow(dump.name)) shown.insert(row->header.kind);
  }
  for (int kind = 0; IsKnown(Kind{kind}); ++kind) {
    EXPECT_TRUE(shown.contains(Kind{kind})) << KindName(Kind{kind});
  }
}

TEST(ProtocolDocument, ShowsFramesInBothForms) {
  std::set<Form> shown;
  for (const Dump& dump : Dumps()) {
    if (const FrameRow* row = FindRow(dump.name)) shown.insert(row->header.form);
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
      {"kHeaderSizeMaxDefault", kHeaderSizeMaxDefault},
      {"kHeaderSizeMaxCeiling", kHeaderSizeMaxCeiling},
      {"kNumberMax", kNumberMax},
      {"kMessageSizeMaxDefault", kMessageSizeMaxDefault},
      {"kDrainSizeMax", kDrainSizeMax},
      {"kFrameBodySizeMaxDefault", kFrameBodySizeMaxDefault},
      {"kMetadataEntriesMax", kMetadataEntriesMax},
      {"kMetadataKeySizeMax", kMetadataKeySizeMax},
      {"kJsonHeaderDepthMax", kJsonHeaderDepthMax},
      {"kHeaderDepthMax", kHeaderDepthMax},
      {"kZstdWindowLogMax", kZstdWindowLogMax},
  };
  std::map<std::string, uint64_t> quoted;
  for (const Cells& cells : TableRows("## Limits")) {
    if (cells[2].starts_with('k')) quoted[cells[2]] = NumberIn(cells[1]);
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
