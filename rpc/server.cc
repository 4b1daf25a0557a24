#include "rpc/server.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "rpc/net/address.h"
#include "rpc/net/signals.h"
#include "rpc/net/socket.h"
#include "rpc/runtime/channel_core.h"
#include "rpc/runtime/door.h"
#include "rpc/runtime/duration.h"
#include "rpc/runtime/limiter.h"
#include "rpc/runtime/server_loop.h"
#include "rpc/runtime/service_table.h"

namespace rpc {
namespace {

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

using runtime::LimitUs;
using runtime::ToUs;

// By whoever started this program, as nohup does.
bool IsIgnored(int signal_number) {
  struct sigaction action = {};
  sigaction(signal_number, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

absl::Status CheckTls(const net::Address& address, const ListenOptions& options) {
  const std::string text = net::ToString(address);
  const bool given = options.tls != nullptr;
  if (address.scheme == net::Scheme::kTls && !given) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot listen on ", text, ": it needs a certificate, see ListenOptions::tls"));
  }
  if (given && address.scheme != net::Scheme::kTls && address.scheme != net::Scheme::kUnix) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot listen on ", text, " with a certificate: TLS is for tls:// and unix:"));
  }
  if (given && options.tls->is_client()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot listen on ", text, " with a Tls for clients: Tls::Server makes one for listeners"));
  }
  return absl::OkStatus();
}

}  // namespace

struct Server::Core {
  // A loop with its part of the server and, unless the loop is the application's, its thread.
  struct Worker {
    std::unique_ptr<Loop> owned;
    Loop* loop = nullptr;
    std::unique_ptr<runtime::ServerLoop> part;
    std::thread thread;
  };

  // An address, and how it is served.
  struct Place {
    net::Listening listening;
    bool datagrams = false;
    session::DatagramLimits datagram_limits = {};
    runtime::EntranceRules rules = {};
  };

  ServerOptions options;
  runtime::ServiceTable table;
  std::vector<std::unique_ptr<Place>> places;
  std::vector<Worker> workers;
  std::shared_ptr<runtime::Door> door = std::make_shared<runtime::Door>();
  std::unique_ptr<net::Signals> signals;  // of the first worker's loop

  std::mutex mutex;
  std::condition_variable changed;
  bool started = false;    // guarded by the mutex
  size_t running = 0;      // workers that are not over; guarded by the mutex
  bool signalled = false;  // of the first worker's loop

  bool measured = false;
  absl::Time started_at = absl::InfinitePast();
  net::TimeUs started_us = 0;
  std::atomic<bool> shutting_down = false;

  size_t loops() const {
    return options.loop != nullptr ? 1 : static_cast<size_t>(std::max(1, options.threads));
  }

