// A client session, fed by a hostile server: bytes of any kind, frames of every kind, an
// application that acts in between, time that passes, transports that break.
#include "tests/fuzz/made_frame.h"
#include "tests/fuzz/session_side.h"

using rpc::Choices;
using rpc::session::ClientSide;
using rpc::session::MadeFrame;
using rpc::session::Peer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Choices choices(data, size);
  ClientSide client(choices, Peer::kHostile);
  while (!choices.done()) {
    switch (choices.UpTo(7)) {
      case 0:
        client.Feed(choices.Bytes(choices.Byte()));
        break;
      case 1:
      case 2:
      case 3:
        client.Feed(MadeFrame(choices));
        break;
      case 4:
        client.Take(10 * choices.Byte());
        break;
      case 5:
      case 6:
        client.Act(choices);
        break;
      case 7:
        client.Wait(ClientSide::ChooseWait(choices));
        if (choices.UpTo(20) == 20) client.Break(choices);
        break;
    }
  }
  client.Finish();
  return 0;
}
