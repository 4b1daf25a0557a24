#include "rpc/net/tls_files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/socket.h"
#include "rpc/net/tls_certificate.h"

namespace rpc::net {
namespace {

// The largest bundles of CAs have less than 1 MiB.
constexpr off_t kFileSizeMax = 16 << 20;

// The bytes of a file; there may be a key among them.
class Text {
 public:
  Text() = default;
  Text(Text&&) = default;
  Text& operator=(Text&&) = default;
  ~Text() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

  std::string bytes = {};
};

// One entry between -----BEGIN and -----END.
class PemEntry {
 public:
  PemEntry() = default;
  PemEntry(const PemEntry&) = delete;
  PemEntry& operator=(const PemEntry&) = delete;
  ~PemEntry() {
    OPENSSL_free(name_);
    OPENSSL_free(header_);
    OPENSSL_clear_free(data_, static_cast<size_t>(size_));
  }

  bool Read(BIO* bio) { return PEM_read_bio(bio, &name_, &header_, &data_, &size_) == 1; }
  std::string_view name() const { return name_; }
  bool IsCertificate() const { return name().ends_with("CERTIFICATE"); }
  Certificate ToCertificate() const {
    const unsigned char* data = data_;
    return Certificate(d2i_X509(nullptr, &data, size_));
  }

 private:
  char* name_ = nullptr;
  char* header_ = nullptr;
  unsigned char* data_ = nullptr;
  long size_ = 0;
};

std::string NameOf(const TlsFile& file) { return absl::StrCat(file.option, " ", file.path); }

absl::Status Wrong(const TlsFile& file, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(NameOf(file), " ", what));
}

absl::Status NotReadable(const TlsFile& file, int error_number) {
  const std::string text =
      absl::StrCat(NameOf(file), " cannot be read: ", SystemReason(error_number));
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InvalidArgumentError(text);
  }
}

// Its size.
absl::StatusOr<size_t> CheckFile(const TlsFile& file, int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return NotReadable(file, errno);
  if (S_ISDIR(status.st_mode)) return Wrong(file, "is a directory, not a file");
  if (!S_ISREG(status.st_mode)) return Wrong(file, "is not a regular file");
  if (status.st_size == 0) return Wrong(file, "is empty");
  if (status.st_size > kFileSizeMax) {
    return Wrong(file, absl::StrCat("has ", status.st_size, " bytes; at most ", kFileSizeMax));
  }
  return static_cast<size_t>(status.st_size);
}

absl::StatusOr<Text> ReadText(const TlsFile& file) {
  // Not waiting for the writer of a named pipe, before it is known that it is one.
  const Descriptor descriptor(open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) return NotReadable(file, errno);
  const absl::StatusOr<size_t> expected = CheckFile(file, descriptor.get());
  if (!expected.ok()) return expected.status();
  Text text;
  text.bytes.resize(*expected);
  size_t size = 0;
  for (ssize_t more = 1; more > 0 && size < text.bytes.size(); size += static_cast<size_t>(more)) {
    more = read(descriptor.get(), text.bytes.data() + size, text.bytes.size() - size);
    if (more < 0) return NotReadable(file, errno);
  }
  text.bytes.resize(size);
  return text;
}

// A DER file is one long ASN.1 sequence.
bool LooksLikeDer(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 0x30 && (bytes[1] & 0x80) != 0;
}

absl::Status NothingFound(const TlsFile& file, std::string_view bytes, const std::string& wanted,
                          const std::string& seen) {
  if (LooksLikeDer(bytes)) {
    return Wrong(file, absl::StrCat("is in DER form, and has to be PEM: text with -----BEGIN ",
                                    wanted == "key" ? "PRIVATE KEY" : "CERTIFICATE", "-----"));
  }
  return Wrong(file, absl::StrCat("has no PEM ", wanted, " in it",
                                  seen.empty() ? "" : absl::StrCat(", only ", seen)));
}

absl::Status Broken(const TlsFile& file, size_t number) {
  return absl::InvalidArgumentError(
      absl::StrCat("certificate ", number, " of ", NameOf(file), " is broken: ", OpensslReason()));
}

bool IsEnd() { return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; }

int RefusePassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

std::string OpensslReason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : absl::StrCat("OpenSSL error ", error);
}

absl::StatusOr<std::vector<Certificate>> ReadCertificates(const TlsFile& file) {
  absl::StatusOr<Text> text = ReadText(file);
  if (!text.ok()) return text.status();
  const std::string& bytes = text->bytes;
  const Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  std::vector<Certificate> found;
  std::string seen;
  while (true) {
    PemEntry entry;
    ERR_clear_error();
    if (!entry.Read(bio.get())) {
      if (!IsEnd()) return Broken(file, found.size() + 1);
      break;
    }
    if (!entry.IsCertificate()) {
      seen = entry.name();
      continue;
    }
    Certificate certificate = entry.ToCertificate();
    if (certificate == nullptr) return Broken(file, found.size() + 1);
    found.push_back(std::move(certificate));
  }
  ERR_clear_error();
  if (found.empty()) return NothingFound(file, bytes, "certificate", seen);
  return found;
}

absl::StatusOr<PrivateKey> ReadPrivateKey(const TlsFile& file) {
  absl::StatusOr<Text> text = ReadText(file);
  if (!text.ok()) return text.status();
  const std::string& bytes = text->bytes;
  const Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  bool encrypted = false;
  ERR_clear_error();
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, RefusePassphrase, &encrypted));
  if (key != nullptr) return key;
  if (encrypted) {
    return Wrong(file,
                 "is encrypted: nobody can be asked for its passphrase; `openssl pkey` "
                 "writes it without");
  }
  if (bytes.find("PRIVATE KEY-----") != std::string::npos) {
    return Wrong(file, absl::StrCat("has a broken key in it: ", OpensslReason()));
  }
  const bool certificate = bytes.find("CERTIFICATE-----") != std::string::npos;
  return NothingFound(file, bytes, "key", certificate ? "CERTIFICATE" : "");
}

absl::Status CheckValidToday(const TlsFile& file, const std::vector<Certificate>& certificates) {
  for (size_t i = 0; i < certificates.size(); ++i) {
    const std::string why = WhyNotToday(certificates[i].get());
    if (why.empty()) continue;
    return absl::FailedPreconditionError(absl::StrCat("certificate ", i + 1, " of ", NameOf(file),
                                                      " (", SubjectOf(certificates[i].get()), ") ",
                                                      why));
  }
  return absl::OkStatus();
}

}  // namespace rpc::net
