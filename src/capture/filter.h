// BPF on packets that have been read: libpcap compiles and runs it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tlsproof/base/error.h"
#include "tlsproof/capture/packet.h"

namespace tlsproof::capture {

class Filter {
 public:
  explicit Filter(std::string text);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Where a field stands depends on the link type, so each has its own program. Fails (usage) with libpcap's message.
  [[nodiscard]] Status compile(uint16_t link_type);
  // Compiles at the first packet of a link type.
  [[nodiscard]] Result<bool> matches(const Packet& packet);

 private:
  struct Program;
  std::string text_;
  std::map<uint16_t, std::unique_ptr<Program>> programs_;
  Program* last_ = nullptr;  // most files have one link type
  uint16_t last_link_type_ = 0;
};

// What libpcap calls a link type of the registry.
[[nodiscard]] int to_dlt(uint16_t link_type);
[[nodiscard]] uint16_t from_dlt(int dlt);

}  // namespace tlsproof::capture
