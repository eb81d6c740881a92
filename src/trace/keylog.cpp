#include "tlsproof/trace/keylog.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "keylog_lines.h"
#include "tlsproof/base/text.h"

namespace tlsproof::trace {
namespace {

void write_line(SecretLabel label, ByteView client_random, ByteView secret, SecretOut& out) {
  out.text(secret_label_name(label));
  out.u8(' ');
  out.hex(client_random);
  out.u8(' ');
  out.hex(secret);
  out.u8('\n');
}

}  // namespace

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
  for (const SecretSeen& secret : trace.secrets())
    write_line(secret.label, secret.client_random, secret.secret.view(), out);
}

SecretBytes encode_key_log(const Trace& trace) {
  return SecretOut::build([&](SecretOut& out) { write_key_log_lines(trace, out); });
}

Result<std::unique_ptr<KeyLogFile>> KeyLogFile::open(const std::string& path) {
  // A pipe that nobody reads is an error rather than a wait without an end: hence O_NONBLOCK for the opening.
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0) return fail_errno(fmt::format("cannot open the key log file '{}'", escape_terminal(path)));
  ::fcntl(fd, F_SETFL, O_APPEND);
  return std::unique_ptr<KeyLogFile>(new KeyLogFile(fd, path));
}

KeyLogFile::~KeyLogFile() {
  ::close(fd_);
}

void KeyLogFile::write(SecretLabel label, const std::array<uint8_t, 32>& client_random, ByteView secret) {
  if (!status_) return;
  const SecretBytes line = SecretOut::build([&](SecretOut& out) { write_line(label, client_random, secret, out); });
  // O_APPEND and one write: the lines of several programs do not mix. Half a line is completed, or told.
  for (ByteView left = line.view(); !left.empty();) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      status_ = fail_errno(fmt::format("cannot write the key log file '{}'", escape_terminal(path_)));
      return;
    }
    left = left.subspan(static_cast<size_t>(written));
  }
}

}  // namespace tlsproof::trace
