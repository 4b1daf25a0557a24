#include "tests/services/files/files_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "services/files/md5.h"
#include "services/files/names.h"
#include "tests/net/tls_pair.h"

namespace files {

std::string SomeBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    const uint64_t word = random();
    bytes.replace(i, std::min(sizeof(word), size - i), reinterpret_cast<const char*>(&word),
                  std::min(sizeof(word), size - i));
  }
  return bytes;
}

std::string Md5Of(std::string_view bytes) {
  Md5 md5;
  md5.Update(bytes);
  return md5.Finish();
}

bool Exists(const std::string& path) {
  return std::filesystem::exists(std::filesystem::symlink_status(path));
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const std::string& path, std::string_view bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void SetMtime(const std::string& path, int64_t seconds) {
  const timespec times[] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

int64_t MtimeOf(const std::string& path) {
  struct stat stat = {};
  EXPECT_EQ(::stat(path.c_str(), &stat), 0);
  return MtimeNs(stat);
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> PartsIn(const std::string& folder) {
  std::vector<std::string> names = NamesIn(folder);
  std::erase_if(names, [](const std::string& name) { return !IsPartName(name); });
  return names;
}

std::string OverName(Over over) {
  static const char* const kNames[] = {"Tcp", "Unix", "Tls", "Udp"};
  return kNames[static_cast<int>(over)];
}

namespace {

const rpc::Tls& TlsOf(bool server) {
  const rpc::net::TlsTestFiles& files = rpc::net::TlsTestFiles::Get();
  static const rpc::Tls of_server = *rpc::Tls::Server(files.Server());
  static const rpc::Tls of_client = *rpc::Tls::Client(files.Client());
  return server ? of_server : of_client;
}

}  // namespace

FilesServer::FilesServer(const FilesOptions& options, Over over)
    : over_(over), server_(std::make_unique<rpc::Server>(rpc::ServerOptions{.threads = 2})) {
  absl::StatusOr<std::shared_ptr<FilesService>> service = FilesService::Make(options);
  EXPECT_TRUE(service.ok()) << service.status();
  server_->Add(*std::move(service));
  rpc::ListenOptions listen;
  if (over == Over::kTls) listen.tls = &TlsOf(true);
  const std::string address = over == Over::kUnix  ? "unix://" + sockets_.PathOf("socket")
                              : over == Over::kTls ? "tls://127.0.0.1:0"
                              : over == Over::kUdp ? "udp://127.0.0.1:0"
                                                   : "tcp://127.0.0.1:0";
  EXPECT_EQ(server_->Listen(address, listen), absl::OkStatus());
  EXPECT_EQ(server_->Start(), absl::OkStatus());
  address_ = server_->addresses().at(0);
}

rpc::Channel FilesServer::MakeChannel(const std::string& address) const {
  rpc::ChannelOptions options;
  options.backoff_max = absl::Milliseconds(100);
  if (over_ == Over::kTls) options.tls = &TlsOf(false);
  return rpc::Channel(address.empty() ? address_ : address, options);
}

FileClientOptions QuickOptions() {
  FileClientOptions options;
  options.retry.pause_min = absl::Milliseconds(5);
  options.retry.pause_max = absl::Milliseconds(200);
  return options;
}

FilesTest::FilesTest(Over over) {
  options_.root = there_.path();
  server_ = std::make_unique<FilesServer>(options_, over);
  Connect("");
}

void FilesTest::Connect(const std::string& address, const FileClientOptions& options) {
  const rpc::Channel channel = server_->MakeChannel(address);
  files_ = std::make_unique<Files::Client>(channel);
  client_ = std::make_unique<FileClient>(channel, options);
}

absl::Status FilesTest::Put(const std::string& local, const std::string& name) {
  return rpc::Run([&] { return client_->Upload(Here(local), name, &transfer_); });
}

absl::Status FilesTest::Get(const std::string& name, const std::string& local) {
  const absl::StatusOr<Root> folder = Root::Open(here_.path());
  if (!folder.ok()) return folder.status();
  return rpc::Run([&] { return client_->Download(name, *folder, local, &transfer_); });
}

std::vector<Entry> FilesTest::List(const std::string& name, bool recursive) {
  ListRequest request;
  request.set_name(name);
  request.set_recursive(recursive);
  auto call = files_->List(request);
  std::vector<Entry> entries;
  while (const Entry* entry = call.Read().Wait()) entries.push_back(*entry);
  EXPECT_EQ(call.status(), absl::OkStatus());
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

std::vector<std::string> FilesTest::ListNames(const std::string& name, bool recursive) {
  std::vector<std::string> names;
  for (const Entry& entry : List(name, recursive)) names.push_back(entry.name());
  return names;
}

absl::StatusOr<Entry> FilesTest::Stat(const std::string& name, bool with_md5) {
  StatRequest request;
  request.set_name(name);
  request.set_with_md5(with_md5);
  return files_->Stat(request).Wait();
}

UploadMessage FilesTest::Begin(const std::string& name, uint64_t size, int64_t mtime_ns) const {
  UploadMessage message;
  UploadBegin& begin = *message.mutable_begin();
  begin.set_name(name);
  begin.set_size(size);
  begin.set_mtime_ns(mtime_ns);
  begin.set_mode(0644);
  begin.set_overwrite(true);
  return message;
}

absl::Status FilesTest::UploadAll(const UploadMessage& begin, std::string_view bytes,
                                  std::string md5) {
  auto call = files_->Upload();
  (void)call.Write(begin).Wait();
  UploadMessage message;
  message.set_data(std::string(bytes));
  if (!bytes.empty()) (void)call.Write(message).Wait();
  message.Clear();
  message.set_md5(std::move(md5));
  if (!message.md5().empty()) (void)call.Write(message).Wait();
  call.Close();
  while (call.Read().Wait() != nullptr) {
  }
  return call.status();
}

}  // namespace files