  bool is_started() {
    std::lock_guard lock(mutex);
    return started;
  }
  void CheckNotStarted(const char* what);
  void SetRules(const ListenOptions& listen, runtime::EntranceRules* rules) const;
  session::Limits LimitsOf(const net::Tls* tls) const;
  void Serve(runtime::ServerLoop* part, size_t index);
  void AddWorker();
  absl::Status StartThreads();
  void GiveUp(size_t threads);
  void StartShutdown(absl::Duration timeout);
  void CatchSignals();
  void OnSignal(int number);
  bool HasCertificates() const;
  absl::Status ReloadCertificates();
  void OnOver();
  bool IsOver();
  absl::Status Result() const;
  void End();
  ServerCounters counters() const;
  ServerStatistics statistics() const;
};

Server::Server(const ServerOptions& options) : core_(new Core) { core_->options = options; }

Server::~Server() { core_->End(); }

void Server::Add(std::shared_ptr<Service> service) {
  core_->CheckNotStarted("Add");
  for (const Method& method : service->methods()) {
    auto served = std::make_unique<runtime::ServedMethod>();
    served->single_request = method.single_request;
    served->single_reply = method.single_reply;
    served->name = std::string(method.name);
    served->index = core_->table.methods.size();
    served->service = service.get();
    served->new_call = method.new_call;
    if (!core_->table.by_name.emplace(served->name, served.get()).second) {
      std::fprintf(stderr, "rpc: %s is served already\n", served->name.c_str());
      std::abort();
    }
    core_->table.methods.push_back(std::move(served));
  }
  core_->table.services.push_back(std::move(service));
}

void Server::Use(Interceptor interceptor) {
  core_->CheckNotStarted("Use");
  core_->table.interceptors.push_back(std::move(interceptor));
}

void Server::Measure() {
  core_->CheckNotStarted("Measure");
  core_->measured = true;
}

absl::Status Server::Limit(std::string_view method, size_t calls_max, size_t waiting_max) {
  if (core_->is_started()) return absl::FailedPreconditionError("Limit comes before Start");
  if (calls_max == 0) return absl::InvalidArgumentError("a limit of 0 calls would admit none");
  runtime::ServedMethod* served = core_->table.Find(method);
  if (served == nullptr) {
    return absl::NotFoundError(absl::StrCat("no service has a method \"", Absl(method), "\""));
  }
  served->limiter = std::make_unique<runtime::Limiter>(served->name, calls_max, waiting_max);
  return absl::OkStatus();
}

absl::Status Server::Listen(std::string_view address, const ListenOptions& options) {
  if (core_->is_started()) return absl::FailedPreconditionError("Listen comes before Start");
  const absl::StatusOr<net::Address> parsed = net::ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  if (absl::Status s = CheckTls(*parsed, options); !s.ok()) return s;
  absl::StatusOr<std::vector<net::Listening>> opened =
      net::Listen(*parsed, core_->loops(), options.socket);
  if (!opened.ok()) return opened.status();
  for (net::Listening& each : *opened) {
    auto place = std::make_unique<Core::Place>();
    place->listening = std::move(each);
    place->datagrams = parsed->scheme == net::Scheme::kUdp;
    place->datagram_limits = options.datagrams;
    core_->SetRules(options, &place->rules);
    core_->places.push_back(std::move(place));
  }
  return absl::OkStatus();
}

// One by one: g++ 12 warns of the whole, assigned at once.
void Server::Core::SetRules(const ListenOptions& listen, runtime::EntranceRules* rules) const {
  if (listen.tls != nullptr) rules->tls.emplace(*listen.tls);
  rules->plain_allowed = listen.plain_allowed;
  rules->gate.timeout_us = LimitUs(options.handshake_timeout);
  rules->gate.waiting_max = std::max<size_t>(1, options.handshakes_max);
  rules->limits = LimitsOf(nullptr);
  rules->secure_limits = LimitsOf(listen.tls);
}

session::Limits Server::Core::LimitsOf(const net::Tls* tls) const {
  session::Limits limits = options.limits;
  limits.idle_timeout_us = std::min(limits.idle_timeout_us, LimitUs(options.idle_timeout));
  limits.age_max_us = std::min(limits.age_max_us, LimitUs(options.connection_age_max));
  if (tls != nullptr) limits.md5_waived = limits.md5_waived || tls->md5_waived();
  return limits;
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& place : core_->places) {
    // A name that certificates are for may stand for several addresses.
    const std::string& address = place->listening.address;
    if (addresses.empty() || addresses.back() != address) addresses.push_back(address);
  }
  return addresses;
}

std::vector<std::string> Server::services() const {
  std::vector<std::string> names;
  for (const auto& service : core_->table.services) names.emplace_back(service->name());
  return names;
}

const Service* Server::FindService(std::string_view name) const {
  for (const auto& service : core_->table.services) {
    if (service->name() == name) return service.get();
  }
  return nullptr;
}

absl::Status Server::Start() {
  if (core_->options.loop == nullptr) {
    if (absl::Status s = net::CheckDescriptors(core_->loops()); !s.ok()) return s;
  }
  {
    std::lock_guard lock(core_->mutex);
    if (std::exchange(core_->started, true)) {
      return absl::FailedPreconditionError("the server has been started before");
    }
    core_->running = core_->loops();
  }
  core_->started_at = absl::Now();
  core_->started_us = net::ClockUs();
  if (core_->options.calls_max > 0) {
    core_->table.limiter = std::make_unique<runtime::Limiter>(
        "the server", core_->options.calls_max, core_->options.calls_waiting_max);
  }
  std::vector<runtime::ServerLoop*> parts;
  for (size_t i = 0; i < core_->loops(); ++i) {
    core_->AddWorker();
    parts.push_back(core_->workers.back().part.get());
    core_->Serve(parts[i], i);
  }
  core_->door->Open(std::move(parts));
  if (core_->options.loop != nullptr) return absl::OkStatus();
  return core_->StartThreads();
}

