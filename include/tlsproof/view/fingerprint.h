// What a hello looks like, as one short text by which others know it: JA3 and JA3S (Salesforce, 2017) and JA4 (FoxIO,
// 2023), by their published definitions.
//
// JA4S and the other JA4+ methods are not free to implement and are left out.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tlsproof/trace/reading.h"
#include "tlsproof/wire/ext/number_list.h"
#include "tlsproof/wire/ext/opaque_list.h"

namespace tlsproof::view {

// Empty where there is no such hello, or none with a fingerprint (SSL 2.0).
struct Fingerprints {
  std::string ja3;   // of the ClientHello: 32 hexadecimal digits
  std::string ja3s;  // of the ServerHello
  std::string ja4;   // of the ClientHello: "t13d1516h2_8daaf6152771_e5627efa2ab1"
};

// What was hashed lately, with its digest in hexadecimal: most hellos are like one of few others.
class LatelyHashed {
 public:
  // `hash(text)` where it is not remembered.
  [[nodiscard]] std::string_view digest(std::string_view text, std::string (*hash)(std::string_view text));

 private:
  static constexpr size_t kMaxLen = 2048;  // longer texts are not kept
  struct Entry {
    std::string text, digest;
  };
  std::array<Entry, 16> entries_;
  Entry longer_;
  size_t next_ = 0;
};

// Holds memory that is used again from one handshake to the next.
class Fingerprinter {
 public:
  // After a HelloRetryRequest the first ClientHello counts, which the client made of its own will; and the ServerHello
  // that comes last, which says what the server chose.
  void compute(const trace::Reading& reading, Fingerprints& out);

  // What is hashed for JA3: "771,4865-49195,0-23,29-23,0". Borrows until the next call.
  [[nodiscard]] std::string_view ja3_text(const wire::ClientHello& hello);
  // "771,49199,65281-0".
  [[nodiscard]] std::string_view ja3s_text(const wire::ServerHello& hello);
  void ja4(const wire::ClientHello& hello, trace::Transport transport, std::string& out);

 private:
  void ja4_versions_and_counts(const wire::ClientHello& hello, trace::Transport transport, std::string& out);
  void append_short_hash(std::string& out);
  void append_alpn_mark(const wire::ClientHello& hello, std::string& out);

  LatelyHashed ja3_digests_, ja3s_digests_, ja4_digests_;
  std::string text_;
  std::vector<uint16_t> numbers_;
  wire::ext::SupportedVersionsClient versions_;
  wire::ext::SupportedGroups groups_;
  wire::ext::EcPointFormats formats_;
  wire::ext::SignatureAlgorithms schemes_;
  wire::ext::Alpn alpn_;
};

}  // namespace tlsproof::view
