// The events of a Trace as a tree: records by their headers, messages by their fields.
#include "tlsproof/view/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/dtls.h"
#include "tlsproof/wire/record.h"
#include "tree_fields.h"

namespace tlsproof::view {
namespace {

using registry::Kind;
using trace::Event;
using trace::EventKind;
using trace::Transport;
using tree::Cursor;
using tree::Lines;
using tree::Segment;

constexpr size_t kRecordHeaderLen = 5;

class Tree {
 public:
  Tree(const trace::Reading& reading, const TreeOptions& options, std::string& out)
      : reading_(reading), trace_(reading.trace()), lines_(options, out), ascii_(options.ascii) {
    const registry::CipherSuiteInfo* suite = registry::cipher_suite_info(trace_.cipher_suite());
    context_.version = wire::tls_version_of(trace_.version());
    context_.key_exchange = suite == nullptr ? registry::KeyExchange::any : suite->kx;
    context_.dtls = trace_.transport() == Transport::dtls;
  }

  void run() {
    next_message_ = reading_.messages().begin();
    const auto events = trace_.events();
    for (size_t i = 0; i < events.size(); ++i) append(events[i], i);
    if (trace_.num_events_dropped() > 0)
      text_line(fmt::format("{} more events were not kept", trace_.num_events_dropped()));
  }

 private:
  // Content of handshake records that no message has taken yet.
  struct Fragment {
    ByteView content;
    size_t offset = 0;  // of it in the stream
    bool plain = true;
  };

  void arrow(const Event& event) {
    const bool up = event.direction == trace::Direction::client_to_server;
    lines_.out() += ascii_ ? (up ? "-> " : "<- ") : (up ? "─► " : "◄─ ");
  }
  void text_line(std::string_view text) {
    lines_.out() += "   ";
    lines_.out() += text;
    lines_.end_line();
  }

  void append(const Event& event, size_t index) {
    switch (event.kind) {
      case EventKind::record:
        return append_record(event);
      case EventKind::message:
        return append_message(event, index);
      case EventKind::alert:
        return append_alert(event);
      case EventKind::change_cipher_spec:
        arrow(event);
        lines_.out() += "ChangeCipherSpec";
        return lines_.end_line();
      case EventKind::application_data:
        arrow(event);
        fmt::format_to(std::back_inserter(lines_.out()), "application data, {} bytes", trace_.content(event).size());
        return lines_.end_line();
      case EventKind::bytes:
        return;  // told by what stands in them
      default:
        return append_other(event);
    }
  }

  void append_other(const Event& event) {
    constexpr std::string_view kNames[] = {"connecting", "connected", "connect failed",
                                           "",           "",          "",
                                           "",           "",          "",
                                           "problem",    "request",   "response",
                                           "request",    "response",  "half closed",
                                           "FIN",        "RST",       "write failed",
                                           "timed out",  "closed",    "note",
                                           "gap",        "conflict"};
    const auto kind = static_cast<size_t>(event.kind);
    arrow(event);
    lines_.out() += kind < std::size(kNames) ? kNames[kind] : std::string_view("event");
    if (const std::string_view text = trace_.text(event); !text.empty()) {
      lines_.out() += "  ";
      lines_.out() += lines_.escaped(as_bytes(text));
    }
    if (event.stream.len > 0)
      fmt::format_to(std::back_inserter(lines_.out()), "  {} bytes at {}", event.stream.len, event.stream.offset);
    lines_.end_line();
  }

  void append_record(const Event& event) {
    arrow(event);
    std::string& out = lines_.out();
    fmt::format_to(std::back_inserter(out), "record  {} bytes at {}", event.stream.len, event.stream.offset);
    if (event.level != trace::Level::initial)
      fmt::format_to(std::back_inserter(out), ", {} keys, {}", to_string(event.level),
                     event.opened ? registry::content_type_name(static_cast<uint8_t>(event.code)) + " inside"
                                  : std::string("not opened"));
    lines_.end_line();
    const ByteView raw = trace_.bytes_of(event);
    const ByteView content = trace_.content(event);
    // The header is five bytes in TLS alone, and only where the stream was kept.
    if (trace_.transport() == Transport::tls && raw.size() == event.stream.len && raw.size() >= kRecordHeaderLen) {
      const Segment here{0, event.stream.offset};
      lines_.set_segments({&here, 1});
      Cursor c(lines_, raw, 0, 0);
      c.number(1, "type", Kind::content_type);
      c.number(2, "legacy_record_version", Kind::version);
      c.number(2, "length");
      const bool plain = event.opened && equal(c.rest(), content);
      if (!plain) c.remaining("encrypted_record");
      if (plain && event.code == registry::content_type::alert && c.rest().size() == 2) {
        c.number(1, "level", Kind::alert_level);
        c.number(1, "description", Kind::alert);
      }
      // Messages in clear have lines of their own.
      if (plain && event.code != registry::content_type::handshake) c.remaining("fragment");
      keep_fragment(event, content, plain);
      lines_.set_segments({});
    } else {
      keep_fragment(event, content, false);
    }
  }

