// What generated code needs to serve: a service is a table of its methods, each with the function
// that handles it.
//
//     class EchoService final : public Echo::Service {
//       rpc::Task<> Say(rpc::ServerContext&, const SayRequest& request, SayReply& reply) override;
//     };
//
// A handler gets its messages by reference; they, the context and the streams live until its
// coroutine has ended. What it returns is the status of the call; an exception that leaves it is
// INTERNAL to the client, and what it says is in the log only.
//
// Threads: a handler runs on the loop of its connection. A server with several threads calls one
// service from all of them at once.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/context.h"
#include "rpc/runtime/server_call.h"
#include "rpc/stream.h"
#include "rpc/task.h"

namespace rpc {

// One method, as a service lists it.
struct Method {
  std::string_view name;  // package.Service/Method
  bool single_request = false;
  bool single_reply = false;
  std::unique_ptr<runtime::ServerCall> (*new_call)(net::Loop* loop) = nullptr;
};

class Service {
 public:
  virtual ~Service() = default;

  // `package.Service`.
  virtual std::string_view name() const = 0;
  virtual std::span<const Method> methods() const = 0;

  // The comments of its .proto files, for reflection: a google.protobuf.FileDescriptorSet, of which
  // each file has its name and source_code_info only. Empty when there are none.
  virtual std::string_view comments() const { return {}; }

 protected:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
};

// What a method that is not overridden answers.
Task<> Unimplemented(std::string_view method);

// The rest of a call, for an interceptor: `absl::Status status = co_await next();`. To be called at
// most once.
class Next {
 public:
  Next(runtime::ServerCall* call, size_t index) : call_(call), index_(index) {}

  Task<> operator()() const { return call_->Handle(index_); }

 private:
  runtime::ServerCall* call_;
  size_t index_;
};

// A coroutine around each call: it may refuse (return a status and not call next), look at the
// metadata, measure, and change the status.
//
//     server.Use([](rpc::ServerContext& context, rpc::Next next) -> rpc::Task<> {
//       if (!context.metadata().Get("token")) co_return absl::UnauthenticatedError("no token");
//       co_return co_await next();
//     });
using Interceptor = std::function<Task<>(ServerContext&, Next)>;

namespace runtime {

template <auto kHandler, typename S, typename Request, typename Reply>
class UnaryServerCall final : public ServerCall {
 public:
  explicit UnaryServerCall(net::Loop* loop) : ServerCall(loop) {}

 private:
  Task<> Invoke() override {
    return (static_cast<S*>(service())->*kHandler)(context(), request_, reply_);
  }
  google::protobuf::MessageLite* request() override { return &request_; }
  google::protobuf::MessageLite* reply() override { return &reply_; }
  void Clear() override { reply_.Clear(); }

  Request request_;
  Reply reply_;
};

template <auto kHandler, typename S, typename Request, typename Out>
class WritingServerCall final : public ServerCall {
 public:
  explicit WritingServerCall(net::Loop* loop) : ServerCall(loop), writer_(this) {}

 private:
  Task<> Invoke() override {
    return (static_cast<S*>(service())->*kHandler)(context(), request_, writer_);
  }
  google::protobuf::MessageLite* request() override { return &request_; }
  void Clear() override {}

  Request request_;
  Writer<Out> writer_;
};

template <auto kHandler, typename S, typename In, typename Reply>
class ReadingServerCall final : public ServerCall {
 public:
  explicit ReadingServerCall(net::Loop* loop) : ServerCall(loop), reader_(this) {}

 private:
  Task<> Invoke() override {
    return (static_cast<S*>(service())->*kHandler)(context(), reader_, reply_);
  }
  google::protobuf::MessageLite* reply() override { return &reply_; }
  void Clear() override {
    reader_.Clear();
    reply_.Clear();
  }

  Reader<In> reader_;
  Reply reply_;
};

template <auto kHandler, typename S, typename In, typename Out>
class StreamServerCall final : public ServerCall {
 public:
  explicit StreamServerCall(net::Loop* loop) : ServerCall(loop), stream_(this) {}

 private:
  Task<> Invoke() override { return (static_cast<S*>(service())->*kHandler)(context(), stream_); }
  void Clear() override { stream_.Clear(); }

  Stream<In, Out> stream_;
};

template <typename Call>
std::unique_ptr<ServerCall> NewCall(net::Loop* loop) {
  return std::make_unique<Call>(loop);
}

// Which kind of method a handler is, told by its parameters.
template <auto kHandler, typename S, typename Request, typename Reply>
constexpr Method Describe(std::string_view name,
                          Task<> (S::*)(ServerContext&, const Request&, Reply&)) {
  return {name, true, true, NewCall<UnaryServerCall<kHandler, S, Request, Reply>>};
}

template <auto kHandler, typename S, typename Request, typename Out>
constexpr Method Describe(std::string_view name,
                          Task<> (S::*)(ServerContext&, const Request&, Writer<Out>&)) {
  return {name, true, false, NewCall<WritingServerCall<kHandler, S, Request, Out>>};
}

template <auto kHandler, typename S, typename In, typename Reply>
constexpr Method Describe(std::string_view name,
                          Task<> (S::*)(ServerContext&, Reader<In>&, Reply&)) {
  return {name, false, true, NewCall<ReadingServerCall<kHandler, S, In, Reply>>};
}

template <auto kHandler, typename S, typename In, typename Out>
constexpr Method Describe(std::string_view name, Task<> (S::*)(ServerContext&, Stream<In, Out>&)) {
  return {name, false, false, NewCall<StreamServerCall<kHandler, S, In, Out>>};
}

}  // namespace runtime

// The entry of a service's table for one of its virtual functions: MethodOf<&Service::Say>(kSay).
template <auto kHandler>
constexpr Method MethodOf(std::string_view name) {
  return runtime::Describe<kHandler>(name, kHandler);
}

}  // namespace rpc
