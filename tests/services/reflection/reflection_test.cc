// What a server says that it serves, and what a client that knows no .proto file makes of it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/reflection/descriptor_files.h"
#include "services/reflection/reflection.rpc.h"
#include "services/reflection/schema.h"
#include "tests/services/inspection/inspected_server.h"
#include "tests/services/reflection/lite.rpc.h"
#include "tests/services/reflection/shop.rpc.h"

namespace rpc {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using testing::ElementsAre;
using testing::HasSubstr;

class ReflectionTest : public InspectedTest {
 protected:
  ReflectionTest() {
    server().Add(std::make_shared<shop::Shop::Service>());
    server().Add(std::make_shared<lite::Lite::Service>());
  }

  absl::StatusOr<reflection::FindReply> Find(const std::string& symbol) {
    reflection::FindRequest request;
    request.set_symbol(symbol);
    return reflection::Reflection::Client(channel()).Find(request).Wait();
  }
  absl::StatusOr<reflection::FindReply> FindFile(const std::string& path) {
    reflection::FindRequest request;
    request.set_file(path);
    return reflection::Reflection::Client(channel()).Find(request).Wait();
  }
  static std::vector<std::string> FilesOf(const absl::StatusOr<reflection::FindReply>& reply) {
    if (!reply.ok()) return {reply.status().ToString()};
    std::vector<std::string> names;
    for (const std::string& bytes : reply->files()) {
      FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  reflection::ServiceEntry Entry(const std::string& name) {
    const auto list = reflection::Reflection::Client(channel()).List({}).Wait();
    EXPECT_TRUE(list.ok()) << list.status();
    for (const auto& entry : list->services()) {
      if (entry.name() == name) return entry;
    }
    ADD_FAILURE() << name << " is not there";
    return {};
  }

  // The .proto file of a symbol as the client prints it.
  std::string PrintedFileOf(const std::string& symbol) {
    const auto reply = Find(symbol);
    EXPECT_TRUE(reply.ok()) << reply.status();
    const absl::Status added = schema_.Add(*reply);
    EXPECT_TRUE(added.ok()) << added;
    google::protobuf::DebugStringOptions options;
    options.include_comments = true;
    return schema_.pool().FindFileContainingSymbol(symbol)->DebugStringWithOptions(options);
  }

  reflection::Schema schema_;
};

INSTANTIATE_TEST_SUITE_P(Ways, ReflectionTest, InspectedWays(),
                         [](const auto& info) { return WayName(info.param); });

const std::vector<std::string> kShopFiles = {"google/protobuf/timestamp.proto",
                                             "tests/services/reflection/money.proto",
                                             "tests/services/reflection/shop.proto"};

TEST_P(ReflectionTest, ServicesAreListedInTheOrderOfTheirNames) {
  const auto list = reflection::Reflection::Client(channel()).List({}).Wait();
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<std::string> names;
  for (const auto& service : list->services()) names.push_back(service.name());
  EXPECT_THAT(names, ElementsAre("echo.Echo", "health.Health", "lite.Lite", "reflection.Reflection",
                                 "shop.Shop", "stats.Stats"));
}

TEST_P(ReflectionTest, MethodsAreListedWithTheirKindsAndTypes) {
  const reflection::ServiceEntry entry = Entry("echo.Echo");
  std::vector<std::string> methods;
  for (const auto& method : entry.methods()) {
    methods.push_back(method.name() + (method.request_stream() ? " stream " : " ") +
                      method.request_type() + (method.reply_stream() ? " stream " : " ") +
                      method.reply_type());
  }
  EXPECT_THAT(methods, testing::IsSupersetOf({"Say echo.SayRequest echo.SayReply",
                                              "Count echo.CountRequest stream echo.Number",
                                              "Sum stream echo.Number echo.Total",
                                              "Chat stream echo.Line stream echo.Line"}));
}

TEST_P(ReflectionTest, ASymbolComesWithTheFilesThatItNeedsInTheirOrder) {
  EXPECT_EQ(FilesOf(Find("shop.Shop")), kShopFiles);
}

TEST_P(ReflectionTest, EveryKindOfNameIsASymbol) {
  for (const char* symbol : {"shop.Shop.Buy", "shop.Shop/Buy", ".shop.Order", "shop.Order.item",
                             "shop.Receipt.Way", "shop.Receipt.CARD"}) {
    EXPECT_EQ(FilesOf(Find(symbol)), kShopFiles) << symbol;
  }
}

TEST_P(ReflectionTest, WhatIsImportedIsFoundByItself) {
  EXPECT_THAT(FilesOf(Find("money.Amount")), ElementsAre("tests/services/reflection/money.proto"));
  EXPECT_THAT(FilesOf(FindFile("tests/services/reflection/money.proto")),
              ElementsAre("tests/services/reflection/money.proto"));
}

TEST_P(ReflectionTest, WhatIsNotServedIsNotFound) {
  for (const char* symbol :
       {"shop.Thief", "google.protobuf.FileDescriptorProto", "shop", "", "."}) {
    const absl::Status status = Find(symbol).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << symbol << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("nothing that this server serves"));
  }
  EXPECT_TRUE(absl::IsNotFound(FindFile("google/protobuf/descriptor.proto").status()));
}

TEST_P(ReflectionTest, ARequestForNothingIsInvalid) {
  const auto reply = reflection::Reflection::Client(channel()).Find({}).Wait();
  EXPECT_TRUE(absl::IsInvalidArgument(reply.status())) << reply.status();
}

TEST_P(ReflectionTest, AServiceWithoutDescriptorsSaysSo) {
  const reflection::ServiceEntry entry = Entry("lite.Lite");
  EXPECT_THAT(entry.problem(), HasSubstr("LITE_RUNTIME"));
  ASSERT_EQ(entry.methods_size(), 1);
  EXPECT_EQ(entry.methods(0).name(), "Call");
  const absl::Status status = Find("lite.Lite/Call").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(std::string(status.message()), entry.problem());
}

TEST_P(ReflectionTest, CommentsAreThoseOfTheFile) {
  const std::string printed = PrintedFileOf("shop.Shop");
  EXPECT_THAT(printed, HasSubstr("// What a shop sells.\n"));
  EXPECT_THAT(printed, HasSubstr("// Behind the counter.\nservice Shop"));
  EXPECT_THAT(printed, HasSubstr("  // One thing, for its price.\n  rpc Buy"));
  EXPECT_THAT(printed, HasSubstr("  // As it stands in the catalogue.\n  string item = 1;"));
}

TEST_P(ReflectionTest, CommentsOfImportedMessagesAreThereToo) {
  EXPECT_THAT(PrintedFileOf("money.Amount"),
              HasSubstr("int64 cents = 1;\n  // a hundredth of whatever it is"));
}

TEST_P(ReflectionTest, AClientWithoutProtoFilesCallsAMethod) {
  ASSERT_TRUE(schema_.Add(*Find("echo.Echo")).ok());
  const auto* const method = schema_.FindMethod("echo.Echo/Upper");
  ASSERT_NE(method, nullptr);
  const auto request = schema_.New(method->input_type());
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(R"({"text":"hi"})", request.get()).ok());
  const auto raw =
      Call<RawMessage>(channel(), "echo.Echo/Upper", RawMessage(request->SerializeAsString()))
          .Wait();
  ASSERT_TRUE(raw.ok()) << raw.status();
  const auto reply = schema_.New(method->output_type());
  ASSERT_TRUE(reply->ParseFromString(raw->bytes()));
  std::string json;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*reply, &json).ok());
  EXPECT_EQ(json, R"({"text":"HI"})");
}

