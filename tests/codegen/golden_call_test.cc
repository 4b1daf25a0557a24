// The golden files, called: what stands in them is code that works, whatever the names in it.
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/codegen/golden/beside_rpc_package.rpc.h"
#include "tests/codegen/golden/comments.rpc.h"
#include "tests/codegen/golden/deprecated.rpc.h"
#include "tests/codegen/golden/deprecated_file.rpc.h"
#include "tests/codegen/golden/four_kinds.rpc.h"
#include "tests/codegen/golden/hidden_names.rpc.h"
#include "tests/codegen/golden/imports.rpc.h"
#include "tests/codegen/golden/keywords.rpc.h"
#include "tests/codegen/golden/long_names.rpc.h"
#include "tests/codegen/golden/nested_package.rpc.h"
#include "tests/codegen/golden/no_package.rpc.h"
#include "tests/codegen/golden/no_services.rpc.h"
#include "tests/codegen/golden/proto2_types.rpc.h"
#include "tests/codegen/golden/public_import.rpc.h"
#include "tests/codegen/golden/rpc_message.rpc.h"
#include "tests/codegen/golden/rpc_package.rpc.h"
#include "tests/codegen/golden/several_services.rpc.h"

namespace golden {
namespace {

// A server of one service, and a channel to it.
template <typename OwnService>
class Served {
 public:
  Served() { server_.Add(std::make_unique<OwnService>()); }

  rpc::Channel channel() { return server_.InProcess(); }

 private:
  rpc::Server server_;
};

class OwnFour final : public kinds::Four::Service {
 public:
  rpc::Task<> Say(rpc::ServerContext&, const kinds::SayRequest& request,
                  kinds::SayReply& reply) override {
    reply.set_text(request.text());
    return absl::OkStatus();
  }

  rpc::Task<> Count(rpc::ServerContext&, const kinds::CountRequest& request,
                    rpc::Writer<kinds::Number>& out) override {
    kinds::Number number;
    for (uint32_t i = 0; i < request.upto(); ++i) {
      number.set_value(i);
      if (!co_await out.Write(number)) co_return out.status();
    }
    co_return absl::OkStatus();
  }

  rpc::Task<> Sum(rpc::ServerContext&, rpc::Reader<kinds::Number>& in,
                  kinds::Total& reply) override {
    while (const kinds::Number* number = co_await in.Read()) {
      reply.set_value(reply.value() + number->value());
    }
    co_return in.status();
  }

