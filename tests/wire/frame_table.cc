#include "tests/wire/frame_table.h"

#include <string>
#include <utility>
#include <vector>

#include "rpc/wire/frame_format.h"
#include "rpc/wire/limits.h"
#include "tests/wire/frame_row.h"

namespace rpc::wire {
namespace {

std::vector<FrameRow> Calls() {
  return {
      Row("unary-call",
          {.call = 1,
           .flags = kFlagLast,
           .name = "echo.Echo/Say",
           .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 27  0a 10 37f74146194f12f8240b61d6c24f186d  12 0d 'echo.Echo/Say'"
          "  18 07  28 01  30 01",
          Bytes("0a 05 'hello'")),
      Row("unary-end", {.kind = Kind::kEnd, .call = 1, .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 18  0a 10 37f74146194f12f8240b61d6c24f186d  18 07  20 02  28 01",
          Bytes("0a 05 'hello'")),
      Row("call-timeout-metadata",
          {.call = 2,
           .flags = kFlagLast,
           .name = "echo.Echo/Say",
           .timeout_us = 50'000,
           .metadata = {{"trace-id", "4f1c"}, {"token-bin", Bytes("00 ff 10")}},
           .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 4f  0a 10 37f74146194f12f8240b61d6c24f186d  12 0d 'echo.Echo/Say'"
          "  18 07  28 02  30 01  38 d0 86 03  52 10 0a 08 'trace-id' 12 04 '4f1c'"
          "  52 10 0a 09 'token-bin' 12 03 00 ff 10",
          Bytes("0a 05 'hello'")),
      Row("cut-call",
          {.call = 3,
           .flags = kFlagMore,
           .name = "echo.Echo/Say",
           .md5 = "76d40e5ac7ee59843da82b4cfdada3b3"},
          "00 00 00 27  0a 10 76d40e5ac7ee59843da82b4cfdada3b3  12 0d 'echo.Echo/Say'"
          "  18 0a  28 03  30 02",
          Bytes("0a 18 'a messag'")),
      Row("cut-message",
          {.kind = Kind::kMessage,
           .call = 3,
           .flags = kFlagMore,
           .md5 = "9db465a826f5ad2d110efbe4e3cfdf42"},
          "00 00 00 1a  0a 10 9db465a826f5ad2d110efbe4e3cfdf42  18 0a  20 01  28 03"
          "  30 02",
          "e in three"),
      Row("cut-message-last",
          {.kind = Kind::kMessage,
           .call = 3,
           .flags = kFlagLast,
           .md5 = "2f55531104b93060b268a5d33ffe0b5b"},
          "00 00 00 1a  0a 10 2f55531104b93060b268a5d33ffe0b5b  18 06  20 01  28 03"
          "  30 01",
          " parts"),
  };
}

std::vector<FrameRow> Streams() {
  return {
      Row("open-call", {.call = 4, .flags = kFlagBare, .name = "echo.Echo/Sum"},
          "00 00 00 13  12 0d 'echo.Echo/Sum'  28 04  30 04"),
      Row("message", {.kind = Kind::kMessage, .call = 4, .md5 = "86c773fc1e1a0691d11f6ee322f1f1d7"},
          "00 00 00 18  0a 10 86c773fc1e1a0691d11f6ee322f1f1d7  18 02  20 01  28 04",
          Bytes("08 2a")),
      Row("half-close", {.kind = Kind::kMessage, .call = 4, .flags = kFlagLast | kFlagBare},
          "00 00 00 06  20 01  28 04  30 05"),
      Row("leading-metadata",
          {.kind = Kind::kMessage,
           .call = 5,
           .flags = kFlagBare,
           .metadata = {{"served-by", "b7"}}},
          "00 00 00 17  20 01  28 05  30 04  52 0f 0a 09 'served-by' 12 02 'b7'"),
      Row("stream-end", {.kind = Kind::kEnd, .call = 5, .flags = kFlagBare},
          "00 00 00 06  20 02  28 05  30 04"),
  };
}

std::vector<FrameRow> OtherEnds() {
  return {
      Row("error-end",
          {.kind = Kind::kEnd,
           .call = 6,
           .flags = kFlagBare,
           .code = 5,
           .message = "no such text",
           .details = {{"type.googleapis.com/echo.Number", Bytes("08 2a")}}},
          "00 00 00 3d  20 02  28 06  30 04  40 05  4a 0c 'no such text'"
          "  5a 25 0a 1f 'type.googleapis.com/echo.Number' 12 02 08 2a"),
      Row("refused-end",
          {.kind = Kind::kEnd,
           .call = 8,
           .flags = kFlagBare | kFlagUnseen,
           .code = 14,
           .message = "the server is shutting down"},
          "00 00 00 25  20 02  28 08  30 0c  40 0e  4a 1b 'the server is shutting down'"),
  };
}

std::vector<FrameRow> Control() {
  return {
      Row("cancel", {.kind = Kind::kCancel, .call = 5}, "00 00 00 04  20 03  28 05"),
      Row("credit", {.kind = Kind::kCredit, .call = 5, .credit = 131'072},
          "00 00 00 08  20 04  28 05  60 80 80 08"),
      Row("ping", {.kind = Kind::kPing}, "00 00 00 02  20 05"),
      Row("pong", {.kind = Kind::kPong}, "00 00 00 02  20 06"),
  };
}

std::vector<FrameRow> Goaways() {
  return {
      Row("goaway-drain",
          {.kind = Kind::kGoaway, .call = kNumberMax, .message = "the server is shutting down"},
          "00 00 00 28  20 07  28 ff ff ff ff ff ff ff 0f"
          "  4a 1b 'the server is shutting down'"),
      Row("goaway-final",
          {.kind = Kind::kGoaway, .call = 7, .message = "the server is shutting down"},
          "00 00 00 21  20 07  28 07  4a 1b 'the server is shutting down'"),
      Row("goaway-error",
          {.kind = Kind::kGoaway,
           .call = 7,
           .code = 3,
           .message = "CALL 5 is not above CALL 7, the highest so far"},
          "00 00 00 36  20 07  28 07  40 03"
          "  4a 2e 'CALL 5 is not above CALL 7, the highest so far'"),
  };
}

std::vector<FrameRow> Hellos() {
  return {
      Row("hello-client", {.kind = Kind::kHello, .md5 = "0e98eb5c6ec32de252dee52d2cd9461d"},
          "00 00 00 16  0a 10 0e98eb5c6ec32de252dee52d2cd9461d  18 16  20 08",
          Bytes("08 01 10 80 80 80 02 3a 01 01 42 0a 'sketch/1.0'")),
      Row("hello-server", {.kind = Kind::kHello, .md5 = "4e05833d6e031296c0beb7cd9cd9282f"},
          "00 00 00 16  0a 10 4e05833d6e031296c0beb7cd9cd9282f  18 1d  20 08",
          Bytes("08 01 10 80 80 80 08 18 80 80 04 20 80 80 10 28 80 08 42 09 'uvrpc/1.0'")),
      JsonRow("json-hello", {.kind = Kind::kHello, .md5 = "4cd364526b7ec2cf604493a3dfb7c522"},
              "00 00 00 43",
              R"({"md5":"4cd364526b7ec2cf604493a3dfb7c522","size":34,"kind":"hello"})",
              R"({"version":1,"agent":"sketch/1.0"})"),
  };
}

std::vector<FrameRow> Json() {
  return {
      JsonRow(
          "json-call",
          {.flags = kFlagLast, .name = "echo.Echo/Say", .md5 = "74aeca60509e242fee81993c4d138d06"},
          "00 00 00 4b",
          R"({"md5":"74aeca60509e242fee81993c4d138d06","name":"echo.Echo/Say","size":16})",
          R"({"text":"hello"})"),
      JsonRow("json-end", {.kind = Kind::kEnd, .md5 = "74aeca60509e242fee81993c4d138d06"},
              "00 00 00 41", R"({"md5":"74aeca60509e242fee81993c4d138d06","size":16,"kind":"end"})",
              R"({"text":"hello"})"),
      JsonRow("json-error-end",
              {.kind = Kind::kEnd,
               .flags = kFlagBare,
               .code = 5,
               .message = "no such text",
               .metadata = {{"served-by", "b7"}},
               .details = {{"type.googleapis.com/echo.Number", Bytes("08 2a")}}},
              "00 00 00 a4",
              R"({"kind":"end","bare":true,"code":5,"message":"no such text",)"
              R"("metadata":{"served-by":"b7"},)"
              R"("details":[{"type_url":"type.googleapis.com/echo.Number","value":"CCo="}]})"),
  };
}

std::vector<FrameRow> Udp() {
  return {
      Row("udp-call",
          {.call = 1,
           .flags = kFlagLast,
           .name = "echo.Echo/Say",
           .timeout_us = 1'000'000,
           .session = 0x0123456789abcdef,
           .padding = std::string(12, '\0'),
           .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 43  0a 10 37f74146194f12f8240b61d6c24f186d  12 0d 'echo.Echo/Say'"
          "  18 07  28 01  30 01  38 c0 84 3d  71 efcdab8967452301"
          "  82 01 0c 00 00 00 00 00 00 00 00 00 00 00 00",
          Bytes("0a 05 'hello'")),
      Row("udp-end",
          {.kind = Kind::kEnd,
           .call = 1,
           .session = 0x0123456789abcdef,
           .md5 = "37f74146194f12f8240b61d6c24f186d"},
          "00 00 00 21  0a 10 37f74146194f12f8240b61d6c24f186d  18 07  20 02  28 01"
          "  71 efcdab8967452301",
          Bytes("0a 05 'hello'")),
  };
}

}  // namespace

std::vector<FrameRow> DocumentFrames() {
  return Joined({Calls(), Streams(), OtherEnds(), Control(), Goaways(), Hellos(), Json(), Udp()});
}

const std::vector<FrameRow>& FrameTable() {
  static const auto& table = *new std::vector<FrameRow>(Joined({DocumentFrames(), EdgeFrames()}));
  return table;
}

}  // namespace rpc::wire