absl::Status Server::Core::StartThreads() {
  for (size_t i = 0; i < workers.size(); ++i) {
    try {
      workers[i].thread = std::thread([loop = workers[i].loop] { loop->Run(); });
    } catch (const std::system_error& error) {
      GiveUp(i);
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot start thread ", i + 1, " of ", workers.size(),
                       " for the server: ", error.code().message()));
    }
  }
  return absl::OkStatus();
}

// With the first `threads` loops on their way: the others, which have no thread, end on this one.
void Server::Core::GiveUp(size_t threads) {
  StartShutdown(absl::ZeroDuration());
  for (size_t i = threads; i < workers.size(); ++i) {
    workers[i].loop->Stop();
    workers[i].loop->Run();
  }
}

void Server::Core::Serve(runtime::ServerLoop* part, size_t index) {
  for (const std::unique_ptr<Place>& place : places) {
    net::Descriptor socket = std::move(place->listening.sockets[index]);
    if (place->datagrams) {
      part->ListenForDatagrams(std::move(socket), place->datagram_limits);
    } else {
      part->Listen(std::move(socket), &place->rules);
    }
  }
}

// The loops read what is set up, without a lock.
void Server::Core::CheckNotStarted(const char* what) {
  if (!is_started()) return;
  std::fprintf(stderr, "rpc: Server::%s comes before Start\n", what);
  std::abort();
}

void Server::Core::AddWorker() {
  Worker worker;
  if (options.loop == nullptr) worker.owned = std::make_unique<Loop>();
  worker.loop = options.loop != nullptr ? options.loop : worker.owned.get();
  worker.loop->SpinFor(ToUs(options.busy_poll));
  worker.part = std::make_unique<runtime::ServerLoop>(
      worker.loop, &table,
      runtime::ServerLoop::Settings{.limits = LimitsOf(nullptr),
                                    .connections_max = options.connections_max,
                                    .measured = measured});
  workers.push_back(std::move(worker));
}

absl::Status Server::Run() {
  if (core_->options.loop != nullptr) {
    return absl::FailedPreconditionError(
        "the application turns this server's loop: use Start and ShutdownOnSignals");
  }
  if (absl::Status s = Start(); !s.ok()) return s;
  ShutdownOnSignals();
  return Wait();
}

void Server::ShutdownOnSignals() {
  if (!core_->is_started()) {
    std::fprintf(stderr, "rpc: Server::ShutdownOnSignals comes after Start\n");
    std::abort();
  }
  Loop* const loop = core_->workers.front().loop;
  if (loop->IsCurrent()) return core_->CatchSignals();
  std::promise<void> caught;
  loop->Post([this, &caught] {
    core_->CatchSignals();
    caught.set_value();
  });
  caught.get_future().wait();
}

void Server::Core::CatchSignals() {
  std::vector<int> numbers = {SIGINT, SIGTERM};
  if (HasCertificates() || !IsIgnored(SIGHUP)) numbers.push_back(SIGHUP);
  signals = std::make_unique<net::Signals>(workers.front().loop, numbers,
                                           [this](int number) { OnSignal(number); });
}

void Server::Core::OnSignal(int number) {
  if (number == SIGHUP && HasCertificates()) {
    const absl::Status status = ReloadCertificates();
    const std::string outcome = status.ok() ? "read again"
                                            : absl::StrCat(std::string(status.message()),
                                                           "; those that were read before stay");
    std::fprintf(stderr, "rpc: SIGHUP: certificates: %s\n", outcome.c_str());
    return;
  }
  const bool again = std::exchange(signalled, true);
  const uint64_t open = counters().calls_open;
  if (!again && open > 0) {
    std::fprintf(stderr, "rpc: calls that may end within %s: %llu; another signal ends them now\n",
                 absl::FormatDuration(options.drain_timeout).c_str(),
                 static_cast<unsigned long long>(open));
  }
  StartShutdown(again ? absl::ZeroDuration() : options.drain_timeout);
}