  rpc::Task<> Chat(rpc::ServerContext&, rpc::Stream<kinds::Line, kinds::Line>& stream) override {
    while (const kinds::Line* line = co_await stream.Read()) {
      if (!co_await stream.Write(*line)) break;
    }
    co_return stream.status();
  }
};

class FourKindsTest : public testing::Test {
 protected:
  Served<OwnFour> served_;
  const kinds::Four::Client four_{served_.channel()};
};

TEST_F(FourKindsTest, AUnaryMethodAnswers) {
  kinds::SayRequest request;
  request.set_text("hello");
  absl::StatusOr<kinds::SayReply> reply = four_.Say(request).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "hello");
}

TEST_F(FourKindsTest, AMethodStreamsItsReplies) {
  const int64_t sum = rpc::Run([this]() -> rpc::Task<int64_t> {
    kinds::CountRequest request;
    request.set_upto(5);
    auto numbers = four_.Count(request);
    int64_t sum = 0;
    while (const kinds::Number* number = co_await numbers.Read()) sum += number->value();
    co_return numbers.status().ok() ? sum : -1;
  });
  EXPECT_EQ(sum, 0 + 1 + 2 + 3 + 4);
}

TEST_F(FourKindsTest, AMethodTakesAStreamOfRequests) {
  const int64_t sum = rpc::Run([this]() -> rpc::Task<int64_t> {
    auto call = four_.Sum();
    kinds::Number number;
    number.set_value(20);
    if (!co_await call.Write(number) || !co_await call.Write(number)) co_return -1;
    absl::StatusOr<kinds::Total> total = co_await std::move(call);
    co_return total.ok() ? total->value() : -1;
  });
  EXPECT_EQ(sum, 40);
}

TEST_F(FourKindsTest, AMethodStreamsBothWays) {
  const std::string text = rpc::Run([this]() -> rpc::Task<std::string> {
    auto chat = four_.Chat();
    kinds::Line line;
    line.set_text("there and back");
    if (!co_await chat.Write(line)) co_return chat.status().ToString();
    chat.Close();
    const kinds::Line* answer = co_await chat.Read();
    const std::string text = answer == nullptr ? "" : answer->text();
    if (co_await chat.Read() != nullptr) co_return "more than one line";
    co_return chat.status().ok() ? text : chat.status().ToString();
  });
  EXPECT_EQ(text, "there and back");
}

template <typename Reply>
absl::StatusCode CodeOf(rpc::Call<Reply> call) {
  return std::move(call).Wait().status().code();
}

TEST(UnimplementedTest, MethodsOfEveryKindSayThatTheyAreNot) {
  class NoFour final : public kinds::Four::Service {};
  Served<NoFour> served;
  const kinds::Four::Client four(served.channel());
  EXPECT_EQ(CodeOf(four.Say({})), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(CodeOf<kinds::Total>(four.Sum()), absl::StatusCode::kUnimplemented);
  const absl::StatusCode count = rpc::Run([&four]() -> rpc::Task<absl::StatusCode> {
    auto numbers = four.Count({});
    while (co_await numbers.Read() != nullptr) {
    }
    co_return numbers.status().code();
  });
  EXPECT_EQ(count, absl::StatusCode::kUnimplemented);
}

TEST(NamesTest, ServicesAndMethodsKeepTheirNamesOnTheWire) {
  EXPECT_EQ(kinds::Four::kName, "golden.kinds.Four");
  EXPECT_EQ(keywords::namespace_::kDelete, "golden.keywords.namespace/delete");
  EXPECT_EQ(keywords::Service_::kName_, "golden.keywords.Service/name");
  EXPECT_EQ(::NoPackage::kCall, "NoPackage/Call");
  EXPECT_EQ(a::b::c::Measure::kSize, "golden.a.b.c.Measure/Size");
}

TEST(NamesTest, TheTableOfAServiceListsItsMethodsInOrder) {
  const OwnFour four;
  ASSERT_EQ(four.methods().size(), 4u);
  EXPECT_EQ(four.methods()[0].name, kinds::Four::kSay);
  EXPECT_EQ(four.methods()[3].name, kinds::Four::kChat);
  class OwnNothing final : public Nothing::Service {};
  EXPECT_TRUE(OwnNothing().methods().empty());
}

TEST(KeywordsTest, MethodsWithNamesOfCppAnswer) {
  class Own final : public keywords::namespace_::Service {
   public:
    rpc::Task<> delete_(rpc::ServerContext&, const keywords::class_&,
                        keywords::class__delete&) override {
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const keywords::namespace_::Client client(served.channel());
  EXPECT_EQ(CodeOf(client.delete_({})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(client.errno_({})), absl::StatusCode::kUnimplemented);
}

TEST(KeywordsTest, MethodsWithNamesOfTheGeneratedClassesAnswer) {
  class Own final : public keywords::Service_::Service {
   public:
    rpc::Task<> name_(rpc::ServerContext&, const keywords::class_&, keywords::struct_&) override {
      return absl::OkStatus();
    }
    rpc::Task<> Client_(rpc::ServerContext&, const keywords::class_&, keywords::struct_&) override {
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const keywords::Service_::Client client(served.channel());
  EXPECT_EQ(CodeOf(client.name_({})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(client.Client_({})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(client.methods_({})), absl::StatusCode::kUnimplemented);
}

TEST(HiddenNamesTest, MessagesWithNamesOfTheGeneratedClassesTravel) {
  class Own final : public hidden::Hidden::Service {
   public:
    rpc::Task<> Hidden(rpc::ServerContext&, const hidden::Kept&, hidden::Kept&) override {
      return absl::OkStatus();
    }
    rpc::Task<> Echo(rpc::ServerContext&, const hidden::Echo&, hidden::Echo&) override {
      return absl::OkStatus();
    }
    rpc::Task<> Say(rpc::ServerContext&, const hidden::kSay&, hidden::request&) override {
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const hidden::Hidden::Client client(served.channel());
  EXPECT_EQ(CodeOf(client.Hidden({})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(client.Echo({})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(client.Say({})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(client.rpc({})), absl::StatusCode::kUnimplemented);
}

TEST(PackagesTest, AServiceWithoutAPackageAnswers) {
  class Own final : public ::NoPackage::Service {
   public:
    rpc::Task<> Call(rpc::ServerContext&, const ::NoPackageRequest&,
                     ::NoPackageReply& reply) override {
      reply.set_text("here");
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const ::NoPackage::Client client(served.channel());
  EXPECT_EQ(client.Call({}).Wait().value().text(), "here");
}

TEST(PackagesTest, MessagesOfOtherPackagesTravel) {
  class Own final : public a::b::c::Measure::Service {
   public:
    rpc::Task<> Size(rpc::ServerContext&, const a::b::c::Area& area,
                     a::b::c::Area_Size& size) override {
      size.set_square_metres(area.corners(0).x() * area.corners(0).y());
      return absl::OkStatus();
    }
    rpc::Task<> Name(rpc::ServerContext&, const a::Point&, a::Point_Name& name) override {
      name.set_text("origin");
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const a::b::c::Measure::Client client(served.channel());
  a::b::c::Area area;
  area.add_corners()->set_x(6);
  area.mutable_corners(0)->set_y(7);
  EXPECT_EQ(client.Size(area).Wait().value().square_metres(), 42u);
  EXPECT_EQ(client.Name({}).Wait().value().text(), "origin");
}

TEST(PackagesTest, APackageNamedRpcDoesNotHideTheLibrary) {
  class Own final : public my::rpc::Server::Service {
   public:
    ::rpc::Task<> Say(::rpc::ServerContext&, const my::rpc::Call&, my::rpc::Reply&) override {
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  EXPECT_EQ(CodeOf(my::rpc::Server::Client(served.channel()).Say({})), absl::StatusCode::kOk);
  class OwnApp final : public my::app::App::Service {};
  Served<OwnApp> app;
  EXPECT_EQ(CodeOf(my::app::App::Client(app.channel()).Start({})),
            absl::StatusCode::kUnimplemented);
}

TEST(WellKnownTypesTest, TheyTravel) {
  class Own final : public imports::Clock::Service {
   public:
    rpc::Task<> Now(rpc::ServerContext&, const google::protobuf::Empty&,
                    google::protobuf::Timestamp& now) override {
      now.set_seconds(1'000'000'000);
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const imports::Clock::Client clock(served.channel());
  EXPECT_EQ(clock.Now({}).Wait().value().seconds(), 1'000'000'000);
}

TEST(Proto2Test, RequiredFieldsGroupsAndExtensionsTravel) {
  class Own final : public proto2::Search::Service {
   public:
    rpc::Task<> Find(rpc::ServerContext&, const proto2::Query& query,
                     proto2::Answer& answer) override {
      answer.add_lines(query.text());
      answer.add_lines(std::to_string(query.page().number()));
      answer.add_lines(query.GetExtension(proto2::exact) ? "exact" : "about");
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  proto2::Query query;
  query.set_text("text");
  query.mutable_page()->set_number(3);
  query.SetExtension(proto2::exact, true);
  const proto2::Answer answer = proto2::Search::Client(served.channel()).Find(query).Wait().value();
  EXPECT_EQ(answer.lines(0) + answer.lines(1) + answer.lines(2), "text3exact");
}

TEST(DeprecatedTest, WhatIsDeprecatedIsStillServedWithoutAWarning) {
  class Own final : public deprecated::Mixed::Service {
   public:
    rpc::Task<> Stale(rpc::ServerContext&, const deprecated::Request&,
                      deprecated::Reply&) override {
      return absl::OkStatus();
    }
  };
  Served<Own> served;
  const deprecated::Mixed::Client mixed(served.channel());
  EXPECT_EQ(CodeOf(mixed.Fresh({})), absl::StatusCode::kUnimplemented);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  EXPECT_EQ(CodeOf(mixed.Stale({})), absl::StatusCode::kOk);
#pragma GCC diagnostic pop
}

}  // namespace
}  // namespace golden
