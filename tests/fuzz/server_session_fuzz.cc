// A server session, fed by a hostile client: bytes of any kind, frames of every kind, an
// application that acts in between, time that passes, transports that break.
#include "tests/fuzz/made_frame.h"
#include "tests/fuzz/session_side.h"

using rpc::Choices;
using rpc::session::MadeFrame;
using rpc::session::Peer;
using rpc::session::ServerSide;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Choices choices(data, size);
  ServerSide server(choices, Peer::kHostile);
  while (!choices.done()) {
    switch (choices.UpTo(7)) {
      case 0:
        server.Feed(choices.Bytes(choices.Byte()));
        break;
      case 1:
      case 2:
      case 3:
        server.Feed(MadeFrame(choices));
        break;
      case 4:
        server.Take(10 * choices.Byte());
        break;
      case 5:
      case 6:
        server.Act(choices);
        break;
      case 7:
        server.Wait(ServerSide::ChooseWait(choices));
        if (choices.UpTo(20) == 20) server.Break(choices);
        break;
    }
  }
  server.Finish();
  return 0;
}
