#include "services/cli/dump.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/net/loop.h"
#include "services/cli/failure.h"
#include "services/cli/frame_log.h"
#include "services/cli/proxy.h"
#include "services/cli/recording.h"
#include "services/cli/stop_signals.h"
#include "services/cli/style.h"
#include "services/terminal/printer.h"

namespace cli {
namespace {

namespace net = rpc::net;

// Prints what passes, and stores it.
class Watcher final : public ProxyWatcher {
 public:
  // Without a recorder nothing is stored. `on_failure` ends it all: what is seen from then on would
  // be missing in the file, or in what is printed.
  Watcher(FrameLog* log, terminal::Printer* printer, std::function<void(absl::Status)> on_failure)
      : log_(log), printer_(printer), on_failure_(std::move(on_failure)) {}

  void set_recorder(Recorder* recorder) { recorder_ = recorder; }

  void OnOpened(uint32_t connection, const std::string& by) override {
    Store(Event::Kind::kOpened, connection, by);
    log_->Opened(Now(), connection, by);
    CheckPrinted();
  }
  void OnBytes(uint32_t connection, Direction direction, std::string_view bytes) override {
    const bool to_server = direction == Direction::kToServer;
    Store(to_server ? Event::Kind::kToServer : Event::Kind::kToClient, connection, bytes);
    log_->Bytes(Now(), connection, direction, bytes);
    CheckPrinted();
  }
  void OnEnded(uint32_t connection, Direction direction) override {
    const bool to_server = direction == Direction::kToServer;
    Store(to_server ? Event::Kind::kClientEnded : Event::Kind::kServerEnded, connection, "");
    log_->Ended(Now(), connection, direction);
    CheckPrinted();
  }
  void OnClosed(uint32_t connection, const absl::Status& why) override {
    const std::string sentence = absl::StrCat(std::string(why.message()), Advice(why));
    Store(Event::Kind::kClosed, connection, sentence);
    log_->Closed(Now(), connection, sentence);
    CheckPrinted();
  }
  void OnRefused(const absl::Status& why) override { (void)FailHere(why); }

 private:
  absl::Duration Now() const { return absl::Microseconds(net::ClockUs() - began_us_); }

  void Store(Event::Kind kind, uint32_t connection, std::string_view bytes) {
    if (recorder_ == nullptr) return;
    const absl::Status status =
        recorder_->Write({.kind = kind, .connection = connection, .at = Now(), .bytes = bytes});
    if (!status.ok()) on_failure_(status);
  }
  void CheckPrinted() {
    if (!printer_->status().ok()) on_failure_(printer_->status());
  }

  FrameLog* const log_;
  terminal::Printer* const printer_;
  Recorder* recorder_ = nullptr;
  const std::function<void(absl::Status)> on_failure_;
  const net::TimeUs began_us_ = net::ClockUs();
};

void Print(FrameLog* log, const Event& event) {
  switch (event.kind) {
    case Event::Kind::kOpened:
      return log->Opened(event.at, event.connection, event.bytes);
    case Event::Kind::kToServer:
      return log->Bytes(event.at, event.connection, Direction::kToServer, event.bytes);
    case Event::Kind::kToClient:
      return log->Bytes(event.at, event.connection, Direction::kToClient, event.bytes);
    case Event::Kind::kClientEnded:
      return log->Ended(event.at, event.connection, Direction::kToServer);
    case Event::Kind::kServerEnded:
      return log->Ended(event.at, event.connection, Direction::kToClient);
    case Event::Kind::kClosed:
      return log->Closed(event.at, event.connection, event.bytes);
    case Event::Kind::kAbout:
      break;
  }
}

absl::Status CheckSchemes(const net::Address& listen, const net::Address& to) {
  if (listen.scheme != net::Scheme::kUdp && to.scheme != net::Scheme::kUdp) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "dump stands between connections; udp:// has none. tshark shows datagrams: see "
      "services/cli/wireshark");
}

}  // namespace

