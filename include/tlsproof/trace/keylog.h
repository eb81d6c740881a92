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

// The secrets of key log files and pcapng secrets blocks, found by client random. Memory: about 100 bytes a secret.
// find() may be called from several threads while another adds.
class KeyLogIndex {
 public:
  KeyLogIndex();
  ~KeyLogIndex();  // wipes
  KeyLogIndex(const KeyLogIndex&) = delete;
  KeyLogIndex& operator=(const KeyLogIndex&) = delete;

  // Reads the file; follow() then reads what was appended since. Fails (usage) naming the file when it cannot be opened
  // or read. Lines that are none are counted and the first is told by notes(); a file with no line of ours at all is an
  // error, unless it is empty (it may be about to grow).
  [[nodiscard]] Status load(const std::string& path);
  // Reads what came since; a line without its end waits for the rest. Returns whether anything came.
  [[nodiscard]] Result<bool> follow();
  // Lines of a secrets block.
  void add(ByteView text);

  // False: not known. The first secret given for a label and random counts.
  [[nodiscard]] bool find(SecretLabel label, const std::array<uint8_t, 32>& client_random, SecretBytes& out) const;
  // Any secret of this client random.
  [[nodiscard]] bool knows(const std::array<uint8_t, 32>& client_random) const;
  [[nodiscard]] size_t size() const;  // secrets
  // One line each, escaped: "keys.log:3: the secret is no hexadecimal number", "keys.log: 12 lines were not
  // understood".
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::trace
