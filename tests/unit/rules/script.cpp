#include "unit/rules/script.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "tlsproof/base/error.h"

namespace tlsproof::rules_test {

namespace ct = registry::content_type;

void Script::fail(std::string_view what) {
  fmt::print(stderr, "script: {}\n", what);
  std::abort();
}

size_t Script::at(Direction direction, uint8_t handshake_type, size_t nth) const {
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps[i].kind == Step::Kind::message && steps[i].direction == direction &&
        wire::message_type(steps[i].message) == handshake_type && nth-- == 0)
      return i;
  fail(fmt::format("no message {}", handshake_type));
}

size_t Script::at(Direction direction, Step::Kind kind, size_t nth) const {
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps[i].kind == kind && steps[i].direction == direction && nth-- == 0) return i;
  fail("no such step");
}

void Script::move(size_t from, size_t to) {
  Step step = steps[from];
  erase(from);
  insert(to, std::move(step));
}

Step message(Direction direction, wire::AnyMessage message, Level level) {
  return {.kind = Step::Kind::message, .direction = direction, .level = level, .message = std::move(message)};
}
Step change_cipher_spec(Direction direction) {
  return {.kind = Step::Kind::change_cipher_spec, .direction = direction, .message = {}, .bytes = {1}};
}
Step alert(Direction direction, uint8_t alert_level, uint8_t description, Level level) {
  return {.kind = Step::Kind::alert,
          .direction = direction,
          .level = level,
          .message = {},
          .bytes = {alert_level, description}};
}
Step data(Direction direction, std::string_view text, Level level) {
  return {.kind = Step::Kind::application_data,
          .direction = direction,
          .level = level,
          .message = {},
          .bytes = to_bytes(text)};
}
Step record(Direction direction, uint8_t content_type, Bytes content, Level level) {
  return {.kind = Step::Kind::record,
          .direction = direction,
          .level = level,
          .message = {},
          .bytes = std::move(content),
          .content_type = content_type};
}
Step sealed(Direction direction, uint8_t content_type, size_t len) {
  return {.kind = Step::Kind::record,
          .direction = direction,
          .level = Level::application,
          .message = {},
          .bytes = Bytes(len, 0xee),
          .content_type = content_type,
          .opened = false};
}

namespace {

constexpr size_t kTagLen = 16;
constexpr size_t kNonceLen = 8;

// Tells the steps of a script to a Trace, as the follower of a capture does: bytes, record, what is in it.
class Teller {
 public:
  Teller(const Script& script, trace::Trace& trace) : script_(script), trace_(trace) {}

  void tell() {
    const auto& steps = script_.steps;
    for (size_t i = 0; i < steps.size(); ++i) {
      size_t end = i + 1;
      while (end < steps.size() && steps[end].kind == Step::Kind::message && steps[end].joined) ++end;
      if (steps[i].kind == Step::Kind::message)
        tell_messages({steps.data() + i, end - i});
      else
        tell_other(steps[i]);
      i = end - 1;
    }
  }

 private:
  static Bytes encoded(const Step& step) {
    Bytes out = step.bytes;
    if (out.empty() && !wire::encode_message(step.message, out)) Script::fail("a message does not encode");
    return out;
  }

  // One record on the wire; its range.
  ByteRange put(const Step& like, uint8_t content_type, ByteView content) {
    const auto side = static_cast<size_t>(like.direction);
    if (script_.transport == trace::Transport::quic) {  // no records
      trace_.on_bytes(like.direction, content);
      const ByteRange range{offsets_[side], content.size()};
      offsets_[side] += content.size();
      return range;
    }
    const bool inside = script_.tls13 && like.level != Level::initial;
    Bytes fragment = to_bytes(content);
    if (like.level != Level::initial && like.opened) {
      if (inside) fragment.push_back(content_type);
      fragment.insert(fragment.end(), like.padding_len + kTagLen, 0);
    }
    if (like.level != Level::initial && !script_.tls13) put_nonce(like, fragment);
    const uint16_t version = like.record_version.value_or(0x0303);
    const size_t len = fragment.size();
    Bytes raw{inside ? ct::application_data : content_type, static_cast<uint8_t>(version >> 8),
              static_cast<uint8_t>(version), static_cast<uint8_t>(len >> 8), static_cast<uint8_t>(len)};
    append(raw, fragment);
    const ByteRange range{offsets_[side], raw.size()};
    offsets_[side] += raw.size();
    trace_.on_bytes(like.direction, raw);
    trace_.on_record({.direction = like.direction,
                      .level = like.level,
                      .content_type = content_type,
                      .version = version,
                      .opened = like.opened,
                      .stream = range,
                      .content = like.opened ? content : ByteView{}});
    return range;
  }