TEST_P(ReflectionTest, ASchemaTakesEachFileOnce) {
  ASSERT_TRUE(schema_.Add(*Find("shop.Shop")).ok());
  ASSERT_TRUE(schema_.Add(*Find("shop.Shop")).ok());
  EXPECT_NE(schema_.FindMethod("shop.Shop/Buy"), nullptr);
  EXPECT_EQ(schema_.FindMethod("shop.Shop/Steal"), nullptr);
}

TEST(SchemaTest, AServerThatTellsNonsenseIsNotBelieved) {
  reflection::Schema schema;
  reflection::FindReply reply;
  reply.add_files("\xFF\xFF");
  EXPECT_THAT(std::string(schema.Add(reply).message()), HasSubstr("2 bytes"));
  FileDescriptorProto file;
  file.set_name("a.proto");
  file.add_dependency("missing.proto");
  reply.set_files(0, file.SerializeAsString());
  EXPECT_THAT(std::string(schema.Add(reply).message()), HasSubstr("a.proto, which makes no sense"));
}

TEST(SchemaTest, TypesOfProtobufItselfAreOurOwn) {
  // JSON of an Any is written by what its type is called: with other fields that would not end
  // well.
  FileDescriptorProto forged;
  forged.set_name("google/protobuf/any.proto");
  forged.set_package("google.protobuf");
  forged.add_message_type()->set_name("Any");
  reflection::FindReply reply;
  reply.add_files(forged.SerializeAsString());
  reflection::Schema schema;
  ASSERT_TRUE(schema.Add(reply).ok());
  EXPECT_EQ(schema.pool().FindMessageTypeByName("google.protobuf.Any")->field_count(), 2);

  forged.set_name("google/protobuf/forged.proto");
  reply.set_files(0, forged.SerializeAsString());
  EXPECT_EQ(schema.Add(reply),
            absl::InvalidArgumentError("the server's reflection gave google/protobuf/forged.proto, "
                                       "which is no file of google.protobuf"));
}

TEST(DescriptorFilesTest, TheRefusalHasTheCodeThatWasAskedFor) {
  reflection::FindReply reply;
  reply.add_files("\xFF\xFF");
  google::protobuf::DescriptorPool pool;
  EXPECT_TRUE(
      absl::IsDataLoss(reflection::AddFiles(reply.files(), absl::StatusCode::kDataLoss, &pool)));
}

TEST(DescriptorFilesTest, EveryFileOfProtobufIsKnown) {
  reflection::FindReply reply;
  // In an order in which each stands behind what it imports.
  for (const char* name : {"any", "descriptor", "duration", "empty", "field_mask", "source_context",
                           "struct", "timestamp", "type", "api", "wrappers"}) {
    FileDescriptorProto file;
    file.set_name(absl::StrCat("google/protobuf/", name, ".proto"));
    file.set_package("google.protobuf");
    reply.add_files(file.SerializeAsString());
  }
  google::protobuf::DescriptorPool pool;
  const absl::Status added =
      reflection::AddFiles(reply.files(), absl::StatusCode::kDataLoss, &pool);
  EXPECT_TRUE(added.ok()) << added;
}

}  // namespace
}  // namespace rpc