void Dump::Declare(terminal::Flags* flags) {
  flags->Text("listen", "ADDRESS", "where clients are to connect to; port 0 picks one", &listen_);
  flags->Text("to", "ADDRESS", "the server that they mean", &to_);
  flags->Text("store", "FILE", "stores what passes, for `rpc dump FILE` and `rpc replay`", &store_);
  flags->Number("bodies", 0, 65'536, "shows so many bytes of each body", &body_bytes_);
  flags->Text("listen_cert", "FILE",
              "with --listen=tls://..., the certificate that clients are shown",
              &listen_certificate_);
  flags->Text("listen_key", "FILE", "its key", &listen_key_);
  server_.Declare(flags);
  flags->Arguments(0, 1);
  flags->Footer(
      "A line is a frame: when it passed in seconds, on which connection, -> to the server or <- "
      "to the client, and what it is. Ctrl-C ends it. TLS that only passes through cannot be "
      "looked into. udp:// has no connections to stand between: tshark shows it, see "
      "services/cli/wireshark.\n"
      "\n"
      "Examples:\n"
      "  rpc dump --listen=127.0.0.1:7001 --to=127.0.0.1:7000\n"
      "  rpc dump --listen=127.0.0.1:7001 --to=127.0.0.1:7000 --store=calls.rec\n"
      "  rpc dump calls.rec --bodies=80\n"
      "  rpc dump --listen=tls://localhost:7444 --to=tls://localhost:7443 \\\n"
      "      --listen_cert=cert.pem --listen_key=key.pem --ca=cert.pem\n");
}

int Dump::Run(const terminal::Flags& flags) {
  const bool has_file = !flags.arguments().empty();
  const bool watches = !listen_.empty() || !to_.empty() || !store_.empty();
  if (has_file && watches) {
    return UsageError(absl::InvalidArgumentError(
        "either a FILE to print, or --listen and --to: not both; --help has examples"));
  }
  if (has_file) return PrintFile(flags.arguments()[0]);
  if (listen_.empty() || to_.empty()) {
    return UsageError(absl::InvalidArgumentError(
        "it needs --listen=ADDRESS and --to=ADDRESS, or a FILE to print; --help has examples"));
  }
  return Watch();
}

int Dump::PrintFile(const std::string& path) const {
  const absl::StatusOr<std::unique_ptr<Recording>> recording = Recording::Open(path);
  if (!recording.ok()) return FailHere(recording.status());
  terminal::Printer printer;
  FrameLog log(Style(STDOUT_FILENO), &printer, static_cast<size_t>(body_bytes_));
  Event event;
  while (printer.status().ok() && (*recording)->Next(&event)) Print(&log, event);
  if (!printer.status().ok()) return FailToPrint(printer.status());
  return (*recording)->status().ok() ? 0 : FailHere((*recording)->status());
}

absl::StatusOr<ProxyOptions> Dump::OptionsFor(const net::Address& listen,
                                              const std::string& to) const {
  ProxyOptions options = {.to = *net::ParseAddress(to)};
  if (absl::Status s = CheckSchemes(listen, options.to); !s.ok()) return s;
  const absl::StatusOr<std::optional<rpc::Tls>> tls = server_.TlsFor(to);
  if (!tls.ok()) return tls.status();
  options.tls = *tls;
  if (listen.scheme != net::Scheme::kTls) return options;
  if (listen_certificate_.empty() || listen_key_.empty()) {
    return absl::InvalidArgumentError(
        "--listen=tls://... needs --listen_cert=FILE and --listen_key=FILE");
  }
  absl::StatusOr<rpc::Tls> listen_tls =
      rpc::Tls::Server({.certificate_file = listen_certificate_, .key_file = listen_key_});
  if (!listen_tls.ok()) return listen_tls.status();
  options.listen_tls = *std::move(listen_tls);
  return options;
}

int Dump::Watch() const {
  const absl::StatusOr<std::string> listen = AddressFrom(listen_);
  if (!listen.ok()) return UsageError(listen.status());
  const absl::StatusOr<std::string> to = AddressFrom(to_);
  if (!to.ok()) return UsageError(to.status());
  const net::Address listen_address = *net::ParseAddress(*listen);
  absl::StatusOr<ProxyOptions> options = OptionsFor(listen_address, *to);
  if (!options.ok()) return UsageError(options.status());
  return Serve(listen_address, *to, *std::move(options));
}

int Dump::Serve(const net::Address& listen, const std::string& to, ProxyOptions options) const {
  net::Loop loop;
  const StopSignals stop(&loop, [&loop] { loop.Stop(); });
  terminal::Printer printer(stop.fd());
  absl::Status failure;
  std::unique_ptr<Recorder> recorder;
  FrameLog log(Style(STDOUT_FILENO), &printer, static_cast<size_t>(body_bytes_));
  Watcher watcher(&log, &printer, [&](absl::Status why) {
    if (failure.ok()) failure = std::move(why);
    loop.Stop();
  });
  Proxy proxy(&loop, std::move(options), &watcher);
  if (absl::Status s = proxy.Listen(listen); !s.ok()) return FailHere(s);
  // Not before it listens: the file may be that of another one, which does.
  if (!store_.empty()) {
    absl::StatusOr<std::unique_ptr<Recorder>> created = Recorder::Create(store_);
    if (!created.ok()) return FailHere(created.status());
    recorder = *std::move(created);
    const std::string about = absl::StrCat(proxy.addresses().front(), " ", to);
    if (absl::Status s = recorder->Write({.bytes = about}); !s.ok()) return FailHere(s);
    watcher.set_recorder(recorder.get());
  }
  for (const std::string& address : proxy.addresses()) {
    (void)printer.Print(absl::StrCat("listening on ", address, ", for ", to, "\n"));
  }
  if (printer.status().ok()) loop.Run();
  if (absl::IsCancelled(printer.status())) return 0;  // a signal ends it, read or not
  if (!printer.status().ok()) return FailToPrint(printer.status());
  return failure.ok() ? 0 : FailHere(failure);
}

}  // namespace cli