bool Server::Core::HasCertificates() const {
  return std::any_of(places.begin(), places.end(),
                     [](const auto& place) { return place->rules.tls.has_value(); });
}

absl::Status Server::ReloadCertificates() { return core_->ReloadCertificates(); }

absl::Status Server::Core::ReloadCertificates() {
  absl::Status result;
  for (const std::unique_ptr<Place>& place : places) {
    if (place->rules.tls.has_value()) result.Update(place->rules.tls->Reload());
  }
  return result;
}

void Server::StartShutdown(absl::Duration timeout) { core_->StartShutdown(timeout); }

void Server::Core::StartShutdown(absl::Duration timeout) {
  const net::TimeUs timeout_us = std::min<net::TimeUs>(ToUs(timeout), net::TimeUs{1} << 50);
  shutting_down = true;
  for (Worker& worker : workers) {
    worker.loop->Post([this, &worker, timeout_us] {
      worker.part->Drain(worker.loop->now_us() + timeout_us, [this] { OnOver(); });
    });
  }
}

void Server::Core::OnOver() {
  std::lock_guard lock(mutex);
  if (--running == 0) {
    for (Worker& worker : workers) {
      worker.loop->Post([part = worker.part.get()] { part->CloseDatagrams(); });
    }
  }
  changed.notify_all();
}

absl::Status Server::Wait() {
  for (const Core::Worker& worker : core_->workers) {
    if (!worker.loop->IsCurrent()) continue;
    return absl::FailedPreconditionError(
        "Wait on a loop of the server itself would never return: use StartShutdown");
  }
  std::unique_lock lock(core_->mutex);
  if (!core_->started) return absl::FailedPreconditionError("the server has not been started");
  core_->changed.wait(lock, [this] { return core_->running == 0; });
  return core_->Result();
}

absl::Status Server::Core::Result() const {
  uint64_t cut = 0;
  for (const Worker& worker : workers) cut += worker.part->calls_cut();
  if (cut == 0) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("calls that had to be cancelled when the server shut down: ", cut));
}

absl::Status Server::Shutdown(absl::Duration timeout) {
  core_->StartShutdown(timeout);
  return Wait();
}

// Everything that the loops refer to goes after they have ended.
void Server::Core::End() {
  door->Close();
  if (options.loop == nullptr && !workers.empty()) {
    StartShutdown(absl::ZeroDuration());
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return running == 0; });
  }
  for (Worker& worker : workers) {
    if (!worker.owned) continue;
    worker.loop->Post([this, &worker] {
      if (&worker == &workers.front()) signals = nullptr;
    });
    worker.loop->Stop();
    if (worker.thread.joinable()) worker.thread.join();
  }
  signals = nullptr;
  // As long as one of them is in sight something may be posted to it (OnOver), and the loop may be
  // the application's and go on.
  const std::vector<Worker> last = std::exchange(workers, {});
}

Channel Server::InProcess(const ChannelOptions& options) {
  (void)Start();
  return Channel(runtime::ChannelCore::Through(core_->door, options));
}

bool Server::shutting_down() const { return core_->shutting_down; }

ServerCounters Server::counters() const { return core_->counters(); }

ServerCounters Server::Core::counters() const {
  ServerCounters sum;
  for (const Worker& worker : workers) worker.part->AddTo(&sum);
  return sum;
}

ServerStatistics Server::statistics() const { return core_->statistics(); }

ServerStatistics Server::Core::statistics() const {
  ServerStatistics sum;
  sum.started = started_at;
  if (started_us > 0) sum.uptime = absl::Microseconds(net::ClockUs() - started_us);
  for (const auto& method : table.methods) sum.methods.emplace_back().name = method->name;
  for (const Worker& worker : workers) worker.part->AddTo(&sum);
  return sum;
}

}  // namespace rpc