  void keep_fragment(const Event& event, ByteView content, bool plain) {
    if (event.code != registry::content_type::handshake || content.empty()) return;
    fragments_[static_cast<size_t>(event.direction)].push_back(
        {content, event.stream.offset + kRecordHeaderLen, plain});
  }

  // Where the bytes of this message stood, when they are the next ones that the records held. Empty: not known, or not
  // in clear.
  std::span<const Segment> locate(const Event& event, ByteView message) {
    segments_.clear();
    auto& fragments = fragments_[static_cast<size_t>(event.direction)];
    bool plain = true;
    for (size_t at = 0; at < message.size();) {
      if (fragments.empty()) {
        segments_.clear();
        return {};
      }
      Fragment& first = fragments.front();
      const size_t len = std::min(first.content.size(), message.size() - at);
      if (!equal(first.content.first(len), message.subspan(at, len))) {
        fragments.clear();  // something is missing: the records to come are a new beginning
        segments_.clear();
        return {};
      }
      plain = plain && first.plain;
      segments_.push_back({at, first.offset});
      first.content = first.content.subspan(len);
      first.offset += len;
      at += len;
      if (first.content.empty()) fragments.pop_front();
    }
    if (!plain) segments_.clear();
    return segments_;
  }

  void append_message(const Event& event, size_t index) {
    while (next_message_ != reading_.messages().end() && next_message_->event < index) ++next_message_;
    const bool read = next_message_ != reading_.messages().end() && next_message_->event == index;
    const ByteView raw = trace_.content(event);
    arrow(event);
    std::string& out = lines_.out();
    out += read && next_message_->message != nullptr ? wire::message_name(*next_message_->message)
                                                     : registry::handshake_type_name(static_cast<uint8_t>(event.code));
    fmt::format_to(std::back_inserter(out), "  {} bytes", raw.size());
    Segment whole{0, event.stream.offset};
    std::span<const Segment> segments;
    if (trace_.transport() == Transport::tls) {
      segments = locate(event, raw);
    } else if (trace_.transport() == Transport::quic) {
      segments = {&whole, 1};
    }
    const std::string_view counted = trace_.transport() == Transport::quic  ? "in the CRYPTO stream"
                                     : !segments.empty()                    ? "in the stream"
                                     : event.level != trace::Level::initial ? "in the message, which was decrypted"
                                                                            : "in the message";
    fmt::format_to(std::back_inserter(out), "; offsets {}", counted);
    lines_.end_line();
    lines_.set_segments(segments);
    context_.type = static_cast<uint8_t>(event.code);
    context_.read = read ? &*next_message_ : nullptr;
    tree::append_message(lines_, raw, context_, 0);
    lines_.set_segments({});
    if (read && next_message_->message == nullptr) lines_.info(0, "does not decode:", next_message_->error.message());
  }

  void append_alert(const Event& event) {
    arrow(event);
    const auto level = static_cast<uint8_t>(event.code >> 8);
    const auto description = static_cast<uint8_t>(event.code);
    fmt::format_to(std::back_inserter(lines_.out()), "alert  {} {} ({})", registry::alert_level_name(level),
                   registry::alert_name(description), description);
    lines_.end_line();
  }

  const trace::Reading& reading_;
  const trace::Trace& trace_;
  Lines lines_;
  bool ascii_;
  tree::MessageContext context_;
  std::span<const trace::MessageRead>::iterator next_message_;
  std::array<std::deque<Fragment>, 2> fragments_;
  std::vector<Segment> segments_;
};

}  // namespace

void append_tree(const trace::Reading& reading, const TreeOptions& options, std::string& out) {
  Tree(reading, options, out).run();
}

}  // namespace tlsproof::view
