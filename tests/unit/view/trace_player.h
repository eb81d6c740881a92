// Traces made by hand: the same at each run, with real messages and filler where a record would be protected.
#pragma once

#include <initializer_list>

#include "tlsproof/registry/constants.h"
#include "tlsproof/trace/trace.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::view {

// Self-signed P-256 certificates of CN=secure.example.com and CN=alice, whose keys nobody has.
inline constexpr const char* kServerCertificate =
    "3082018e30820135a0030201020214208fae857efc95342a1c0e63df523181d98e08ce300a06082a8648ce3d040302301d311b3019060355"
    "04030c127365637572652e6578616d706c652e636f6d301e170d3236313132333133303233345a170d3237313132333133303233345a301d"
    "311b301906035504030c127365637572652e6578616d706c652e636f6d3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "ecebf62e279b9543e3d0151a861ec5e77cc9cee3a65a76e3065adf91ddd3d26206417ee70c3ddda08452fd59bcf31af9db0c5a6b3cd512b7"
    "92c4542d6142c394a3533051301d0603551d0e04160414b168d4c6021226b57e32c89a5e2dc3809e53f75d301f0603551d23041830168014"
    "b168d4c6021226b57e32c89a5e2dc3809e53f75d300f0603551d130101ff040530030101ff300a06082a8648ce3d04030203470030440220"
    "2589daf605dccd8051ac88c090f9d68bfeb4ac2df7f17078ab9ea1786facfb9b022064ef92b460a3f10a6da46f7b141b0b5cd4afa2bb7de6"
    "638e0ce0703285f30b61";
inline constexpr const char* kClientCertificate =
    "308201763082011ba00302010202143c2194c38aa512f36b9a5a0f7e47b132e6616a4a300a06082a8648ce3d0403023010310e300c060355"
    "04030c05616c696365301e170d3236313132333133303233345a170d3237313132333133303233345a3010310e300c06035504030c05616c"
    "6963653059301306072a8648ce3d020106082a8648ce3d03010703420004ba62db9e4e701caecdebbac9600f69b1d041e83eb926c49a1e09"
    "e5426c77cfb6a7d33cfce1f33c5d146749b38e7f77092ba59b4cd3a27d0d3371c44a1d31c944a3533051301d0603551d0e04160414c476b6"
    "2dfeab5bca7bc42ae19baf4680392fe28e301f0603551d23041830168014c476b62dfeab5bca7bc42ae19baf4680392fe28e300f0603551d"
    "130101ff040530030101ff300a06082a8648ce3d04030203490030460221009001be96d5c7f0bf51ad94ef40ca66f3f0e8dab5a208d30006"
    "7814d1d6c0f84e022100ffa978175dec5f33c816284b59fe17ab43844b123cc55f396011e62e18ab56b8";

class TracePlayer {
 public:
  static constexpr trace::Direction kUp = trace::Direction::client_to_server;
  static constexpr trace::Direction kDown = trace::Direction::server_to_client;
  using Level = trace::Level;

  TracePlayer(trace::Trace& trace, ManualClock& clock) : trace_(trace), clock_(clock) {}

  void wait_us(int64_t us) { clock_.advance_ns(us * 1000); }
  void connect(const std::string& local, const std::string& peer) {
    trace_.begin(local, peer);
    trace_.on_event(trace::EventKind::connecting, kUp, peer);
    wait_us(180);
    trace_.on_event(trace::EventKind::connected, kUp);
  }
  template <class T>
  void message(trace::Direction direction, Level level, const T& message) {
    Bytes raw;
    TLSPROOF_CHECK(wire::encode_message(message, raw));
    const ByteRange range = record(direction, level, registry::content_type::handshake, raw);
    trace_.on_message({direction, level, raw[0], raw, range});
  }
  void alert(trace::Direction direction, Level level, uint8_t alert_level, uint8_t description) {
    const uint8_t raw[] = {alert_level, description};
    trace_.on_alert(direction, level, alert_level, description,
                    record(direction, level, registry::content_type::alert, raw));
  }
  void change_cipher_spec(trace::Direction direction) {
    const uint8_t raw[] = {1};
    trace_.on_change_cipher_spec(direction,
                                 record(direction, Level::initial, registry::content_type::change_cipher_spec, raw));
  }
  void data(trace::Direction direction, std::string_view text) {
    const ByteRange range =
        record(direction, Level::application, registry::content_type::application_data, as_bytes(text));
    trace_.on_application_data(direction, Level::application, as_bytes(text), range);
  }
  // The place of the event that was told last.
  [[nodiscard]] size_t last() const { return trace_.events().size() - 1; }
  [[nodiscard]] trace::Trace& trace() { return trace_; }

