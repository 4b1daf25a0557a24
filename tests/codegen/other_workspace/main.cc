#include <iostream>
#include <memory>

#include "hello/hello.rpc.h"
#include "rpc/rpc.h"

class HelloService final : public hello::Hello::Service {
 public:
  rpc::Task<> Greet(rpc::ServerContext&, const hello::Name& name,
                    hello::Greeting& greeting) override {
    greeting.set_text("Hello, " + name.first() + "!");
    return absl::OkStatus();
  }
};

int main() {
  rpc::Server server;
  server.Add(std::make_unique<HelloService>());
  hello::Hello::Client client(server.InProcess());
  hello::Name name;
  name.set_first("world");
  absl::StatusOr<hello::Greeting> greeting = client.Greet(name).Wait();
  if (!greeting.ok()) return rpc::Fail(greeting.status());
  std::cout << greeting->text() << std::endl;
}
