#include "tls_inside.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tlsproof/wire/record.h"

namespace tlsproof::capture {
namespace {

using trace::EventKind;
using wire::Direction;

constexpr size_t kMaxLine = 2048;
constexpr size_t kMaxTold = 64;                                            // events a direction
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113 §3.4
constexpr size_t kFrameHeaderLen = 9;                                      // RFC 9113 §4.1

enum FrameType : uint8_t { kRstStream = 3, kSettings = 4, kPing = 6, kGoaway = 7 };

// RFC 9113 §6, RFC 7838 §4, RFC 8336 §2, RFC 9218 §7.1.
std::string_view frame_name(uint8_t type) {
  static constexpr std::string_view kNames[] = {"DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
                                                "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION",
                                                "ALTSVC",       {},        "ORIGIN"};
  if (type == 0x10) return "PRIORITY_UPDATE";
  return type < std::size(kNames) ? kNames[type] : std::string_view();
}

// RFC 9113 §7.
std::string_view error_name(uint32_t code) {
  static constexpr std::string_view kNames[] = {"NO_ERROR",
                                                "PROTOCOL_ERROR",
                                                "INTERNAL_ERROR",
                                                "FLOW_CONTROL_ERROR",
                                                "SETTINGS_TIMEOUT",
                                                "STREAM_CLOSED",
                                                "FRAME_SIZE_ERROR",
                                                "REFUSED_STREAM",
                                                "CANCEL",
                                                "COMPRESSION_ERROR",
                                                "CONNECT_ERROR",
                                                "ENHANCE_YOUR_CALM",
                                                "INADEQUATE_SECURITY",
                                                "HTTP_1_1_REQUIRED"};
  return code < std::size(kNames) ? kNames[code] : std::string_view();
}

uint32_t read32(ByteView bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

size_t frame_len(ByteView header) {
  return static_cast<size_t>(header[0]) << 16 | static_cast<size_t>(header[1]) << 8 | header[2];
}

// How much of a frame's payload says what it is about.
size_t wanted_payload(uint8_t type) {
  return type == kGoaway ? 8 : type == kRstStream ? 4 : 0;
}

}  // namespace

void TlsInside::reset(trace::Trace& trace) {
  trace_ = &trace;
  any_ = http2_ = false;
  for (Half& one : halves_) {
    one.line = Half::Line::awaited;
    one.text.clear();
    one.preface_left = one.payload_left = one.num_told = 0;
    one.frame.clear();
    one.last_run = ~uint64_t{0};
  }
}

void TlsInside::set_alpn(ByteView name) {
  if (as_text(name) == "h2") begin_http2();
}

void TlsInside::begin_http2() {
  if (http2_) return;
  http2_ = true;
  half(Direction::client_to_server).preface_left = kPreface.size();
}

// What has no end is told for a while.
bool TlsInside::may_tell(Direction direction) {
  Half& one = half(direction);
  if (one.num_told > kMaxTold) return false;
  if (++one.num_told <= kMaxTold) return true;
  trace_->on_event(EventKind::note, direction, "what else is said inside is not told");
  return false;
}

void TlsInside::take(Direction direction, ByteView data, ByteRange stream) {
  if (data.empty()) return;
  if (!any_ && direction == Direction::client_to_server && as_text(data).starts_with(kPreface.substr(0, 16)))
    begin_http2();
  if (http2_)
    take_http2(direction, data, stream);
  else
    take_http1(direction, data, stream);
  any_ = true;
  last_ = direction;
}

// ---- HTTP/1: who speaks after the other one has may begin a message. Bodies are not followed, so that of requests
// sent without waiting for answers only the first is seen.

void TlsInside::take_http1(Direction direction, ByteView data, ByteRange stream) {
  Half& one = half(direction);
  if (any_ && last_ != direction) {
    one.line = Half::Line::awaited;
    one.text.clear();
  }
  if (one.line == Half::Line::over) return;
  one.line = Half::Line::begun;
  const std::string_view rest = as_text(data.first(std::min(data.size(), kMaxLine - one.text.size())));
  const size_t end = rest.find('\n');
  one.text += rest.substr(0, end);
  if (wire::looks_like_http(as_bytes(one.text)) == wire::Match::no) {
    one.line = Half::Line::over;
  } else if (end != std::string_view::npos || one.text.size() >= kMaxLine) {
    one.line = Half::Line::over;
    tell_line(direction, stream);
  }
}

void TlsInside::tell_line(Direction direction, ByteRange stream) {
  std::string_view line = half(direction).text;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (wire::looks_like_http(as_bytes(line)) != wire::Match::yes) return;
  const bool is_answer = line.starts_with("HTTP/1.");
  if (is_answer != (direction == Direction::server_to_client) || !may_tell(direction)) return;
  // RFC 9112 §4: HTTP-version SP status-code.
  uint16_t status = 0;
  if (is_answer && line.size() >= 12)
    for (const char digit : line.substr(9, 3))
      status = digit >= '0' && digit <= '9' ? static_cast<uint16_t>(status * 10 + (digit - '0')) : uint16_t{0};
  trace_->on_event(is_answer ? EventKind::http_response : EventKind::http_request, direction, line, status, stream);
}

// ---- HTTP/2

void TlsInside::take_http2(Direction direction, ByteView data, ByteRange stream) {
  Half& one = half(direction);
  const auto take = [&](size_t& left) {
    const size_t len = std::min(left, data.size());
    left -= len;
    data = data.subspan(len);
  };
  take(one.preface_left);
  while (!data.empty()) {
    if (one.payload_left != 0) {
      take(one.payload_left);
      continue;
    }
    size_t wanted = kFrameHeaderLen;
    if (one.frame.size() >= wanted) wanted += std::min(wanted_payload(one.frame[3]), frame_len(one.frame));
    const ByteView piece = data.first(std::min(data.size(), wanted - one.frame.size()));
    append(one.frame, piece);
    data = data.subspan(piece.size());
    if (one.frame.size() < kFrameHeaderLen) return;
    if (one.frame.size() < kFrameHeaderLen + std::min(wanted_payload(one.frame[3]), frame_len(one.frame))) continue;
    tell_frame(direction, stream);
    one.payload_left = frame_len(one.frame) - (one.frame.size() - kFrameHeaderLen);
    one.frame.clear();
  }
}

void TlsInside::tell_frame(Direction direction, ByteRange stream) {
  Half& one = half(direction);
  const uint8_t type = one.frame[3], flags = one.frame[4];
  const uint32_t id = read32(one.frame, 5) & 0x7fffffff;
  const bool acknowledges = (type == kSettings || type == kPing) && (flags & 1) != 0;
  const uint64_t run = uint64_t{type} << 33 | uint64_t{acknowledges} << 32 | id;
  if (run == std::exchange(one.last_run, run) || !may_tell(direction)) return;
  const std::string_view name = frame_name(type);
  std::string text = name.empty() ? fmt::format("h2 frame type {}", hex8(type)) : fmt::format("h2 {}", name);
  if (id != 0) text += fmt::format(" stream {}", id);
  if (acknowledges) text += " ack";
  if (const size_t len = wanted_payload(type); len != 0 && one.frame.size() >= kFrameHeaderLen + len) {
    const uint32_t code = read32(one.frame, kFrameHeaderLen + len - 4);
    const std::string_view error = error_name(code);
    text += error.empty() ? fmt::format(" error {}", code) : fmt::format(" {}", error);
  }
  trace_->on_event(direction == Direction::client_to_server ? EventKind::app_request : EventKind::app_response,
                   direction, text, 0, stream);
}

}  // namespace tlsproof::capture
