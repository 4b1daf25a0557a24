// The chat service as servers offer it: rooms in which all hear what each says.
//
//     server.Add(std::make_shared<chat::ChatService>());
//
// README.md tells the rules and the limits. Threads: any number of loops may serve it.
#pragma once

#include "absl/time/clock.h"
#include "rpc/rpc.h"
#include "services/chat/chat.rpc.h"
#include "services/chat/limits.h"
#include "services/chat/rooms.h"

namespace chat {

class ChatService final : public Chat::Service {
 public:
  explicit ChatService(const Limits& limits = {}, Clock clock = absl::Now);

  rpc::Task<> Join(rpc::ServerContext& context, rpc::Stream<Say, Heard>& stream) override;
  rpc::Task<> Post(rpc::ServerContext& context, const PostRequest& request,
                   PostReply& reply) override;
  rpc::Task<> Poll(rpc::ServerContext& context, const PollRequest& request,
                   PollReply& reply) override;
  rpc::Task<> Leave(rpc::ServerContext& context, const LeaveRequest& request,
                    LeaveReply& reply) override;
  rpc::Task<> Rooms(rpc::ServerContext& context, const RoomsRequest& request,
                    RoomsReply& reply) override;
  rpc::Task<> Who(rpc::ServerContext& context, const WhoRequest& request, WhoReply& reply) override;

 private:
  chat::Rooms rooms_;
};

}  // namespace chat
