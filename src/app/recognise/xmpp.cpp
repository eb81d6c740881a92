// XMPP (RFC 6120 §5), of clients and of servers (with dialback too): as much of XML as finds the tags of a stream.
#include <fmt/format.h>

#include <algorithm>

#include "recogniser.h"

namespace tlsproof::app::recognising {
namespace {

constexpr size_t kMaxTags = 512;

struct Tag {
  ByteRange bytes;        // with its brackets
  std::string_view name;  // without its prefix, "/" left out
  bool ends = false;      // "</…>"
  bool empty = false;     // "<…/>"
};

// The next tag at or behind `at`, and the text before it skipped. RFC 6120 §11.1 forbids comments, processing
// instructions and DTDs, so that every '<' begins a tag. `at` moves behind it.
Next next_tag(ByteView side, size_t& at, Tag& out) {
  const std::string_view text = as_text(side);
  const size_t begin = text.find('<', at);
  for (const char c : text.substr(at, begin == std::string_view::npos ? text.size() - at : begin - at))
    if (static_cast<uint8_t>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n') return Next::bad;
  if (begin == std::string_view::npos) return Next::partial;
  char quote = '\0';
  for (size_t i = begin + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<uint8_t>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n') return Next::bad;
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '>') {
      out = {};
      out.bytes = {begin, i + 1 - begin};
      out.ends = text[begin + 1] == '/';
      out.empty = text[i - 1] == '/';
      out.name = text.substr(begin + (out.ends ? 2 : 1), i - begin);
      out.name = out.name.substr(0, out.name.find_first_of(" \t\r\n/>"));
      if (const size_t colon = out.name.find(':'); colon != std::string_view::npos)
        out.name = out.name.substr(colon + 1);
      at = i + 1;
      return Next::whole;
    }
  }
  return Next::partial;
}

std::string_view attribute(std::string_view tag, std::string_view name) {
  for (const char quote : {'\'', '"'}) {
    const std::string start = fmt::format(" {}={}", name, quote);
    const size_t at = tag.find(start);
    if (at == std::string_view::npos) continue;
    const std::string_view value = tag.substr(at + start.size());
    return value.substr(0, value.find(quote));
  }
  return {};
}

struct Scan {
  Fit fit = Fit::maybe;  // tls: the tag after which TLS begins was there
  size_t end = 0;        // behind it
};

// Reads a side up to the tag that ends it: <starttls/> of the client, <proceed/> of the server. What only the other
// side can say does not fit.
Scan scan(ByteView side, size_t which, Prelude& out) {
  Scan found;
  size_t at = 0;
  bool in_features = false, offered = false;
  for (size_t num_tags = 0; at < side.size(); ++num_tags) {
    if (found.fit == Fit::tls && match_tls(side.subspan(at)) != Match::no) {
      found.end = at;
      return found;
    }
    Tag tag;
    const Next next = next_tag(side, at, tag);
    if (next == Next::partial) return found;
    const std::string_view name = tag.name;
    const bool from_server = name == "features" || name == "proceed" || name == "challenge" || name == "success";
    const bool is_ask = name == "starttls" && !in_features;
    if (next == Next::bad || num_tags >= kMaxTags || (which == kClient ? from_server : is_ask)) {
      if (found.fit != Fit::tls) found.fit = Fit::no;
      return found;
    }
    if (tag.bytes.offset == 0 && name.starts_with("?xml")) continue;
    if (num_tags <= 1 && out.said.empty() && name != "stream" && name != "?xml") {
      found.fit = Fit::no;
      return found;
    }
    std::string text;
    if (name == "features") {
      if (!tag.ends) in_features = !tag.empty;
      if (tag.ends) in_features = false;
      if (tag.ends || tag.empty) text = fmt::format("<stream:features>{}", offered ? " with starttls" : "");
    } else if (in_features) {
      offered = offered || name == "starttls";
    } else if (name == "stream" && !tag.ends) {
      const std::string_view to = attribute(text_of(side, tag.bytes), "to");
      text = which == kClient && !to.empty() ? fmt::format("<stream:stream to='{}'>", to) : "<stream:stream>";
    } else if (!(tag.ends && name == "starttls") && !(tag.ends && name == "proceed")) {
      text = fmt::format("<{}{}>", tag.ends ? "/" : "", name);
    }
    if (!text.empty()) out.said.push_back({which, tag.bytes, 0, std::move(text)});
    // <starttls xmlns='…'></starttls> is the same in two tags.
    const bool decides = which == kClient ? is_ask : name == "proceed";
    if (decides && (tag.empty || tag.ends)) found = {Fit::tls, at};
  }
  return found;
}

}  // namespace

Fit xmpp(const Sides& sides, Prelude& out) {
  for (const ByteView side : sides) {
    const std::string_view text = as_text(side);
    const bool fits = side.empty() || may_become(text, "<?xml") || may_become(text, "<stream:stream") ||
                      text.starts_with(" ") || text.starts_with("\n");
    if (!fits) return Fit::no;
  }
  const Scan asked = scan(sides[kClient], kClient, out);
  Prelude of_server;
  const Scan granted = scan(sides[kServer], kServer, of_server);
  std::ranges::move(of_server.said, std::back_inserter(out.said));
  if (asked.fit == Fit::no || granted.fit == Fit::no) return Fit::no;
  const bool client_agrees = asked.fit == Fit::tls || sides[kClient].empty();
  const bool server_agrees = granted.fit == Fit::tls || sides[kServer].empty();
  if (!client_agrees || !server_agrees) return Fit::maybe;
  out.begins = {asked.end, granted.end};
  out.name = "XMPP STARTTLS";
  return agreed(sides, out);
}

}  // namespace tlsproof::app::recognising
