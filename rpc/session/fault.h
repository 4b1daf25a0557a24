// Mistakes that the sessions make on purpose, in a build of their own: the simulation has to find
// each of them (tests/simulation/README.md). In every other build Broken() is a constant false.
#pragma once

#include <cstdint>

namespace rpc::session {

enum class Fault : uint8_t {
  kNone,
  kCallLeaked,           // the record of a call that was cancelled stays
  kCreditNotReturned,    // what the application reads is not granted again
  kEndTwice,             // END is written twice
  kMd5NotChecked,        // bodies are taken as they come
  kUnseenAfterHandling,  // a call that a handler saw is told to be unseen
  kPartsOutOfOrder,      // the parts of a message are put together backwards
  kDeadlineForgotten,    // the server lets handlers run on
  kCancelNotForwarded,   // the client tells nobody that it gave a call up
  kGoawayCallsLost,      // calls that a GOAWAY says were unseen are left to wait
  kToldAfterCancel,      // what was to be told of a call is told after it was given up
  kEndBeforeMessages,    // the END is told, and the messages before it are dropped
  kMemoryNotCounted,     // inboxes cost nothing
  kWakeupLost,           // a writer is not told that it may go on
  kDrainLosesCalls,      // a drain ends the connection while calls are open
  kSlotFreedEarly,       // a cancelled call makes room for another while its handler runs
  kKeepaliveAsleep,      // a peer that is silent is believed to be alive
  kMessageTwice,         // a message that waited is given twice
  kCreditIgnored,        // parts are sent without credit
  // Over datagrams.
  kDatagramMd5NotChecked,    // bodies are taken as they come
  kDatagramForgottenEarly,   // a call is forgotten when it has been answered
  kDatagramSourceIgnored,    // calls of different sources are taken for each other
  kDatagramReplyOfAnySize,   // a reply may be many times as large as its CALL
  kDatagramEntryLeaked,      // what is remembered of a call stays
  kDatagramSessionIgnored,   // a client takes the END of another session
  kDatagramRepeatsLost,      // a client sends its CALL once
  kDatagramToldAfterCancel,  // what was to be told of a call is told after it was given up
};

#ifdef RPC_BROKEN_VARIANTS
inline Fault broken = Fault::kNone;
inline bool Broken(Fault fault) { return broken == fault; }
#else
constexpr bool Broken(Fault) { return false; }
#endif

}  // namespace rpc::session
