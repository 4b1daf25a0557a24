// Carries datagrams between addresses, and now and then does not: they are lost, copied, late,
// overtaken, damaged. Keeps account of what a server sends to each address, so that it is never
// more than 3 times what came from there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "tests/simulation/datagram_scenario.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

inline constexpr std::string_view kServerAddress = "server";

class DatagramNetwork {
 public:
  using Receiver = std::function<void(const std::string& source, std::string_view bytes)>;

  DatagramNetwork(World* world, const DatagramScenario* scenario)
      : world_(world), scenario_(scenario) {}

  // What arrives at `address` goes to `receiver`; what arrives at no one's is lost.
  void Listen(const std::string& address, Receiver receiver) { receivers_[address] = receiver; }
  // Told of each datagram to the server, and of each address with a header damaged on its way.
  std::function<void(const std::string& source, std::string_view bytes)> on_overheard;
  std::function<void(const std::string& address)> on_header_flip;

  void Send(const std::string& source, const std::string& destination, std::string_view bytes);
  // Without chance: by strangers.
  void Inject(const std::string& source, const std::string& destination, std::string bytes);

 private:
  TimeUs Delay();
  void Damage(const std::string& source, const std::string& destination, std::string* bytes);
  void Flip(std::string* bytes, size_t first, size_t end);
  void CheckAmplification(const std::string& destination, size_t size);
  void Deliver(const std::string& source, const std::string& destination, std::string_view bytes);

  World* world_;
  const DatagramScenario* scenario_;
  std::map<std::string, Receiver> receivers_;
  std::map<std::string, uint64_t> received_from_;  // bytes that the server got
  std::map<std::string, uint64_t> sent_to_;        // and that it sent
};

}  // namespace rpc::simulation
