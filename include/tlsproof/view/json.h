// A handshake as one line of JSON: everything that the block for a person tells, and more. The schema is
// reports/schema/handshake.schema.json.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "tlsproof/registry/code_point.h"
#include "tlsproof/view/handshake.h"

namespace tlsproof {
class JsonText;
}

namespace tlsproof::view {

// {"id":4865,"name":"TLS_AES_128_GCM_SHA256"} for every value of a kind, made when it is first asked for.
class CodePointTexts {
 public:
  explicit CodePointTexts(registry::Kind kind) : kind_(kind) {}
  [[nodiscard]] const std::string& text(uint16_t value);
  // A JSON array of them: most clients send one of few lists, so the latest are kept. Good until the next call.
  [[nodiscard]] const std::string& list_text(std::span<const uint16_t> values);

 private:
  struct List {
    std::vector<uint16_t> values;
    std::string text;
  };
  std::array<List, 8> lists_;
  size_t next_list_ = 0;
  using Page = std::array<std::string, 256>;
  registry::Kind kind_;
  std::array<std::unique_ptr<Page>, 256> pages_;
};

// A time as it was last written.
struct TimeText {
  int64_t seconds = 0;
  size_t seconds_len = 0;  // of the text, with the point
  std::string text;
};

// Holds what is written the same again and again: code points and certificates. Memory is bounded.
class JsonLines {
 public:
  JsonLines();
  ~JsonLines();
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;

  // Appends `"…":…,…}` and a line break: the line without its beginning, which is json_line_begin's. Lists that a peer
  // can make long are cut (kMaxList), which "cut" says.
  [[nodiscard]] ViolationsPlace append(const Handshake& handshake, std::string& out);

  static constexpr size_t kMaxList = 512;
  static constexpr size_t kMaxMessages = 256;
  static constexpr size_t kMaxCertificates = 16;
  static constexpr size_t kMaxNames = 128;  // of one certificate

 private:
  struct CertificateText {
    x509::Certificate certificate;  // keeps alive what the map's key points to
    std::string text;
  };
  using CertificateTexts = std::unordered_map<const x509::CertificateView*, CertificateText>;

  void connection(const Handshake& handshake, JsonText& json);
  void choices(const Handshake& handshake, JsonText& json);
  void code_point(JsonText& json, std::string_view name, CodePointTexts& texts, uint16_t value);
  void code_points(JsonText& json, std::string_view name, CodePointTexts& texts, std::span<const uint16_t> values);
  void extension_types(const wire::ExtensionList& extensions, JsonText& json);
  void offered(const wire::ClientHello& hello, JsonText& json);
  void chain(std::span<const x509::Certificate> certificates, bool of_server, int64_t at_seconds, JsonText& json);
  const std::string& certificate_text(const x509::Certificate& certificate, bool is_server_leaf);
  void messages(const Handshake& handshake, JsonText& json);
  void alerts(const Handshake& handshake, JsonText& json);

  CodePointTexts versions_, suites_, extensions_, groups_, schemes_, handshake_types_, alerts_, alert_levels_,
      compressions_;
  CertificateTexts server_leaves_, others_;
  size_t server_leaf_bytes_ = 0, other_bytes_ = 0;
  wire::ext::SupportedVersionsClient supported_versions_;
  wire::ext::SupportedGroups supported_groups_;
  wire::ext::SignatureAlgorithms signature_algorithms_;
  std::vector<uint16_t> numbers_;
  std::string events_;
  TimeText start_;
  bool cut_ = false;
};

// `{"schema":"tlsproof-handshake/1","handshake":17,"file":"x.pcap",`
void append_json_line_begin(uint64_t number, std::string_view file, std::string& out);
// One event of the Trace as an element of a violation's "events"; `packet`: the one that brought it, 0 where not known.
void append_event(const trace::Event& event, uint64_t packet, JsonText& json);
// One violation as an element of "violations"; `events`: the elements of its "events", with their commas.
void append_violation(const rules::Violation& violation, std::string_view events, JsonText& json);

}  // namespace tlsproof::view
