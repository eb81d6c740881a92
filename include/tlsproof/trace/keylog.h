// The NSS key log format (draft-ietf-tls-keylogfile §2): "LABEL client_random_hex secret_hex", a line a secret.
#pragma once

#include <memory>

#include "tlsproof/base/error.h"
#include "tlsproof/trace/trace.h"

namespace tlsproof::trace {

// "CLIENT_HANDSHAKE_TRAFFIC_SECRET".
[[nodiscard]] std::string_view secret_label_name(SecretLabel label);

// The lines of all secrets of the trace; wiped by whoever gets them.
[[nodiscard]] SecretBytes encode_key_log(const Trace& trace);

// A file to which others may append as well (SSLKEYLOGFILE): each line goes out in one write, at the moment when its
// secret is agreed on, so that a capture that runs beside it can be decrypted while it grows.
class KeyLogFile {
 public:
  // Made with mode 0600 when it is not there; what is there stays. Fails, naming the file, when it cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<KeyLogFile>> open(const std::string& path);
  KeyLogFile(const KeyLogFile&) = delete;
  KeyLogFile& operator=(const KeyLogFile&) = delete;
  ~KeyLogFile();

  void write(SecretLabel label, const std::array<uint8_t, 32>& client_random, ByteView secret);
  // What the first write that failed said; after it nothing more is written.
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  KeyLogFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
  Status status_;
};

}  // namespace tlsproof::trace
