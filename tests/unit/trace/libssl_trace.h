// A real Trace without our TLS: libssl talks to libssl in memory, and what the client sees of it is told to the Trace.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "tlsproof/base/text.h"
#include "tlsproof/trace/trace.h"

namespace tlsproof::trace {

struct LibsslOptions {
  int version = TLS1_3_VERSION;
  bool request_client_certificate = false;
  std::string subject = "www.example.com";
  std::string local = "127.0.0.1:51000";
  std::string peer = "127.0.0.1:8443";
  std::string request = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
  std::string response = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
};

class LibsslRun {
 public:
  LibsslRun(Trace& trace, ManualClock& clock, const LibsslOptions& options)
      : trace_(trace), clock_(clock), options_(options) {}

  // Handshake, request, response, close_notify both ways. False when libssl failed.
  bool run() {
    if (!make_contexts()) return false;
    trace_.begin(options_.local, options_.peer);
    trace_.on_event(EventKind::connecting, Direction::client_to_server, options_.peer);
    clock_.advance_ns(200'000);
    trace_.on_event(EventKind::connected, Direction::client_to_server);
    client_.reset(SSL_new(client_ctx_.get()));
    server_.reset(SSL_new(server_ctx_.get()));
    SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_bio(server_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    std::string server_name = options_.subject;
    SSL_ctrl(client_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, server_name.data());
    SSL_set_connect_state(client_.get());
    SSL_set_accept_state(server_.get());
    SSL_set_msg_callback(client_.get(), &LibsslRun::on_libssl);
    SSL_set_msg_callback_arg(client_.get(), this);
    for (int i = 0; i < 10 && !(SSL_is_init_finished(client_.get()) && SSL_is_init_finished(server_.get())); ++i) {
      SSL_do_handshake(client_.get());
      move(Direction::client_to_server);
      SSL_do_handshake(server_.get());
      move(Direction::server_to_client);
    }
    if (!SSL_is_init_finished(client_.get())) return false;
    return talk();
  }

 private:
  template <class T, void (*Free)(T*)>
  struct Freer {
    void operator()(T* p) const { Free(p); }
  };
  using CtxPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX, SSL_CTX_free>>;
  using SslPtr = std::unique_ptr<SSL, Freer<SSL, SSL_free>>;
  using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
  using CertPtr = std::unique_ptr<X509, Freer<X509, X509_free>>;

  bool talk() {
    char buffer[20000];
    const int request_len = static_cast<int>(options_.request.size());
    if (SSL_write(client_.get(), options_.request.data(), request_len) != request_len) return false;
    trace_.on_event(EventKind::http_request, Direction::client_to_server,
                    options_.request.substr(0, options_.request.find('\r')));
    move(Direction::client_to_server);
    if (SSL_read(server_.get(), buffer, sizeof buffer) != request_len) return false;
    size_t written = 0;
    if (SSL_write_ex(server_.get(), options_.response.data(), options_.response.size(), &written) != 1) return false;
    SSL_shutdown(server_.get());
    move(Direction::server_to_client);
    size_t read = 0;
    for (size_t n = 0; read < written; read += n) {
      if (SSL_read_ex(client_.get(), buffer, sizeof buffer, &n) != 1) return false;
      trace_.on_application_data(Direction::server_to_client, Level::application, as_bytes({buffer, n}), {});
    }
    trace_.on_event(EventKind::http_response, Direction::server_to_client,
                    options_.response.substr(0, options_.response.find('\r')), 400);
    SSL_read(client_.get(), buffer, sizeof buffer);  // the close_notify
    SSL_shutdown(client_.get());
    move(Direction::client_to_server);
    trace_.on_event(EventKind::end_of_stream, Direction::server_to_client);
    trace_.on_event(EventKind::closed, Direction::client_to_server);
    return true;
  }

  bool make_contexts() {
    client_ctx_.reset(SSL_CTX_new(TLS_client_method()));
    server_ctx_.reset(SSL_CTX_new(TLS_server_method()));
    for (SSL_CTX* ctx : {client_ctx_.get(), server_ctx_.get()}) {
      SSL_CTX_set_min_proto_version(ctx, options_.version);
      SSL_CTX_set_max_proto_version(ctx, options_.version);
    }
    SSL_CTX_set_app_data(client_ctx_.get(), this);
    SSL_CTX_set_keylog_callback(client_ctx_.get(), [](const SSL* ssl, const char* line) {
      static_cast<LibsslRun*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->on_key_log(line);
    });
    if (options_.request_client_certificate) SSL_CTX_set_verify(server_ctx_.get(), SSL_VERIFY_PEER, nullptr);
    KeyPtr key(EVP_EC_gen("P-256"));
    CertPtr cert(X509_new());
    X509_NAME* name = X509_get_subject_name(cert.get());
    X509_set_version(cert.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options_.subject.data()),
                               static_cast<int>(options_.subject.size()), -1, 0);
    X509_set_issuer_name(cert.get(), name);
    X509_set_pubkey(cert.get(), key.get());
    if (X509_sign(cert.get(), key.get(), EVP_sha256()) == 0) return false;
    if (options_.request_client_certificate) SSL_CTX_add_client_CA(server_ctx_.get(), cert.get());
    return SSL_CTX_use_certificate(server_ctx_.get(), cert.get()) == 1 &&
           SSL_CTX_use_PrivateKey(server_ctx_.get(), key.get()) == 1;
  }

  // What one side has written becomes what the other can read; the client's Trace sees it pass.
  void move(Direction direction) {
    const bool to_server = direction == Direction::client_to_server;
    BIO* from = SSL_get_wbio(to_server ? client_.get() : server_.get());
    BIO* to = SSL_get_rbio(to_server ? server_.get() : client_.get());
    Bytes bytes(BIO_ctrl_pending(from));
    if (bytes.empty()) return;
    BIO_read(from, bytes.data(), static_cast<int>(bytes.size()));
    clock_.advance_ns(1'000'000);
    trace_.on_bytes(direction, bytes);
    BIO_write(to, bytes.data(), static_cast<int>(bytes.size()));
  }

  static void on_libssl(int is_sent, int, int type, const void* data, size_t len, SSL*, void* self) {
    static_cast<LibsslRun*>(self)->tell(is_sent == 1 ? Direction::client_to_server : Direction::server_to_client, type,
                                        {static_cast<const uint8_t*>(data), len});
  }
  void tell(Direction direction, int type, ByteView data) {
    const bool sent = direction == Direction::client_to_server;
    ByteRange& record = records_[sent ? 0 : 1];
    if (type == SSL3_RT_HEADER) {
      record = {record.end(), size_t{5} + static_cast<size_t>(data[3] << 8 | data[4])};
    } else if (type == SSL3_RT_HANDSHAKE) {
      trace_.on_message({direction, Level::initial, data[0], data, record});
    } else if (type == SSL3_RT_ALERT) {
      trace_.on_alert(direction, Level::application, data[0], data[1], record);
    } else if (type == SSL3_RT_CHANGE_CIPHER_SPEC) {
      trace_.on_change_cipher_spec(direction, record);
    }
  }
  void on_key_log(std::string_view line) {
    for (int i = 0; i <= static_cast<int>(SecretLabel::exporter_secret); ++i) {
      const std::vector<std::string> words = split(line, ' ');
      if (words[0] != kLabels[i]) continue;
      std::array<uint8_t, 32> random{};
      const Bytes bytes = *from_hex(words[1]);
      std::copy(bytes.begin(), bytes.end(), random.begin());
      trace_.on_secret(static_cast<SecretLabel>(i), random, *from_hex(words[2]));
      key_log_ += std::string(line) + "\n";
    }
  }
  static constexpr const char* kLabels[] = {"CLIENT_RANDOM",
                                            "CLIENT_EARLY_TRAFFIC_SECRET",
                                            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                                            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                                            "CLIENT_TRAFFIC_SECRET_0",
                                            "SERVER_TRAFFIC_SECRET_0",
                                            "EARLY_EXPORTER_SECRET",
                                            "EXPORTER_SECRET"};

 public:
  [[nodiscard]] const std::string& key_log() const { return key_log_; }  // as libssl wrote it

 private:
  Trace& trace_;
  ManualClock& clock_;
  const LibsslOptions& options_;
  CtxPtr client_ctx_, server_ctx_;
  SslPtr client_, server_;
  ByteRange records_[2];
  std::string key_log_;
};

}  // namespace tlsproof::trace
