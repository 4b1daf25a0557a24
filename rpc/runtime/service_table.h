// What a server serves: its methods by name, each with its limit, and what surrounds every call.
//
// Internal. Built before the server starts, and after that only read, by all of its loops.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rpc/runtime/limiter.h"
#include "rpc/service.h"
#include "rpc/session/server_session.h"

namespace rpc::runtime {

// A method of a service, and what a session has to know of it.
struct ServedMethod : session::Method {
  std::string name;
  size_t index = 0;  // among all methods of the server
  rpc::Service* service = nullptr;
  std::unique_ptr<ServerCall> (*new_call)(net::Loop*) = nullptr;
  std::unique_ptr<Limiter> limiter;  // null when there is no limit of its own
};

struct ServiceTable {
  std::vector<std::shared_ptr<rpc::Service>> services;
  std::vector<std::unique_ptr<ServedMethod>> methods;
  absl::flat_hash_map<std::string, ServedMethod*> by_name;
  std::vector<Interceptor> interceptors;
  std::unique_ptr<Limiter> limiter;  // of the whole server; null when there is none

  ServedMethod* Find(std::string_view name) const {
    const auto found = by_name.find(absl::string_view(name.data(), name.size()));
    return found == by_name.end() ? nullptr : found->second;
  }
};

}  // namespace rpc::runtime
