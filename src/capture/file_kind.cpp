// What a file that is no capture looks like, for the one message that its user gets.
#include <algorithm>
#include <array>

#include "file_format.h"
#include "tlsproof/base/text.h"

namespace tlsproof::capture {
namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view begins;
  std::string_view what;
};

// Longer ones before those that begin like them.
constexpr Kind kKinds[] = {
    {"\xa1\xb2\xcd\x34"sv,
     "a pcap file of a modified format (Kuznetzov's libpcap); editcap -F pcapng makes one that can be read"},
    {"\x34\xcd\xb2\xa1"sv,
     "a pcap file of a modified format (Kuznetzov's libpcap); editcap -F pcapng makes one that can be read"},
    {"\xa1\xb2\x34\xcd"sv, "a pcap file of a modified format (Navtel); editcap -F pcapng makes one that can be read"},
    {"\xcd\x34\xb2\xa1"sv, "a pcap file of a modified format (Navtel); editcap -F pcapng makes one that can be read"},
    {"\xa1\xe2\xcb\x12"sv,
     "a pcap file of a modified format (AIX or Nokia); editcap -F pcapng makes one that can be read"},
    {"\x12\xcb\xe2\xa1"sv,
     "a pcap file of a modified format (AIX or Nokia); editcap -F pcapng makes one that can be read"},
    {"\x1c\x00\x01\xab"sv, "an Ixia lcap capture; editcap -F pcapng makes one that can be read"},
    {"\x1c\x00\x01\xac"sv, "an Ixia lcap capture; editcap -F pcapng makes one that can be read"},
    {"snoop\0\0\0"sv, "a snoop capture (Solaris); editcap -F pcapng makes one that can be read"},
    {"btsnoop\0"sv, "a Bluetooth capture (btsnoop)"},
    {"GMBU"sv, "a capture of Microsoft Network Monitor 2; editcap -F pcapng makes one that can be read"},
    {"RTSS"sv, "a capture of Microsoft Network Monitor 1; editcap -F pcapng makes one that can be read"},
    {"TRSNIFF data    \x1a"sv,
     "a capture of the Network General Sniffer; editcap -F pcapng makes one that can be read"},
    {"XCP\0"sv, "a capture of the NetXray Sniffer; editcap -F pcapng makes one that can be read"},
    {"\x1f\x8b"sv, "gzip"},
    {"\x28\xb5\x2f\xfd"sv, "zstd: unpack it first"},
    {"\xfd"
     "7zXZ\0"sv,
     "xz: unpack it first"},
    {"BZh"sv, "bzip2: unpack it first"},
    {"\x04\x22\x4d\x18"sv, "lz4: unpack it first"},
    {"PK\x03\x04"sv, "a ZIP archive: unpack it first"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive: unpack it first"},
    {"\x7f"
     "ELF"sv,
     "a program"},
    {"%PDF-"sv, "a PDF document"},
    {"-----BEGIN "sv, "PEM: a certificate or a key"},
};

// Lines that begin with a label of a key log (draft-ietf-tls-keylogfile §2); comments may stand before them.
bool is_key_log(std::string_view text) {
  for (const std::string& line : split(text, '\n')) {
    if (line.empty() || line[0] == '#' || line == "\r") continue;
    return line.starts_with("CLIENT_") || line.starts_with("SERVER_") || line.starts_with("EXPORTER_SECRET ") ||
           line.starts_with("EARLY_EXPORTER_") || line.starts_with("RSA ") || line.starts_with("ECH_");
  }
  return false;
}

bool is_text(ByteView head) {
  return std::ranges::all_of(head, [](uint8_t c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

std::string_view looks_like(ByteView head) {
  const std::string_view text = as_text(head);
  for (const Kind& kind : kKinds)
    if (text.starts_with(kind.begins)) return kind.what;
  if (is_pcap(head) || is_pcapng(head)) return "a capture";
  if (is_key_log(text)) return "a TLS key log: give it by --keylog, and the capture here";
  if (text.find("-----BEGIN ") != std::string_view::npos) return "PEM: a certificate or a key";
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[') && is_text(head)) return "JSON";
  if (is_text(head)) return "text";
  if (head.size() >= 4 && head[0] == 0x30 && (head[1] & 0x80) != 0) return "DER: a certificate or a key";
  return {};
}

}  // namespace tlsproof::capture
