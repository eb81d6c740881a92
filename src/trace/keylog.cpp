#include "tlsproof/trace/keylog.h"

#include "keylog_lines.h"

namespace tlsproof::trace {

std::string_view secret_label_name(SecretLabel label) {
  switch (label) {
    case SecretLabel::client_random:
      return "CLIENT_RANDOM";
    case SecretLabel::client_early_traffic_secret:
      return "CLIENT_EARLY_TRAFFIC_SECRET";
    case SecretLabel::client_handshake_traffic_secret:
      return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case SecretLabel::server_handshake_traffic_secret:
      return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case SecretLabel::client_traffic_secret_0:
      return "CLIENT_TRAFFIC_SECRET_0";
    case SecretLabel::server_traffic_secret_0:
      return "SERVER_TRAFFIC_SECRET_0";
    case SecretLabel::early_exporter_secret:
      return "EARLY_EXPORTER_SECRET";
    case SecretLabel::exporter_secret:
      return "EXPORTER_SECRET";
  }
  return "";
}

void write_key_log_lines(const Trace& trace, SecretOut& out) {
  for (const SecretSeen& secret : trace.secrets()) {
    out.text(secret_label_name(secret.label));
    out.u8(' ');
    out.hex(secret.client_random);
    out.u8(' ');
    out.hex(secret.secret.view());
    out.u8('\n');
  }
}

SecretBytes encode_key_log(const Trace& trace) {
  return SecretOut::build([&](SecretOut& out) { write_key_log_lines(trace, out); });
}

}  // namespace tlsproof::trace
