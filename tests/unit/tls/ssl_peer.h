// The independent witness: OpenSSL's libssl as server, over memory BIOs.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/tls/client.h"

namespace tlsproof::tls_test {

// A key with a self-signed certificate for "server.test"; made once a kind.
struct Credential {
  crypto::PrivateKey key;
  ByteList chain;
  std::shared_ptr<X509> certificate;
};
const Credential& credential(crypto::KeyKind kind);

struct PeerOptions {
  crypto::KeyKind key = crypto::KeyKind::p256;
  int min_version = TLS1_2_VERSION;
  int max_version = TLS1_3_VERSION;
  std::string ciphers{}, suites13{}, groups{}, sigalgs{}, client_sigalgs{};  // OpenSSL's syntax; empty: its default
  bool ask_certificate = false;                                              // any certificate is accepted …
  bool require_certificate = false;                                          // … but one there must be
  bool refuse_certificate = false;                                           // every one fails to verify
  bool cookie = false;              // a stateless HelloRetryRequest with a cookie first
  std::vector<std::string> alpn{};  // in the order of preference; none in common: alert
  std::string ocsp_response{};
  std::function<void(SSL_CTX*)> context{};
  std::function<void(SSL*)> connection{};
};

// The context may outlive many connections, so that sessions can be resumed.
class SslContext {
 public:
  explicit SslContext(PeerOptions options = {});
  [[nodiscard]] const PeerOptions& options() const { return options_; }
  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }

 private:
  PeerOptions options_;
  std::shared_ptr<SSL_CTX> context_;
};

class SslPeer {
 public:
  explicit SslPeer(const SslContext& context);
  // Takes bytes in and goes on as far as it can: handshake, then reading.
  void input(ByteView bytes);
  // What it wants to send, once.
  [[nodiscard]] Bytes take_output();
  [[nodiscard]] bool connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] const Bytes& received() const { return received_; }
  void write(std::string_view text);
  [[nodiscard]] SSL* get() const { return ssl_.get(); }
  [[nodiscard]] const std::string& error() const { return error_; }  // the last fatal one of libssl
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  void go_on();
  bool stateless_;
  std::shared_ptr<SSL> ssl_;
  Bytes received_;
  std::string error_;
  bool closed_ = false;
};

// Moves bytes both ways until neither side has more to say. `step`: how many bytes the client is given at a time, 0:
// all.
void pump(tls::Client& client, SslPeer& peer, size_t step = 0);
// "hello" one way and "world" the other; true when both arrive.
bool exchange(tls::Client& client, SslPeer& peer);
// What went wrong, for a test's message.
std::string story(const tls::Client& client, const SslPeer* peer = nullptr);

}  // namespace tlsproof::tls_test
