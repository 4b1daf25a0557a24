// main() of the tests of attacks: runs them, or is the server that they attack.
#include <csignal>
#include <cstring>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacked_server.h"

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "--serve") == 0) {
    return rpc::attacks::AttackedServer::Serve(argv[2], argv[3]);
  }
  std::signal(SIGPIPE, SIG_IGN);  // a server that has ended is a failure, not the end of the test
  testing::InitGoogleMock(&argc, argv);
  rpc::attacks::RaiseDescriptorLimit();  // the servers inherit it
  return RUN_ALL_TESTS();
}