  [[nodiscard]] static wire::ClientHello client_hello(std::string_view host, std::initializer_list<uint16_t> versions) {
    wire::ClientHello hello;
    hello.random.fill(0xc1);
    hello.cipher_suites = {0x1302, 0x1301, 0xc02f};
    hello.legacy_compression_methods = {0};
    wire::ext::ServerName name;
    name.add_host(host);
    if (!host.empty()) hello.extensions.add_typed(name);
    wire::ext::SupportedVersionsClient offered;
    offered.versions = versions;
    if (versions.size() > 0) hello.extensions.add_typed(offered);
    wire::ext::Alpn alpn;
    alpn.protocols.push_back(as_bytes("http/1.1"));
    hello.extensions.add_typed(alpn);
    return hello;
  }
  [[nodiscard]] static wire::ServerHello server_hello13() {
    wire::ServerHello hello;
    hello.random.fill(0x5e);
    hello.cipher_suite = registry::cipher_suite::TLS_AES_256_GCM_SHA384;
    hello.extensions.add_typed(wire::ext::SupportedVersionsServer{registry::version::TLS1_3});
    hello.extensions.add_typed(wire::ext::KeyShareServer{registry::group::x25519, Bytes(32, 0x25)});
    return hello;
  }
  [[nodiscard]] static wire::Certificate13 certificate13(const char* hex) {
    wire::Certificate13 certificate;
    if (hex != nullptr) certificate.add(*from_hex(hex));
    return certificate;
  }
  [[nodiscard]] static wire::CertificateRequest13 certificate_request13() {
    wire::CertificateRequest13 request;
    request.extensions.add_typed(wire::ext::SignatureAlgorithms{{registry::signature_scheme::ecdsa_secp256r1_sha256}});
    wire::ext::CertificateAuthorities authorities;
    // SEQUENCE { SET { SEQUENCE { 2.5.4.3, UTF8String "Client CA" } } }
    authorities.authorities.push_back(*from_hex("30143112301006035504030c09436c69656e74204341"));
    request.extensions.add_typed(authorities);
    return request;
  }
  // ServerHello to the server's Finished.
  void server_flight13(bool asks_for_certificate) {
    message(kDown, Level::initial, server_hello13());
    change_cipher_spec(kDown);
    message(kDown, Level::handshake, wire::EncryptedExtensions{});
    if (asks_for_certificate) message(kDown, Level::handshake, certificate_request13());
    message(kDown, Level::handshake, certificate13(kServerCertificate));
    message(kDown, Level::handshake,
            wire::CertificateVerify{registry::signature_scheme::ecdsa_secp256r1_sha256, Bytes(71, 0x51)});
    message(kDown, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  }
  void tickets13(int num) {
    for (int i = 0; i < num; ++i) {
      wire::NewSessionTicket13 ticket;
      ticket.ticket_lifetime = 7200;
      ticket.ticket = Bytes(200, 0x71);
      message(kDown, Level::application, ticket);
    }
  }

 private:
  // Tells the bytes of one record and the record itself. A protected one has 17 bytes more, and its content is not to
  // be seen.
  ByteRange record(trace::Direction direction, Level level, uint8_t type, ByteView content) {
    const bool is_protected = level != Level::initial;
    const size_t len = content.size() + (is_protected ? 17 : 0);
    Bytes bytes = {is_protected ? registry::content_type::application_data : type, 3, 3, static_cast<uint8_t>(len >> 8),
                   static_cast<uint8_t>(len & 0xff)};
    if (is_protected)
      bytes.resize(bytes.size() + len, 0xee);
    else
      append(bytes, content);
    const ByteRange range{static_cast<size_t>(trace_.num_bytes(direction)), bytes.size()};
    trace_.on_bytes(direction, bytes);
    trace_.on_record({direction, level, type, 0x0303, true, range, content});
    return range;
  }

  trace::Trace& trace_;
  ManualClock& clock_;
};

}  // namespace tlsproof::view
