#include <string>
#include <utility>
#include <vector>

#include "rpc/wire/frame_format.h"
#include "rpc/wire/limits.h"
#include "tests/wire/frame_row.h"

namespace rpc::wire {
namespace {

std::vector<FrameRow> EmptyOnes() {
  return {
      Row("empty-message", {.kind = Kind::kMessage, .call = 1}, "00 00 00 04  20 01  28 01"),
      Row("call-0", {.flags = kFlagLast, .name = "echo.Echo/Say"},
          "00 00 00 11  12 0d 'echo.Echo/Say'  30 01"),
  };
}

// Where a varint becomes longer, and the largest that may be sent.
std::vector<FrameRow> Numbers() {
  return {
      Row("call-id-127", {.kind = Kind::kCancel, .call = 127}, "00 00 00 04  20 03  28 7f"),
      Row("call-id-128", {.kind = Kind::kCancel, .call = 128}, "00 00 00 05  20 03  28 80 01"),
      Row("call-id-16383", {.kind = Kind::kCancel, .call = 16'383}, "00 00 00 05  20 03  28 ff 7f"),
      Row("call-id-16384", {.kind = Kind::kCancel, .call = 16'384},
          "00 00 00 06  20 03  28 80 80 01"),
      Row("call-id-4294967296", {.kind = Kind::kCancel, .call = 0x100000000},
          "00 00 00 08  20 03  28 80 80 80 80 10"),
      Row("call-id-max", {.kind = Kind::kCancel, .call = kNumberMax},
          "00 00 00 0b  20 03  28 ff ff ff ff ff ff ff 0f"),
      Row("timeout-1", {.call = 1, .flags = kFlagLast, .name = "echo.Echo/Say", .timeout_us = 1},
          "00 00 00 15  12 0d 'echo.Echo/Say'  28 01  30 01  38 01"),
      Row("timeout-max",
          {.call = 1, .flags = kFlagLast, .name = "echo.Echo/Say", .timeout_us = kNumberMax},
          "00 00 00 1c  12 0d 'echo.Echo/Say'  28 01  30 01  38 ff ff ff ff ff ff ff 0f"),
      Row("credit-max", {.kind = Kind::kCredit, .call = 1, .credit = kNumberMax},
          "00 00 00 0d  20 04  28 01  60 ff ff ff ff ff ff ff 0f"),
  };
}

std::string Quoted(const std::string& text) { return "'" + text + "'"; }

// The entries "k0" to "k9" and so on up to "k127", with empty values.
FrameRow MetadataOf128Entries() {
  Fields fields = {.kind = Kind::kEnd, .call = 1};
  std::string entries;
  for (int i = 0; i < 128; ++i) {
    const std::string key = "k" + std::to_string(i);
    const char* sizes = i < 10 ? "52 04 0a 02" : i < 100 ? "52 05 0a 03" : "52 06 0a 04";
    fields.metadata.push_back({key, ""});
    entries += sizes + Quoted(key);
  }
  return Row("metadata-128", fields, "00 00 03 96  20 02  28 01" + entries);
}

// As large as every receiver takes: a record of 65,536 bytes.
FrameRow LargestHeader() {
  const std::string message(65'530, 'm');
  return Row("header-largest", {.kind = Kind::kEnd, .message = message},
             "00 01 00 00  20 02  4a fa ff 03" + Quoted(message));
}

std::vector<FrameRow> Texts() {
  return {
      Row("utf8-name", {.call = 1, .flags = kFlagLast, .name = "größe.Maß/€😀"},
          "00 00 00 1a  12 14 67 72 c3 b6 c3 9f 'e.Ma' c3 9f 2f e2 82 ac f0 9f 98 80"
          "  28 01  30 01"),
      Row("metadata-repeated-key",
          {.kind = Kind::kEnd,
           .call = 1,
           .metadata = {{"a", "1"}, {"a", "2"}, {"b", ""}, {"", ""}}},
          "00 00 00 1b  20 02  28 01  52 06 0a 01 61 12 01 31  52 06 0a 01 61 12 01 32"
          "  52 03 0a 01 62  52 00"),
      Row("details-two",
          {.kind = Kind::kEnd,
           .call = 1,
           .code = 13,
           .details = {{"a/b", Bytes("00 ff")}, {"c/d", ""}}},
          "00 00 00 18  20 02  28 01  40 0d  5a 09 0a 03 61 2f 62 12 02 00 ff"
          "  5a 05 0a 03 63 2f 64"),
      Row("metadata-longest-key",
          {.kind = Kind::kEnd, .call = 1, .metadata = {{std::string(128, 'k'), "v"}}},
          "00 00 00 8d  20 02  28 01  52 86 01 0a 80 01 " + Quoted(std::string(128, 'k')) +
              " 12 01 76"),
      MetadataOf128Entries(),
      LargestHeader(),
  };
}

// Kinds of later versions, with a body and without.
std::vector<FrameRow> LaterKinds() {
  return {
      Row("kind-skippable", {.kind = Kind{64}, .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 16  0a 10 37f74146194f12f8240b61d6c24f186d  18 07  20 40",
          Bytes("0a 05 'hello'")),
      Row("kind-unknown", {.kind = Kind{63}, .call = 1}, "00 00 00 04  20 3f  28 01"),
      Row("kind-negative", {.kind = Kind{-1}, .encoding = Encoding{-1}},
          "00 00 00 16  20 ff ff ff ff ff ff ff ff ff 01"
          "  68 ff ff ff ff ff ff ff ff ff 01"),
  };
}

// The body of zstd-message is one zstd frame that holds "hello" uncompressed.
std::vector<FrameRow> WholeRecords() {
  return {
      Row("all-fields",
          {.kind = Kind::kEnd,
           .call = 1,
           .flags = 0xf,
           .name = "a.B/C",
           .timeout_us = 2,
           .code = 16,
           .message = "why",
           .metadata = {{"k", "v"}},
           .details = {{"t", "u"}},
           .credit = 3,
           .encoding = Encoding::kZstd,
           .session = 4,
           .padding = "p",
           .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 4b  0a 10 37f74146194f12f8240b61d6c24f186d  12 05 'a.B/C'  18 07"
          "  20 02  28 01  30 0f  38 02  40 10  4a 03 'why'  52 06 0a 01 6b 12 01 76"
          "  5a 06 0a 01 74 12 01 75  60 03  68 01  71 0400000000000000  82 01 01 70",
          Bytes("0a 05 'hello'")),
      Row("all-maxima",
          {.kind = Kind{0x7fffffff},
           .call = kNumberMax,
           .flags = 0xffffffff,
           .name = "n",
           .timeout_us = kNumberMax,
           .code = 0xffffffff,
           .credit = kNumberMax,
           .encoding = Encoding{0x7fffffff},
           .session = 0xffffffffffffffff},
          "00 00 00 3f  12 01 6e  20 ff ff ff ff 07  28 ff ff ff ff ff ff ff 0f"
          "  30 ff ff ff ff 0f  38 ff ff ff ff ff ff ff 0f  40 ff ff ff ff 0f"
          "  60 ff ff ff ff ff ff ff 0f  68 ff ff ff ff 07  71 ffffffffffffffff"),
      Row("zstd-message",
          {.kind = Kind::kMessage,
           .call = 1,
           .encoding = Encoding::kZstd,
           .md5 = "b3fad18866149367d95d318402979633"},
          "00 00 00 1a  0a 10 b3fad18866149367d95d318402979633  18 0e  20 01  28 01"
          "  68 01",
          Bytes("28 b5 2f fd 20 05 29 00 00 'hello'")),
  };
}

// The letters from a to z, again and again.
std::string Letters(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

FrameRow BodyRow(size_t size, const std::string& length, const std::string& size_bytes,
                 const std::string& md5) {
  return Row("body-" + std::to_string(size), {.kind = Kind::kMessage, .call = 1, .md5 = md5},
             length + "0a 10" + md5 + "18" + size_bytes + "20 01  28 01", Letters(size));
}

// Around the borders of MD5, whose blocks are of 64 bytes and whose last one holds 55; and sizes
// at which a sender or a receiver may choose another way.
std::vector<FrameRow> Bodies() {
  return {
      BodyRow(1, "00 00 00 18", "01", "0cc175b9c0f1b6a831c399e269772661"),
      BodyRow(55, "00 00 00 18", "37", "0d7ae056b2f015cd7dc67494efd658f1"),
      BodyRow(56, "00 00 00 18", "38", "31fcfb5165169eb55898e7e4cf34d19a"),
      BodyRow(63, "00 00 00 18", "3f", "1b30c0670c15e7da3c2ba7bce77ebe99"),
      BodyRow(64, "00 00 00 18", "40", "a2eaf6295c32adc403865fd96a2f182b"),
      BodyRow(65, "00 00 00 18", "41", "eba2cce0ca8df47e62414a736b3105a2"),
      BodyRow(127, "00 00 00 18", "7f", "f41f37f8b5a7782d5cfeafc43e3d3c1c"),
      BodyRow(128, "00 00 00 19", "80 01", "3e8c1ccbd71838ef3df4b72e57fb9bf6"),
      BodyRow(4096, "00 00 00 19", "80 20", "ab6bc685710814791f9d9a4570514525"),
      BodyRow(65'536, "00 00 00 1a", "80 80 04", "ba83dea445c0bee9bf87702d494c9447"),
      BodyRow(70'000, "00 00 00 1a", "f0 a2 04", "730d4364bd0a28d5f8d9b9081119e133"),
      JsonRow("json-body-4096",
              {.kind = Kind::kMessage, .call = 1, .md5 = "ab6bc685710814791f9d9a4570514525"},
              "00 00 00 50",
              R"({"md5":"ab6bc685710814791f9d9a4570514525",)"
              R"("size":4096,"kind":"message","call":1})",
              Letters(4096)),
  };
}

std::vector<FrameRow> JsonKinds() {
  return {
      JsonRow("json-ping", {.kind = Kind::kPing}, "00 00 00 0f", R"({"kind":"ping"})"),
      JsonRow("json-pong", {.kind = Kind::kPong}, "00 00 00 0f", R"({"kind":"pong"})"),
      JsonRow("json-goaway", {.kind = Kind::kGoaway, .call = kNumberMax, .message = "bye"},
              "00 00 00 39", R"({"kind":"goaway","call":9007199254740991,"message":"bye"})"),
      JsonRow("json-cancel", {.kind = Kind::kCancel, .call = 5}, "00 00 00 1a",
              R"({"kind":"cancel","call":5})"),
      JsonRow("json-credit", {.kind = Kind::kCredit, .call = 5, .credit = 131'072}, "00 00 00 2a",
              R"({"kind":"credit","call":5,"credit":131072})"),
      JsonRow("json-message",
              {.kind = Kind::kMessage, .call = 4, .md5 = "a2ca89a73ceac487b0cdd7d4a9af77cc"},
              "00 00 00 4e",
              R"({"md5":"a2ca89a73ceac487b0cdd7d4a9af77cc","size":14,"kind":"message","call":4})",
              R"({"value":"21"})"),
      JsonRow("json-half-close",
              {.kind = Kind::kMessage, .call = 4, .flags = kFlagLast | kFlagBare}, "00 00 00 33",
              R"({"kind":"message","call":4,"last":true,"bare":true})"),
      JsonRow("json-refused-end",
              {.kind = Kind::kEnd, .call = 8, .flags = kFlagBare | kFlagUnseen, .code = 14},
              "00 00 00 3b", R"({"kind":"end","call":8,"bare":true,"unseen":true,"code":14})"),
      JsonRow("json-kind-64", {.kind = Kind{64}}, "00 00 00 0b", R"({"kind":64})"),
  };
}

// What `last` is when it is absent depends on the other flags: each way to open a call.
std::vector<FrameRow> JsonCalls() {
  return {
      JsonRow("json-open-call", {.call = 4, .flags = kFlagBare, .name = "echo.Echo/Sum"},
              "00 00 00 2d", R"({"name":"echo.Echo/Sum","call":4,"bare":true})"),
      JsonRow("json-first-of-many",
              {.call = 4, .name = "echo.Echo/Sum", .md5 = "a2ca89a73ceac487b0cdd7d4a9af77cc"},
              "00 00 00 61",
              R"({"md5":"a2ca89a73ceac487b0cdd7d4a9af77cc","name":"echo.Echo/Sum","size":14,)"
              R"("call":4,"last":false})",
              R"({"value":"21"})"),
      JsonRow("json-cut-call",
              {.call = 3,
               .flags = kFlagMore,
               .name = "echo.Echo/Say",
               .md5 = "3e27d43edcdd47ee101ace35d0993954"},
              "00 00 00 5f",
              R"({"md5":"3e27d43edcdd47ee101ace35d0993954","name":"echo.Echo/Say","size":4,)"
              R"("call":3,"more":true})",
              R"({"te)"),
      JsonRow("json-cut-message",
              {.kind = Kind::kMessage,
               .call = 3,
               .flags = kFlagMore,
               .md5 = "69937b067be998daf37e50a66347a1e5"},
              "00 00 00 59",
              R"({"md5":"69937b067be998daf37e50a66347a1e5","size":5,"kind":"message","call":3,)"
              R"("more":true})",
              R"(xt":")"),
      JsonRow("json-udp-call",
              {.call = 1,
               .flags = kFlagLast,
               .name = "echo.Echo/Say",
               .timeout_us = 1'000'000,
               .session = 0x0123456789abcdef,
               .padding = "0000",
               .md5 = "74aeca60509e242fee81993c4d138d06"},
              "00 00 00 97",
              R"({"md5":"74aeca60509e242fee81993c4d138d06","name":"echo.Echo/Say","size":16,)"
              R"("call":1,"timeout_us":1000000,"session":"0123456789abcdef","padding":"0000"})",
              R"({"text":"hello"})"),
  };
}

std::vector<FrameRow> JsonValues() {
  return {
      JsonRow("json-escapes", {.kind = Kind::kEnd, .message = "say \"no\" \\ a/b\n\t\x01 größe €😀"},
              "00 00 00 46", R"({"kind":"end","message":"say \"no\" \\ a/b\n\t\u0001 größe €😀"})"),
      JsonRow(
          "json-metadata",
          {.kind = Kind::kEnd,
           .metadata =
               {{"a", "1"}, {"a", "2"}, {"b-bin", Bytes("00 ff 10")}, {"b-bin", "x"}, {"c", ""}}},
          "00 00 00 48",
          R"({"kind":"end","metadata":{"a":["1","2"],"b-bin":["AP8Q","eA=="],"c":""}})"),
      JsonRow("json-all-fields",
              {.kind = Kind::kEnd,
               .call = 1,
               .flags = 0xf,
               .name = "a.B/C",
               .timeout_us = 2,
               .code = 16,
               .message = "why",
               .metadata = {{"k", "v"}},
               .details = {{"t", "u"}},
               .credit = 3,
               .encoding = Encoding::kZstd,
               .session = 4,
               .padding = "p",
               .md5 = "37f74146194f12f8240b61d6c24f186d"},
              "00 00 01 3c",
              R"({"md5":"37f74146194f12f8240b61d6c24f186d","name":"a.B/C","size":7,"kind":"end",)"
              R"("call":1,"last":true,"more":true,"bare":true,"unseen":true,"timeout_us":2,)"
              R"("code":16,"message":"why","metadata":{"k":"v"},"details":[{"type_url":"t",)"
              R"("value":"dQ=="}],"credit":3,"encoding":"zstd","session":"0000000000000004",)"
              R"("padding":"p"})",
              Bytes("0a 05 'hello'")),
      JsonRow("json-maxima",
              {.call = kNumberMax,
               .flags = kFlagLast | kFlagMore,
               .name = "n",
               .timeout_us = kNumberMax,
               .code = 0xffffffff,
               .credit = kNumberMax,
               .session = 0xffffffffffffffff},
              "00 00 00 a3",
              R"({"name":"n","call":9007199254740991,"last":true,"more":true,)"
              R"("timeout_us":9007199254740991,"code":4294967295,"credit":9007199254740991,)"
              R"("session":"ffffffffffffffff"})"),
  };
}

}  // namespace

std::vector<FrameRow> EdgeFrames() {
  return Joined({EmptyOnes(), Numbers(), Texts(), LaterKinds(), WholeRecords(), Bodies(),
                 JsonKinds(), JsonCalls(), JsonValues()});
}

}  // namespace rpc::wire
