#include "rpc/net/tls_sessions.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace rpc::net {
namespace {

bool IsUsable(const SSL_SESSION* session) {
  const long end_s = SSL_SESSION_get_time(session) + SSL_SESSION_get_timeout(session);
  return SSL_SESSION_is_resumable(session) == 1 && std::time(nullptr) < end_s;
}

bool IsForOnce(const SSL_SESSION* session) {
  return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

}  // namespace

SslSession TlsSessions::Take(const std::string& server) {
  std::lock_guard lock(mutex_);
  const auto found = servers_.find(server);
  if (found == servers_.end()) return nullptr;
  found->second.used = ++uses_;
  std::vector<SslSession>& sessions = found->second.sessions;
  while (!sessions.empty() && !IsUsable(sessions.back().get())) sessions.pop_back();
  if (sessions.empty()) return nullptr;
  if (!IsForOnce(sessions.back().get())) {
    SSL_SESSION_up_ref(sessions.back().get());
    return SslSession(sessions.back().get());
  }
  SslSession session = std::move(sessions.back());
  sessions.pop_back();
  return session;
}

void TlsSessions::Put(const std::string& server, SslSession session) {
  std::lock_guard lock(mutex_);
  if (!servers_.contains(server)) MakeRoom();
  Server& entry = servers_[server];
  entry.used = ++uses_;
  if (entry.sessions.size() == kSessionsPerServerMax) entry.sessions.erase(entry.sessions.begin());
  entry.sessions.push_back(std::move(session));
}

void TlsSessions::Forget(const std::string& server) {
  std::lock_guard lock(mutex_);
  servers_.erase(server);
}

size_t TlsSessions::server_count() {
  std::lock_guard lock(mutex_);
  return servers_.size();
}

size_t TlsSessions::session_count() {
  std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const auto& [name, server] : servers_) count += server.sessions.size();
  return count;
}

void TlsSessions::MakeRoom() {
  if (servers_.size() < kServersMax) return;
  servers_.erase(std::ranges::min_element(servers_, {},
                                          [](const auto& server) { return server.second.used; }));
}

}  // namespace rpc::net
