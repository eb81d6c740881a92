#include "unit/tls/ssl_peer.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <map>

namespace tlsproof::tls_test {

namespace {

void must(bool good, const char* what) {
  if (good) return;
  ERR_print_errors_fp(stderr);
  check_failed(__FILE__, __LINE__, what);
}

std::shared_ptr<X509> self_signed(EVP_PKEY* key, crypto::KeyKind kind) {
  std::shared_ptr<X509> x(X509_new(), X509_free);
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 86400);
  X509_NAME* name = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("server.test"), -1, -1,
                             0);
  X509_set_issuer_name(x.get(), name);
  X509_set_pubkey(x.get(), key);
  const bool eddsa = kind == crypto::KeyKind::ed25519 || kind == crypto::KeyKind::ed448;
  must(X509_sign(x.get(), key, eddsa ? nullptr : EVP_sha256()) > 0, "X509_sign");
  return x;
}

int accept_any(int, X509_STORE_CTX*) {
  return 1;
}
int accept_none(int, X509_STORE_CTX*) {
  return 0;
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_len, const unsigned char* in, unsigned in_len,
                void* arg) {
  const auto& options = *static_cast<const PeerOptions*>(arg);
  for (const auto& name : options.alpn)
    for (unsigned i = 0; i + 1 <= in_len; i += 1u + in[i])
      if (std::string_view(reinterpret_cast<const char*>(in + i + 1), in[i]) == name) {
        *out = in + i + 1;
        *out_len = in[i];
        return SSL_TLSEXT_ERR_OK;
      }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int make_cookie(SSL*, unsigned char* cookie, size_t* len) {
  *len = 16;
  std::fill_n(cookie, 16, static_cast<unsigned char>('c'));
  return 1;
}
int check_cookie(SSL*, const unsigned char* cookie, size_t len) {
  return len == 16 && cookie[0] == 'c';
}

int staple(SSL* ssl, void* arg) {
  const auto& response = *static_cast<const std::string*>(arg);
  auto* copy = static_cast<unsigned char*>(OPENSSL_malloc(response.size()));
  std::copy(response.begin(), response.end(), copy);
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

const Credential& credential(crypto::KeyKind kind) {
  static std::map<crypto::KeyKind, Credential> known;
  if (const auto it = known.find(kind); it != known.end()) return it->second;
  auto key = crypto::PrivateKey::generate(kind);
  must(key.has_value(), "PrivateKey::generate");
  auto certificate = self_signed(key->native(), kind);
  Bytes der(static_cast<size_t>(i2d_X509(certificate.get(), nullptr)));
  auto* p = der.data();
  i2d_X509(certificate.get(), &p);
  Credential made{.key = std::move(*key), .chain = {}, .certificate = std::move(certificate)};
  made.chain.push_back(der);
  return known.emplace(kind, std::move(made)).first->second;
}

SslContext::SslContext(PeerOptions options)
    : options_(std::move(options)), context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  SSL_CTX* c = context_.get();
  const auto& own = credential(options_.key);
  SSL_CTX_set_security_level(c, 0);
  must(SSL_CTX_use_certificate(c, own.certificate.get()) == 1, "certificate");
  must(SSL_CTX_use_PrivateKey(c, own.key.native()) == 1, "key");
  SSL_CTX_set_min_proto_version(c, options_.min_version);
  SSL_CTX_set_max_proto_version(c, options_.max_version);
  if (!options_.ciphers.empty()) must(SSL_CTX_set_cipher_list(c, options_.ciphers.c_str()) == 1, "ciphers");
  if (!options_.suites13.empty()) must(SSL_CTX_set_ciphersuites(c, options_.suites13.c_str()) == 1, "suites");
  if (!options_.groups.empty()) must(SSL_CTX_set1_groups_list(c, options_.groups.c_str()) == 1, "groups");
  if (!options_.sigalgs.empty()) must(SSL_CTX_set1_sigalgs_list(c, options_.sigalgs.c_str()) == 1, "sigalgs");
  if (!options_.client_sigalgs.empty())
    must(SSL_CTX_set1_client_sigalgs_list(c, options_.client_sigalgs.c_str()) == 1, "client sigalgs");
  if (options_.ask_certificate || options_.require_certificate || options_.refuse_certificate)
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | (options_.require_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       options_.refuse_certificate ? accept_none : accept_any);
  const unsigned char session_context[] = "tlsproof";
  SSL_CTX_set_session_id_context(c, session_context, sizeof session_context);
  if (!options_.alpn.empty()) SSL_CTX_set_alpn_select_cb(c, choose_alpn, &options_);
  SSL_CTX_set_stateless_cookie_generate_cb(c, make_cookie);
  SSL_CTX_set_stateless_cookie_verify_cb(c, check_cookie);
  if (!options_.ocsp_response.empty()) {
    SSL_CTX_callback_ctrl(c, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, reinterpret_cast<void (*)()>(staple));
    SSL_CTX_set_tlsext_status_arg(c, &options_.ocsp_response);
  }
  if (options_.context) options_.context(c);
}

SslPeer::SslPeer(const SslContext& context)
    : stateless_(context.options().cookie), ssl_(SSL_new(context.get()), SSL_free) {
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_.get()), -1);
  SSL_set_accept_state(ssl_.get());
  if (context.options().connection) context.options().connection(ssl_.get());
}