  // TLS 1.2's explicit nonce, another one in each record; sealed() leaves room for it.
  void put_nonce(const Step& like, Bytes& fragment) {
    if (like.opened) fragment.insert(fragment.begin(), kNonceLen, 0xee);
    if (fragment.size() < kNonceLen || fragment[0] != 0xee) return;  // the test's own
    ++num_nonces_;
    for (size_t i = 0; i < kNonceLen; ++i) fragment[i] = static_cast<uint8_t>(num_nonces_ >> (8 * (kNonceLen - 1 - i)));
  }

  void tell_messages(std::span<const Step> group) {
    Bytes all;
    std::vector<ByteRange> parts;
    for (const Step& step : group) {
      const Bytes bytes = encoded(step);
      parts.push_back({all.size(), bytes.size()});
      append(all, bytes);
    }
    const Step& first = group.front();
    const size_t step_len = first.fragment_len == 0 ? all.size() : first.fragment_len;
    struct Cut {
      ByteRange of_all, stream;
    };
    std::vector<Cut> cuts;
    for (size_t at = 0; at < all.size(); at += step_len) {
      const ByteRange part{at, std::min(step_len, all.size() - at)};
      cuts.push_back({part, put(first, ct::handshake, ByteView(all).subspan(at, part.len))});
      if (at == 0 && first.alert_between) {
        const ByteRange where = put(first, ct::alert, *first.alert_between);
        trace_.on_alert(first.direction, first.level, (*first.alert_between)[0], (*first.alert_between)[1], where);
      }
    }
    for (const ByteRange& part : parts) {
      ByteRange stream;
      for (const Cut& cut : cuts) {
        if (cut.of_all.end() <= part.offset || cut.of_all.offset >= part.end()) continue;
        if (stream.len == 0) stream = cut.stream;
        stream.len = cut.stream.end() - stream.offset;
      }
      trace_.on_message(
          {first.direction, first.level, all[part.offset], ByteView(all).subspan(part.offset, part.len), stream});
    }
  }

  void tell_other(const Step& step) {
    switch (step.kind) {
      case Step::Kind::change_cipher_spec:
        trace_.on_change_cipher_spec(step.direction, put(step, ct::change_cipher_spec, step.bytes));
        break;
      case Step::Kind::alert: {
        const ByteRange where = put(step, ct::alert, step.bytes);
        if (step.bytes.size() == 2) trace_.on_alert(step.direction, step.level, step.bytes[0], step.bytes[1], where);
        break;
      }
      case Step::Kind::application_data:
        trace_.on_application_data(step.direction, step.level, step.bytes, put(step, ct::application_data, step.bytes));
        break;
      case Step::Kind::record:
        put(step, step.content_type, step.bytes);
        break;
      case Step::Kind::gap:
        trace_.on_event(trace::EventKind::gap, step.direction, "100 bytes");
        break;
      case Step::Kind::problem:
        trace_.on_problem(step.direction, step.level, "no TLS", {});
        break;
      case Step::Kind::message:
        break;
    }
  }

  const Script& script_;
  trace::Trace& trace_;
  std::array<size_t, 2> offsets_{};
  uint64_t num_nonces_ = 0;
};

std::vector<x509::Certificate> chain_of(const ByteList& list) {
  std::vector<x509::Certificate> out;
  for (size_t i = 0; i < list.size(); ++i) out.push_back(x509::Certificate::parse(list[i]));
  return out;
}

}  // namespace

Judged::Judged(const Script& script) {
  trace_.begin("127.0.0.1:50000", "127.0.0.1:443");
  trace_.set_transport(script.transport);
  trace_.set_coverage(script.coverage);
  Teller(script, trace_).tell();
  reading_.read(trace_);
  server_chain_ = chain_of(reading_.certificates(kServer));
  client_chain_ = chain_of(reading_.certificates(kClient));
  facts_ = {&reading_, server_chain_, client_chain_};
  rules::judge(facts_, violations_);
}

std::string Judged::text() const {
  std::string out;
  for (const auto& violation : violations_) {
    out += fmt::format("{} by the {}: {}; events", violation.rule->id,
                       violation.breach.by == kClient ? "client" : "server", violation.breach.seen);
    for (const size_t event : violation.breach.events) out += fmt::format(" {}", event);
    out += "\n";
  }
  return out;
}

}  // namespace tlsproof::rules_test
