#include "stapled.h"

#include <fmt/format.h>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/json_text.h"
#include "tlsproof/base/reader.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/x509/ocsp.h"

namespace tlsproof::view {
namespace {

// What concerns the server's certificate; of a response that has nothing about it, nothing.
const x509::OcspSingleResponse* about_leaf(const Handshake& handshake, const x509::OcspResponseView& response) {
  if (handshake.server_chain.empty() || handshake.server_chain[0]->serial.empty()) return nullptr;
  return response.find(handshake.server_chain[0]->serial);
}

std::string status_name(int64_t status) {
  const std::string_view name = x509::ocsp_status_name(status);
  return name.empty() ? fmt::format("status {}", status) : std::string(name);
}

std::string day(int64_t seconds) {
  return format_utc(seconds).substr(0, 10);
}

void date(JsonText& json, std::string_view name, const std::optional<int64_t>& seconds) {
  json.key(name);
  if (seconds)
    json.string(format_utc(*seconds));
  else
    json.null();
}

constexpr auto kSuccessful = static_cast<int64_t>(x509::OcspStatus::successful);

}  // namespace

ByteView stapled_response(ByteView extension_block) {
  ParseError error;
  Reader block(extension_block, error, 0);
  while (!block.empty()) {
    uint16_t type = 0;
    ByteView body;
    if (!block.u16(type, "type") || !block.opaque16(body, "body")) return {};
    if (type != registry::extension::status_request) continue;
    Reader status(body, error, 0);
    uint8_t kind = 0;
    ByteView response;
    if (!status.u8(kind, "status_type") || kind != registry::certificate_status_type::ocsp) return {};
    return status.opaque24(response, "response") ? response : ByteView();
  }
  return {};
}

std::string stapled_text(const Handshake& handshake) {
  if (!handshake.ocsp_stapled) return {};
  if (handshake.ocsp_response.empty()) return "stapled OCSP: of an unknown kind";
  const auto response = x509::OcspResponseView::parse(handshake.ocsp_response);
  if (response.status && *response.status != kSuccessful) return "stapled OCSP: " + status_name(*response.status);
  if (!response.readable) return "stapled OCSP: cannot be read";
  const x509::OcspSingleResponse* single = about_leaf(handshake, response);
  if (single == nullptr) return "stapled OCSP: nothing about this certificate";
  std::string text = "stapled OCSP: ";
  text += single->status == x509::OcspCertStatus::revoked ? "REVOKED" : x509::to_text(single->status);
  if (single->revoked_at) text += " since " + day(*single->revoked_at);
  if (single->reason) text += fmt::format(" ({})", x509::crl_reason_name(*single->reason));
  const int64_t now = handshake.passage->first_time_ns / 1'000'000'000;
  if (single->next_update)
    text +=
        fmt::format(", until {}{}", day(*single->next_update), now > *single->next_update ? ": OUT OF DATE then" : "");
  if (single->this_update && now < *single->this_update)
    text += fmt::format(", from {}: NOT YET VALID then", day(*single->this_update));
  return text;
}

void append_stapled(const Handshake& handshake, JsonText& json) {
  if (!handshake.ocsp_stapled) return json.null();
  const auto response = x509::OcspResponseView::parse(handshake.ocsp_response);
  json.begin_object();
  json.key("status");
  if (response.status)
    json.string(status_name(*response.status));
  else
    json.null();
  const x509::OcspSingleResponse* single = response.readable ? about_leaf(handshake, response) : nullptr;
  json.key("certificate_status");
  if (single != nullptr)
    json.string(x509::to_text(single->status));
  else
    json.null();
  date(json, "this_update", single != nullptr ? single->this_update : std::nullopt);
  date(json, "next_update", single != nullptr ? single->next_update : std::nullopt);
  if (single != nullptr && single->revoked_at) date(json, "revoked_at", single->revoked_at);
  if (single != nullptr && single->reason) json.field("reason", x509::crl_reason_name(*single->reason));
  json.end_object();
}

}  // namespace tlsproof::view
