// Where packets come from. Files are read by our own readers: pcap in both byte orders, with micro- and nanoseconds,
// and pcapng (draft-ietf-opsawg-pcapng) with several sections and interfaces of different link types; gzip is seen by
// its first bytes. libpcap captures live, and compiles filters.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/capture/packet.h"

namespace tlsproof::capture {

class Source {
 public:
  enum class Next : uint8_t {
    packet,   // `out` holds it
    secrets,  // a Decryption Secrets Block with TLS keys (pcapng §4.7): see secrets()
    idle,     // nothing came for a while (at most 200 ms): a live interface, a pipe, a filter that nothing fits; call
              // again
    end,      // of the file, or the capture was stopped
  };
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Fails when reading fails (errno) or what comes is no capture any more, naming the file and the offset. A last
  // packet that is cut off is the end, with a note.
  [[nodiscard]] virtual Result<Next> next(Packet& out) = 0;
  // The text of the block just met, in the format of key logs. Borrowed until the next call of next().
  [[nodiscard]] virtual ByteView secrets() const { return {}; }
  // What a person should know, one line each, escaped: "cut off in packet 17, at byte 3120", link types that cannot be
  // taken apart, packets that the kernel dropped.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
};

struct FileOptions {
  std::string filter;  // BPF, as tcpdump has it; empty: every packet. Packet numbers stay those of the file.
  const std::atomic<bool>* stop = nullptr;  // borrowed: true ends the wait for the first bytes of a pipe
};
// `path` "-" is standard input. Fails (usage), naming the file, where it is unreadable, empty or no capture, saying
// what it looks like where that is known; and for a filter that does not compile.
[[nodiscard]] Result<std::unique_ptr<Source>> open_file(const std::string& path, const FileOptions& options = {});

struct LiveOptions {
  std::string filter;
  size_t snap_len = 262'144;             // bytes kept of a frame
  size_t buffer_len = size_t{16} << 20;  // of the kernel
  bool promiscuous = false;
};
// Fails where the interface is not there or may not be captured on, with what to do about it.
[[nodiscard]] Result<std::unique_ptr<Source>> open_live(const std::string& interface, const LiveOptions& options = {});

// Writes what was seen as pcapng: interfaces as they are met, packets with nanoseconds, secrets blocks where they came.
class Writer {
 public:
  // Mode 0600: it may hold secrets. An existing file is replaced when the first packets are written out, so that a
  // Source which was opened by then still reads it; without any packet it stays. Fails naming the file.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> open(const std::string& path);
  virtual ~Writer() = default;
  virtual void packet(const Packet& packet) = 0;
  virtual void secrets(ByteView key_log) = 0;
  // Writes out what is buffered; what failed, if anything did.
  [[nodiscard]] virtual Status flush() = 0;
};

}  // namespace tlsproof::capture