void SslPeer::input(ByteView bytes) {
  if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  go_on();
}

void SslPeer::go_on() {
  ERR_clear_error();
  if (stateless_) {
    const int done = SSL_stateless(ssl_.get());
    if (done <= 0) return;
    stateless_ = false;
  }
  int result = 1;
  if (!connected()) result = SSL_do_handshake(ssl_.get());
  std::array<unsigned char, 20000> buffer;
  while (result > 0) {
    result = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (result > 0) append(received_, ByteView(buffer).first(static_cast<size_t>(result)));
  }
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_ZERO_RETURN) closed_ = true;
  if (why == SSL_ERROR_SSL) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    error_ = reason != nullptr ? reason : "?";
  }
}

Bytes SslPeer::take_output() {
  BIO* bio = SSL_get_wbio(ssl_.get());
  Bytes out(BIO_ctrl_pending(bio));
  if (!out.empty()) BIO_read(bio, out.data(), static_cast<int>(out.size()));
  return out;
}

void SslPeer::write(std::string_view text) {
  must(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0, "SSL_write");
}

void pump(tls::Client& client, SslPeer& peer, size_t step) {
  for (int idle = 0; idle < 2;) {
    const Bytes to_peer = to_bytes(client.output());
    client.consume_output(to_peer.size());
    peer.input(to_peer);
    const Bytes to_client = peer.take_output();
    if (step == 0)
      client.input(to_client);
    else
      for (size_t i = 0; i < to_client.size(); i += step)
        client.input(ByteView(to_client).subspan(i, std::min(step, to_client.size() - i)));
    idle = to_peer.empty() && to_client.empty() ? idle + 1 : 0;
  }
}

bool exchange(tls::Client& client, SslPeer& peer) {
  if (!client.handshake_complete() || !peer.connected()) return false;
  if (!client.write(as_bytes("hello"))) return false;
  pump(client, peer);
  peer.write("world");
  pump(client, peer);
  const bool good = as_text(peer.received()).ends_with("hello") && as_text(client.application_data()) == "world";
  client.consume_application_data(5);
  return good && client.application_data().empty();
}

std::string story(const tls::Client& client, const SslPeer* peer) {
  std::string text = fmt::format("client {}", to_string(client.state()));
  if (const auto* f = client.failure())
    text += fmt::format(": {} (alert {}): {} [{}]", to_string(f->kind), f->alert, f->text, f->cite);
  if (peer != nullptr) text += fmt::format("; libssl {}: {}", SSL_state_string_long(peer->get()), peer->error());
  return text;
}

}  // namespace tlsproof::tls_test
