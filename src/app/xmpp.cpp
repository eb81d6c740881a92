// XMPP: RFC 6120; STARTTLS is its §5. As much of XML as finds the tags of a stream.
#include <fmt/format.h>

#include <utility>

#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

std::string escape_attribute(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&' || c == '<' || c == '>' || c == '\'' || c == '"')
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

// Hands the tags of a stream over: <name …>, </name>, <name …/>. RFC 6120 §11.1 forbids comments, processing
// instructions and DTDs within a stream, so that every '<' begins a tag.
class XmppDialogue : public Dialogue {
 protected:
  static constexpr size_t kMaxTagLen = 8192;
  // `name` without its prefix, "/" in front for an end; `closes`: it ends in "/>".
  virtual void on_tag(std::string_view name, bool closes) = 0;

  void open_stream(const std::string& domain) {
    const std::string text = fmt::format(
        "<?xml version='1.0'?><stream:stream to='{}' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>",
        escape_attribute(domain));
    say(as_bytes(text), fmt::format("<stream:stream to='{}'>", domain));
  }

 private:
  size_t take(ByteView bytes) override {
    const char c = static_cast<char>(bytes[0]);
    if (tag_.empty() && c != '<') {
      // Text between tags is of no use to us; before the first one there is none.
      if (num_tags_ == 0 && c != ' ' && c != '\r' && c != '\n' && c != '\t') {
        end(State::broken,
            fmt::format("this is not XMPP: '{}'",
                        escape_terminal_limited(as_text(bytes.first(std::min<size_t>(60, bytes.size()))), 60)));
      }
      return 1;
    }
    tag_ += c;
    if (tag_.size() > kMaxTagLen) {
      end(State::broken, fmt::format("a tag is longer than {} bytes", kMaxTagLen));
      return 1;
    }
    if (quote_ != '\0') {
      if (c == quote_) quote_ = '\0';
      return 1;
    }
    if (c == '\'' || c == '"') quote_ = c;
    if (c == '>') tag_done(std::exchange(tag_, {}));
    return 1;
  }
  void tag_done(const std::string& tag) {
    ++num_tags_;
    if (tag.starts_with("<?")) return;  // the XML declaration
    const bool is_end = tag.starts_with("</");
    std::string_view name = std::string_view(tag).substr(is_end ? 2 : 1);
    name = name.substr(0, name.find_first_of(" \t\r\n/>"));
    if (const size_t colon = name.find(':'); colon != std::string_view::npos) name = name.substr(colon + 1);
    if (name.empty()) return end(State::broken, "this is not XMPP: a tag without a name");
    on_tag(is_end ? "/" + std::string(name) : std::string(name), tag.ends_with("/>"));
  }
  void at_end() override { end(State::broken, "closed before an answer came"); }

  std::string tag_;
  char quote_ = '\0';
  size_t num_tags_ = 0;
};

// The elements of a stream, one by one; both dialogues look at the features.
class XmppElements : public XmppDialogue {
 protected:
  virtual void on_features() = 0;
  virtual void on_error(std::string_view condition) = 0;
  virtual void on_other(std::string_view name) = 0;
  bool starttls_offered = false;

 private:
  void on_tag(std::string_view name, bool closes) final {
    if (in_error_) {
      heard(fmt::format("<stream:error> {}", name));
      return on_error(name);
    }
    if (in_features_) {
      if (name == "starttls") starttls_offered = true;
      if (name != "/features") return;
      in_features_ = false;
      heard(fmt::format("<stream:features>{}", starttls_offered ? " with starttls" : ""));
      return on_features();
    }
    if (name == "stream") return heard("<stream:stream>");
    if (name == "features") {
      in_features_ = !closes;
      if (closes) {
        heard("<stream:features/>");
        on_features();
      }
      return;
    }
    if (name == "error") {
      in_error_ = true;
      return;
    }
    heard(fmt::format("<{}>", name));
    on_other(name);
  }
  bool in_features_ = false;
  bool in_error_ = false;
};

class XmppPrelude final : public XmppElements {
 public:
  explicit XmppPrelude(const std::string& domain) {
    strictly_in_turn();
    open_stream(domain);
  }

 private:
  void on_features() override {
    if (asked_) return end(State::broken, "the XMPP server offers its features twice");
    if (!starttls_offered) return end(State::refused, "the XMPP server does not offer STARTTLS");
    say(as_bytes("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), "<starttls>");
    asked_ = true;
  }
  void on_error(std::string_view condition) override {
    end(State::refused, fmt::format("XMPP stream error {}", escape_terminal_limited(condition, 60)));
  }
  void on_other(std::string_view name) override {
    if (name == "proceed" && asked_) return end(State::done);
    if (name == "failure") return end(State::refused, "XMPP failure: the server cannot begin TLS");
    if (name == "/stream") return end(State::refused, "the XMPP server ends the stream");
    end(State::broken, fmt::format("this is not XMPP: <{}>", escape_terminal_limited(name, 60)));
  }
  bool asked_ = false;
};

class XmppTalk final : public XmppElements {
 public:
  explicit XmppTalk(const std::string& domain) { open_stream(domain); }

 private:
  void on_features() override {
    answer({Sign::accepted, 0, "XMPP offers its features"});
    say(as_bytes("</stream:stream>"), "</stream:stream>");
    end(State::done);
  }
  void on_error(std::string_view condition) override {
    const std::string text = fmt::format("XMPP stream error {}", escape_terminal_limited(condition, 60));
    Sign sign = Sign::refused;
    if (condition == "resource-constraint" || condition == "system-shutdown") sign = Sign::busy;
    answer({sign, 0, text});
    end(State::refused, text);
  }
  void on_other(std::string_view name) override {
    end(State::broken, fmt::format("this is not XMPP: <{}>", escape_terminal_limited(name, 60)));
  }
};

}  // namespace

std::unique_ptr<Dialogue> xmpp_prelude(const Setup& setup) {
  return std::make_unique<XmppPrelude>(setup.domain);
}
std::unique_ptr<Dialogue> xmpp_talk(const Setup& setup) {
  return std::make_unique<XmppTalk>(setup.domain);
}

}  // namespace tlsproof::app
