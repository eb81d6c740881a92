// The dialogues before TLS in real captures: by name, with both hellos behind them.
#include <gtest/gtest.h>

#include <map>

#include "captures.h"
#include "tlsproof/capture/flow_table.h"
#include "tlsproof/capture/follow.h"
#include "tlsproof/capture/source.h"

namespace tlsproof::capture {
namespace {

// The preludes of a file's connections in which the ServerHello was told and decodes, with how many there are of each;
// "(sniff)" where a flow would have been dismissed.
std::map<std::string, size_t> preludes_of(const std::string& path) {
  std::map<std::string, size_t> found;
  Follower follower({});
  FlowTable table({}, [&](Flow& flow) {
    const auto followed = follower.follow(flow);
    if (!followed) return;
    if (sniff(flow) != Sniff::tls) ++found["(sniff)"];
    const trace::Trace& trace = follower.trace();
    const auto said = [&](wire::Direction direction, uint8_t type) {
      const trace::Event* hello = trace.find_message(direction, type);
      return hello != nullptr && trace.message(*hello).has_value();
    };
    if (!said(wire::Direction::server_to_client, 2)) return;
    if (!said(wire::Direction::client_to_server, 1)) return void(++found[followed->prelude + ", no ClientHello"]);
    ++found[followed->prelude];
  });
  auto source = open_file(path);
  if (!source) return {{source.error().message(), 1}};
  Dissector dissector;
  Packet packet;
  Segment segment;
  for (;;) {
    const auto next = (*source)->next(packet);
    if (!next || *next == Source::Next::end) break;
    if (*next == Source::Next::packet && dissector.dissect(packet, segment)) table.add(segment);
  }
  table.finish();
  return found;
}

TEST(RecogniseCaptures, NamesWhatLedToTls) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  const std::map<std::string, std::map<std::string, size_t>> expected = {
      {"zeek/smtp-starttls.pcap", {{"SMTP STARTTLS", 1}}},
      {"zeek/imap-starttls.pcap", {{"IMAP STARTTLS", 1}}},
      {"zeek/pop3-starttls.pcap", {{"POP3 STLS", 1}}},
      {"zeek/irc-starttls.pcap", {{"IRC STARTTLS", 1}}},
      {"zeek/xmpp-starttls.pcap", {{"XMPP STARTTLS", 1}}},
      {"zeek/xmpp-dialback-starttls.pcap", {{"XMPP STARTTLS", 1}}},
      {"ja4/https-connect.pcap", {{"HTTP CONNECT", 1}}},
      {"ja4/socks4-https.pcap", {{"SOCKS4a, no ClientHello", 1}}},
      {"ja4/socks-https-example.pcap", {{"SOCKS4", 1}, {"SOCKS4a", 1}, {"SOCKS5", 1}}},
  };
  size_t num = 0;
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    auto found = preludes_of(capture.path);
    EXPECT_FALSE(found.contains("(sniff)"));
    found.erase("(sniff)");
    const auto one = expected.find(capture.name);
    if (one == expected.end()) {
      found.erase("");  // TLS at once
      found.erase(", no ClientHello");
      EXPECT_TRUE(found.empty()) << found.begin()->first;
      continue;
    }
    ++num;
    EXPECT_EQ(found, one->second);
  }
  EXPECT_EQ(num, expected.size());
}

}  // namespace
}  // namespace tlsproof::capture
