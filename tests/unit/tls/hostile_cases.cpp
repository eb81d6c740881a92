#include "unit/tls/hostile_cases.h"

#include "tlsproof/registry/constants.h"

namespace tlsproof::tls_test {

using tls::ClientConfig;
using wire::AnyMessage;
using wire::Level;
namespace al = registry::alert;
namespace cs = registry::cipher_suite;
namespace ct = registry::content_type;
namespace ex = registry::extension;
namespace hs = registry::handshake_type;
using Kind = tls::Failure::Kind;
using registry::version::TLS1_2;

namespace {

template <class T>
auto on(uint8_t type, std::function<void(T&)> change) {
  return [=](uint8_t seen, AnyMessage& message) {
    if (seen == type)
      if (auto* typed = std::get_if<T>(&message)) change(*typed);
  };
}
auto hello(std::function<void(wire::ServerHello&)> change) {
  return on<wire::ServerHello>(hs::server_hello, std::move(change));
}
auto flip_last(uint8_t type) {
  return [=](uint8_t seen, Bytes& message) {
    if (seen == type) message.back() ^= 1;
  };
}
auto add_byte(uint8_t type) {
  return [=](uint8_t seen, Bytes& message) {
    if (seen != type) return;
    message.push_back(0);
    ++message[3];
  };
}
auto leave_out(uint8_t type) {
  return before(type, [](FakeServer&) {}, false);
}
void add_alpn(wire::ExtensionList& list, std::initializer_list<std::string_view> names) {
  wire::ext::Alpn alpn;
  for (auto name : names) alpn.protocols.push_back(as_bytes(name));
  list.add_typed(alpn);
}

}  // namespace

const std::vector<HostileCase>& hostile_cases13() {
  using O = FakeOptions;
  using C = ClientConfig;
  using SH = wire::ServerHello;
  using EE = wire::EncryptedExtensions;
  static const std::vector<HostileCase> kCases = {
      {"hello_legacy_version", [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_version = 0x0302; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_session_id", [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_session_id_echo[0] ^= 1; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_unoffered_suite",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.cipher_suite = cs::TLS_AES_128_CCM_SHA256; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_tls12_suite",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.cipher_suite = cs::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_grease_suite",
       [](O& o, C& c) {
         c.grease = true;
         o.bend = hello([](SH& h) { h.cipher_suite = 0x0a0a; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_compression", [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_compression_method = 1; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_unsolicited", [](O& o, C&) { o.bend = hello([](SH& h) { add_alpn(h.extensions, {"h2"}); }); },
       Kind::peer_violation, al::unsupported_extension},
      {"hello_misplaced", [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::server_name, {}); }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_duplicate",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::supported_versions, {{3, 4}}); }); },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_version_12_by_extension",
       [](O& o, C&) {
         o.bend = hello(
             [](SH& h) { h.extensions.put_typed(wire::ext::SupportedVersionsServer{.selected_version = TLS1_2}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_version_unknown",
       [](O& o, C&) {
         o.bend = hello(
             [](SH& h) { h.extensions.put_typed(wire::ext::SupportedVersionsServer{.selected_version = 0x0305}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_share_of_other_group", [](O& o, C&) { o.group = registry::group::secp256r1; }, Kind::peer_violation,
       al::illegal_parameter},
      {"hello_share_zero",
       [](O& o, C&) {
         o.bend =
             hello([](SH& h) { h.extensions.put_typed(wire::ext::KeyShareServer{.group = 0x1d, .key = Bytes(32)}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_share_short",
       [](O& o, C&) {
         o.bend = hello(
             [](SH& h) { h.extensions.put_typed(wire::ext::KeyShareServer{.group = 0x1d, .key = Bytes(31, 1)}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"hello_no_share", [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.erase_type(ex::key_share); }); },
       Kind::peer_violation, al::missing_extension},
      {"hello_unoffered_psk",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::pre_shared_key, {{0, 0}}); }); },
       Kind::peer_violation, al::unsupported_extension},
      {"hello_trailing", [](O& o, C&) { o.bend_bytes = add_byte(hs::server_hello); }, Kind::undecodable,
       al::decode_error},
      {"hello_share_malformed",
       [](O& o, C&) {
         o.bend = hello([](SH& h) { h.extensions.set(*h.extensions.index_of(ex::key_share), {{0, 0x1d, 0}}); });
       },
       Kind::undecodable, al::decode_error},
      {"hello_then_more_in_its_record",
       [](O& o, C&) {
         o.bend_bytes = [](uint8_t t, Bytes& b) {
           if (t == hs::server_hello) append(b, {{8, 0, 0, 2, 0, 0}});
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"two_hellos",
       [](O& o, C&) {
         o.before = before(hs::encrypted_extensions,
                           [](FakeServer& s) { s.send_message(hs::server_hello, SH{}, Level::initial); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"finished_first",
       [](O& o, C&) {
         o.before = before(hs::server_hello, [](FakeServer& s) {
           s.send_message(hs::finished, wire::Finished{.verify_data = Bytes(32)}, Level::initial);
         });
       },
       Kind::peer_violation, al::unexpected_message},

      {"retry_same_group", [](O& o, C&) { o.retry_group = 0x001d; }, Kind::peer_violation, al::illegal_parameter},
      {"retry_unoffered_group", [](O& o, C&) { o.retry_group = registry::group::x448; }, Kind::peer_violation,
       al::illegal_parameter},
      {"retry_without_change",
       [](O& o, C&) {
         o.retry_cookie = true;
         o.bend = hello([](SH& h) {
           if (h.is_hello_retry_request()) h.extensions.erase_type(ex::cookie);
         });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"retry_twice",
       [](O& o, C&) {
         o.retry_group = 0x0017;
         o.bend = hello([](SH& h) {
           h.random = wire::kHelloRetryRequestRandom;
           if (h.extensions.count(ex::key_share) != 0)
             h.extensions.put_typed(wire::ext::KeyShareRetry{.selected_group = 0x0017});
         });
       },
       Kind::peer_violation, al::unexpected_message},
      {"retry_then_other_suite",
       [](O& o, C&) {
         o.retry_group = 0x0017;
         o.bend = hello([](SH& h) {
           if (!h.is_hello_retry_request()) h.cipher_suite = cs::TLS_CHACHA20_POLY1305_SHA256;
         });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"retry_then_other_group",
       [](O& o, C&) {
         o.retry_group = 0x0017;
         o.bend = hello([](SH& h) {
           if (!h.is_hello_retry_request())
             h.extensions.put_typed(wire::ext::KeyShareServer{.group = 0x1d, .key = Bytes(32, 9)});
         });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"retry_unsolicited_extension",
       [](O& o, C&) {
         o.retry_group = 0x0017;
         o.bend = hello([](SH& h) { h.extensions.add(0x1234, {}); });
       },
       Kind::peer_violation, al::unsupported_extension},
      {"retry_empty_cookie",
       [](O& o, C&) {
         o.retry_cookie = true;
         o.bend = hello([](SH& h) {
           if (auto i = h.extensions.index_of(ex::cookie)) h.extensions.set(*i, {{0, 0}});
         });
       },
       Kind::undecodable, al::decode_error},

      {"ee_unsolicited",
       [](O& o, C&) { o.bend = on<EE>(hs::encrypted_extensions, [](EE& e) { add_alpn(e.extensions, {"h2"}); }); },
       Kind::peer_violation, al::unsupported_extension},
      {"ee_unknown",
       [](O& o, C&) { o.bend = on<EE>(hs::encrypted_extensions, [](EE& e) { e.extensions.add(0x1234, {}); }); },
       Kind::peer_violation, al::unsupported_extension},
      {"ee_misplaced",
       [](O& o, C&) {
         o.bend = on<EE>(hs::encrypted_extensions, [](EE& e) { e.extensions.add(ex::key_share, {{0, 0}}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"ee_duplicate",
       [](O& o, C&) {
         o.bend = on<EE>(hs::encrypted_extensions, [](EE& e) {
           e.extensions.add(ex::server_name, {});
           e.extensions.add(ex::server_name, {});
         });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"ee_alpn_unoffered",
       [](O& o, C& c) {
         c.alpn = {"h2"};
         o.bend = on<EE>(hs::encrypted_extensions, [](EE& e) { add_alpn(e.extensions, {"http/1.1"}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"ee_alpn_two",
       [](O& o, C& c) {
         c.alpn = {"h2"};
         o.bend = on<EE>(hs::encrypted_extensions, [](EE& e) { add_alpn(e.extensions, {"h2", "h2"}); });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"ee_twice",
       [](O& o, C&) {
         o.before = before(hs::certificate,
                           [](FakeServer& s) { s.send_message(hs::encrypted_extensions, EE{}, Level::handshake); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"ee_missing", [](O& o, C&) { o.before = leave_out(hs::encrypted_extensions); }, Kind::peer_violation,
       al::unexpected_message},

      {"request_without_schemes",
       [](O& o, C&) {
         o.ask_certificate = true;
         o.bend = on<wire::CertificateRequest13>(hs::certificate_request, [](auto& r) {
           r.extensions.clear();
           r.extensions.add(0x1234, {});
         });
       },
       Kind::peer_violation, al::missing_extension},
      {"request_with_context",
       [](O& o, C&) {
         o.ask_certificate = true;
         o.bend = on<wire::CertificateRequest13>(hs::certificate_request,
                                                 [](auto& r) { r.certificate_request_context = {1}; });
       },
       Kind::peer_violation, al::illegal_parameter},

      {"certificate_empty",
       [](O& o, C&) { o.bend = on<wire::Certificate13>(hs::certificate, [](auto& c) { c.clear(); }); },
       Kind::peer_violation, al::decode_error},
      {"certificate_context",
       [](O& o, C&) {
         o.bend = on<wire::Certificate13>(hs::certificate, [](auto& c) { c.certificate_request_context = {1}; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"certificate_garbage",
       [](O& o, C&) {
         o.bend = on<wire::Certificate13>(hs::certificate, [](auto& c) {
           c.clear();
           c.add(as_bytes("no certificate"));
         });
       },
       Kind::undecodable, al::bad_certificate},
      {"certificate_unsolicited_status",
       [](O& o, C&) {
         o.bend = on<wire::Certificate13>(hs::certificate, [](auto& c) {
           wire::ExtensionList l;
           l.add(ex::status_request, {{1, 0, 0, 1, 0}});
           c.set_extensions(0, l);
         });
       },
       Kind::peer_violation, al::unsupported_extension},
      {"certificate_missing", [](O& o, C&) { o.before = leave_out(hs::certificate); }, Kind::peer_violation,
       al::unexpected_message},

      {"verify_missing", [](O& o, C&) { o.before = leave_out(hs::certificate_verify); }, Kind::peer_violation,
       al::unexpected_message},
      {"verify_wrong", [](O& o, C&) { o.bend_bytes = flip_last(hs::certificate_verify); }, Kind::bad_signature,
       al::decrypt_error},
      {"verify_unoffered_scheme",
       [](O& o, C&) {
         o.bend = on<wire::CertificateVerify>(hs::certificate_verify,
                                              [](auto& v) { v.algorithm = registry::signature_scheme::ecdsa_sha1; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"verify_pkcs1",
       [](O& o, C&) {
         o.key = crypto::KeyKind::rsa;
         o.scheme = registry::signature_scheme::rsa_pkcs1_sha256;
       },
       Kind::peer_violation, al::illegal_parameter},
      {"verify_other_key_type",
       [](O& o, C&) {
         o.bend = on<wire::CertificateVerify>(hs::certificate_verify,
                                              [](auto& v) { v.algorithm = registry::signature_scheme::ed25519; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"verify_other_curve",
       [](O& o, C&) {
         o.bend = on<wire::CertificateVerify>(
             hs::certificate_verify, [](auto& v) { v.algorithm = registry::signature_scheme::ecdsa_secp384r1_sha384; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"finished_wrong", [](O& o, C&) { o.bend_bytes = flip_last(hs::finished); }, Kind::bad_finished,
       al::decrypt_error},
      {"finished_short",
       [](O& o, C&) { o.bend = on<wire::Finished>(hs::finished, [](auto& f) { f.verify_data.pop_back(); }); },
       Kind::peer_violation, al::decode_error},
      {"finished_then_more_in_its_record",
       [](O& o, C&) {
         o.bend_bytes = [](uint8_t t, Bytes& b) {
           if (t == hs::finished) b.push_back(4);
         };
       },
       Kind::peer_violation, al::unexpected_message},

      {"data_before_finished",
       [](O& o, C&) {
         o.before = before(hs::finished, [](FakeServer& s) {
           s.send_record(ct::application_data, as_bytes("early"), Level::handshake);
         });
       },
       Kind::peer_violation, al::unexpected_message},
      {"plain_data_first",
       [](O& o, C&) {
         o.before = before(hs::server_hello, [](FakeServer& s) {
           s.send_record(ct::application_data, as_bytes("early"), Level::initial);
         });
       },
       Kind::peer_violation, al::unexpected_message},
      {"plain_message_later",
       [](O& o, C&) {
         o.before = before(hs::certificate,
                           [](FakeServer& s) { s.send_record(ct::handshake, {{8, 0, 0, 2, 0, 0}}, Level::initial); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"ccs_flood",
       [](O& o, C&) {
         o.before = before(hs::encrypted_extensions, [](FakeServer& s) {
           for (int i = 0; i < 33; ++i) s.send_record(ct::change_cipher_spec, {{1}}, Level::initial);
         });
       },
       Kind::limit_exceeded, al::unexpected_message},
      {"ccs_of_two",
       [](O& o, C&) {
         o.before = before(hs::encrypted_extensions,
                           [](FakeServer& s) { s.send_record(ct::change_cipher_spec, {{2}}, Level::initial); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"ccs_protected",
       [](O& o, C&) {
         o.before = before(hs::certificate,
                           [](FakeServer& s) { s.send_record(ct::change_cipher_spec, {{1}}, Level::handshake); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"ccs_after_finished",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) { s.send_record(ct::change_cipher_spec, {{1}}, Level::initial); };
       },
       Kind::peer_violation, al::unexpected_message},
      {"empty_handshake_record",
       [](O& o, C&) {
         o.before = before(hs::certificate, [](FakeServer& s) { s.send_record(ct::handshake, {}, Level::handshake); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"empty_alert",
       [](O& o, C&) {
         o.before = before(hs::server_hello, [](FakeServer& s) { s.send_record(ct::alert, {}, Level::initial); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"long_alert",
       [](O& o, C&) {
         o.before =
             before(hs::certificate, [](FakeServer& s) { s.send_record(ct::alert, {{2, 40, 0}}, Level::handshake); });
       },
       Kind::peer_violation, al::decode_error},
      {"unknown_content_type",
       [](O& o, C&) {
         o.before = before(hs::certificate, [](FakeServer& s) { s.send_record(99, {{1}}, Level::handshake); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"interleaved",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_record(ct::handshake, {{4, 0}}, Level::application);
           s.send_record(ct::application_data, {{1}}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"plain_record_too_long",
       [](O& o, C&) {
         o.before = before(hs::server_hello, [](FakeServer& s) {
           s.how.fragment = 20000;
           s.send_record(ct::handshake, Bytes(16385), Level::initial);
         });
       },
       Kind::peer_violation, al::record_overflow},
      {"record_far_too_long",
       [](O& o, C&) { o.before = before(hs::server_hello, [](FakeServer& s) { s.send_raw({{22, 3, 3, 0x60, 0}}); }); },
       Kind::bad_record, al::record_overflow},
      {"protected_record_too_long",
       [](O& o, C&) { o.after_flight = [](FakeServer& s) { s.send_raw({{23, 3, 3, 0x41, 1}}); }; }, Kind::bad_record,
       al::record_overflow},
      {"content_too_long",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.how.fragment = 20000;
           s.send_record(ct::application_data, Bytes(16385), Level::application);
         };
       },
       Kind::peer_violation, al::record_overflow},
      {"padding_too_long",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.how.padding = 16384;
           s.send_record(ct::application_data, {{1}}, Level::application);
         };
       },
       Kind::peer_violation, al::record_overflow},
      {"zeros_only",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.how.plaintext = Bytes(5);
           s.send_record(ct::application_data, {{1}}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"bad_mac",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.how.sequence = 77;
           s.send_record(ct::application_data, {{1}}, Level::application);
         };
       },
       Kind::bad_record, al::bad_record_mac},
      {"bad_version_later", [](O& o, C&) { o.after_flight = [](FakeServer& s) { s.send_raw({{23, 4, 3, 0, 20}}); }; },
       Kind::bad_record, al::protocol_version},
      {"http",
       [](O& o, C&) {
         o.before =
             before(hs::server_hello, [](FakeServer& s) { s.send_raw(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n")); });
       },
       Kind::bad_record, al::unexpected_message},
      {"empty_data_flood",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           for (int i = 0; i < 33; ++i) s.send_record(ct::application_data, {}, Level::application);
         };
       },
       Kind::limit_exceeded, al::unexpected_message},
      {"message_too_large",
       [](O& o, C& c) {
         c.limits.max_handshake_message = 100000;
         o.before = before(hs::server_hello,
                           [](FakeServer& s) { s.send_record(ct::handshake, {{2, 0x02, 0, 0}}, Level::initial); });
       },
       Kind::limit_exceeded, al::illegal_parameter},
      {"too_much_handshake",
       [](O& o, C& c) {
         c.limits.max_handshake_bytes = 100;
         o.after_flight = [](FakeServer&) {};
       },
       Kind::limit_exceeded, al::internal_error},
      {"user_canceled_flood",
       [](O& o, C&) {
         o.before = before(hs::encrypted_extensions, [](FakeServer& s) {
           for (int i = 0; i < 17; ++i) s.send_alert(1, al::user_canceled, Level::handshake);
         });
       },
       Kind::limit_exceeded, al::unexpected_message},

      {"key_update_value",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::key_update, wire::KeyUpdate{.request_update = 2}, Level::application);
         };
       },
       Kind::peer_violation, al::illegal_parameter},
      {"key_update_then_more",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_record(ct::handshake, {{24, 0, 0, 1, 0, 24}}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"key_update_early",
       [](O& o, C&) {
         o.before = before(hs::certificate,
                           [](FakeServer& s) { s.send_message(hs::key_update, wire::KeyUpdate{}, Level::handshake); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"message_flood",
       [](O& o, C& c) {
         c.limits.max_post_handshake_messages = 10;
         o.after_flight = [](FakeServer& s) {
           for (uint8_t i = 0; i < 11; ++i)
             s.send_message(
                 hs::new_session_ticket,
                 wire::NewSessionTicket13{
                     .ticket_lifetime = 9, .ticket_age_add = 0, .ticket_nonce = {i}, .ticket = {1}, .extensions = {}},
                 Level::application);
         };
       },
       Kind::limit_exceeded, al::unexpected_message},
      {"ticket_malformed",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) { s.send_record(ct::handshake, {{4, 0, 0, 1, 0}}, Level::application); };
       },
       Kind::undecodable, al::decode_error},
      {"hello_request",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::hello_request, wire::HelloRequest{}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"finished_twice",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::finished, wire::Finished{.verify_data = Bytes(32)}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"late_request_not_offered",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::certificate_request, wire::CertificateRequest13{}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"end_of_early_data",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::end_of_early_data, wire::EndOfEarlyData{}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
  };
  return kCases;
}

const std::vector<HostileCase>& hostile_cases12() {
  using O = FakeOptions;
  using C = ClientConfig;
  using SH = wire::ServerHello;
  constexpr uint8_t kCcs = hs::message_hash;
  static const std::vector<HostileCase> kCases = {
      {"version_unoffered", [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_version = 0x0302; }); },
       Kind::peer_violation, al::protocol_version},
      {"version_11_answered",
       [](O& o, C& c) {
         c.versions = {TLS1_2};
         o.bend = hello([](SH& h) { h.legacy_version = 0x0302; });
       },
       Kind::unsupported_version_answered, al::protocol_version},
      {"version_13_without_extension", [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_version = 0x0304; }); },
       Kind::peer_violation, al::protocol_version},
      {"downgrade_mark",
       [](O& o, C&) {
         o.bend = hello([](SH& h) {
           std::copy(wire::kDowngradeTls12.begin(), wire::kDowngradeTls12.end(), h.random.begin() + 24);
         });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"suite_of_13", [](O& o, C&) { o.bend = hello([](SH& h) { h.cipher_suite = cs::TLS_AES_128_GCM_SHA256; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"suite_unoffered",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.cipher_suite = cs::TLS_RSA_WITH_AES_128_GCM_SHA256; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"suite_scsv",
       [](O& o, C& c) {
         c.renegotiation_info = C::RenegotiationInfo::scsv;
         o.bend = hello([](SH& h) { h.cipher_suite = 0x00ff; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"suite_offered_unspoken",
       [](O& o, C& c) {
         c.cipher_suites.push_back(cs::TLS_RSA_WITH_AES_128_GCM_SHA256);
         o.bend = hello([](SH& h) { h.cipher_suite = cs::TLS_RSA_WITH_AES_128_GCM_SHA256; });
       },
       Kind::unsupported_parameter, al::handshake_failure},
      {"compression", [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_compression_method = 1; }); },
       Kind::peer_violation, al::illegal_parameter},
      {"session_id_of_nothing",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.legacy_session_id_echo = Bytes(32, 0x42); }); },
       Kind::peer_violation, al::illegal_parameter},
      {"renegotiation_info_wrong",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::renegotiation_info, {{1, 5}}); }); },
       Kind::peer_violation, al::handshake_failure},
      {"point_formats",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::ec_point_formats, {{1, 1}}); }); },
       Kind::peer_violation, al::illegal_parameter},
      {"unsolicited_extension",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::encrypt_then_mac, {}); }); },
       Kind::peer_violation, al::unsupported_extension},
      {"key_share_in_12",
       [](O& o, C&) { o.bend = hello([](SH& h) { h.extensions.add(ex::key_share, {{0, 0x1d, 0, 1, 1}}); }); },
       Kind::peer_violation, al::illegal_parameter},
      {"certificate_empty",
       [](O& o, C&) { o.bend = on<wire::Certificate12>(hs::certificate, [](auto& c) { c.certificates.clear(); }); },
       Kind::peer_violation, al::decode_error},
      {"certificate_garbage",
       [](O& o, C&) {
         o.bend = on<wire::Certificate12>(hs::certificate, [](auto& c) { c.certificates.set(0, {{0x30, 0}}); });
       },
       Kind::undecodable, al::bad_certificate},
      {"certificate_of_other_kind",
       [](O& o, C&) {
         o.bend = on<wire::Certificate12>(hs::certificate,
                                          [](auto& c) { c.certificates = credential(crypto::KeyKind::rsa).chain; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"certificate_of_other_kind_unverified",
       [](O& o, C& config) {
         config.verify_peer_signature = false;
         o.bend = on<wire::Certificate12>(hs::certificate,
                                          [](auto& c) { c.certificates = credential(crypto::KeyKind::rsa).chain; });
       },
       Kind::peer_violation, al::illegal_parameter},
      {"certificate_missing", [](O& o, C&) { o.before = leave_out(hs::certificate); }, Kind::peer_violation,
       al::unexpected_message},
      {"exchange_missing", [](O& o, C&) { o.before = leave_out(hs::server_key_exchange); }, Kind::peer_violation,
       al::unexpected_message},
      {"exchange_unoffered_group", [](O& o, C&) { o.group = registry::group::x448; }, Kind::peer_violation,
       al::illegal_parameter},
      {"exchange_signature", [](O& o, C&) { o.bend_bytes = flip_last(hs::server_key_exchange); }, Kind::bad_signature,
       al::decrypt_error},
      {"exchange_unoffered_scheme", [](O&, C& c) { c.signature_schemes = {0x0804}; }, Kind::peer_violation,
       al::illegal_parameter},
      {"exchange_trailing", [](O& o, C&) { o.bend_bytes = add_byte(hs::server_key_exchange); }, Kind::undecodable,
       al::decode_error},
      {"exchange_bad_point",
       [](O& o, C&) {
         o.group = 0x0017;
         o.bend_bytes = [](uint8_t t, Bytes& b) {
           if (t == hs::server_key_exchange) b[8 + 40] ^= 1;
         };
       },
       Kind::bad_signature, al::decrypt_error},
      {"exchange_bad_point_unverified",
       [](O& o, C& c) {
         c.verify_peer_signature = false;
         o.group = 0x0017;
         o.bend_bytes = [](uint8_t t, Bytes& b) {
           if (t == hs::server_key_exchange) b[8 + 40] ^= 1;
         };
       },
       Kind::peer_violation, al::illegal_parameter},
      {"unsolicited_status",
       [](O& o, C&) {
         o.before = before(hs::server_key_exchange, [](FakeServer& s) {
           s.send_message(hs::certificate_status, wire::CertificateStatus{.status_type = 1, .response = {1}},
                          Level::initial);
         });
       },
       Kind::peer_violation, al::unexpected_message},
      {"request_twice",
       [](O& o, C&) {
         o.ask_certificate = true;
         o.before = before(hs::server_hello_done, [](FakeServer& s) {
           s.send_message(
               hs::certificate_request,
               wire::CertificateRequest12{
                   .certificate_types = {1}, .supported_signature_algorithms = {0x0403}, .certificate_authorities = {}},
               Level::initial);
         });
       },
       Kind::peer_violation, al::unexpected_message},
      {"done_with_body", [](O& o, C&) { o.bend_bytes = add_byte(hs::server_hello_done); }, Kind::undecodable,
       al::decode_error},
      {"ccs_early",
       [](O& o, C&) {
         o.before = before(hs::certificate,
                           [](FakeServer& s) { s.send_record(ct::change_cipher_spec, {{1}}, Level::initial); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"ccs_twice",
       [](O& o, C&) {
         o.before = before(kCcs, [](FakeServer& s) { s.send_record(ct::change_cipher_spec, {{1}}, Level::initial); });
       },
       Kind::bad_record, al::bad_record_mac},
      {"ticket_missing",
       [](O& o, C&) {
         o.ticket12 = true;
         o.before = leave_out(hs::new_session_ticket);
       },
       Kind::peer_violation, al::unexpected_message},
      {"ticket_unpromised",
       [](O& o, C&) {
         o.before = before(kCcs, [](FakeServer& s) {
           s.send_message(hs::new_session_ticket, wire::NewSessionTicket12{}, Level::initial);
         });
       },
       Kind::peer_violation, al::unexpected_message},
      {"finished_wrong", [](O& o, C&) { o.bend_bytes = flip_last(hs::finished); }, Kind::bad_finished,
       al::decrypt_error},
      {"finished_long",
       [](O& o, C&) { o.bend = on<wire::Finished>(hs::finished, [](auto& f) { f.verify_data.push_back(0); }); },
       Kind::peer_violation, al::decode_error},
      {"data_early",
       [](O& o, C&) {
         o.before = before(kCcs, [](FakeServer& s) { s.send_record(ct::application_data, {{1}}, Level::initial); });
       },
       Kind::peer_violation, al::unexpected_message},
      {"warning_flood",
       [](O& o, C&) {
         o.before = before(hs::certificate, [](FakeServer& s) {
           for (int i = 0; i < 17; ++i) s.send_alert(1, al::unrecognized_name, Level::initial);
         });
       },
       Kind::limit_exceeded, al::unexpected_message},
      {"hello_request_with_body",
       [](O& o, C&) {
         o.before = before(hs::certificate,
                           [](FakeServer& s) { s.send_record(ct::handshake, {{0, 0, 0, 1, 0}}, Level::initial); });
       },
       Kind::peer_violation, al::decode_error},
      {"hello_request_flood",
       [](O& o, C& c) {
         c.limits.max_post_handshake_messages = 5;
         o.after_flight = [](FakeServer& s) {
           for (int i = 0; i < 6; ++i) s.send_message(hs::hello_request, wire::HelloRequest{}, Level::application);
         };
       },
       Kind::limit_exceeded, al::unexpected_message},
      {"message_after_handshake",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::server_hello_done, wire::ServerHelloDone{}, Level::application);
         };
       },
       Kind::peer_violation, al::unexpected_message},
      {"record_too_long",
       [](O& o, C&) {
         o.after_flight = [](FakeServer& s) {
           s.how.fragment = 20000;
           s.send_record(ct::application_data, Bytes(16385), Level::application);
         };
       },
       Kind::peer_violation, al::record_overflow},
  };
  return kCases;
}

}  // namespace tlsproof::tls_test
