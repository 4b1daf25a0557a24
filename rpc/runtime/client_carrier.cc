#include "rpc/runtime/client_carrier.h"

#include "rpc/runtime/loop_channel.h"

namespace rpc::runtime {

void ClientCarrier::OnCallEnded() {
  if (single_use_) Shutdown();
  channel_->OnRoom();
}

void ClientCarrier::EndCalls(const absl::Status& why) {
  while (ClientCall::Place* place = calls_.front()) place->call->Cancel(why);
}

}  // namespace rpc::runtime
