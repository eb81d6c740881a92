// A capture as a list, for tests: everything that a Source gives until it ends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsproof/capture/source.h"

namespace tlsproof::capture {

struct Kept {
  Packet packet;
  Bytes bytes;
};
struct ReadAll {
  std::vector<Kept> packets;
  std::vector<std::string> secrets;
  std::vector<std::string> notes;
  std::optional<Error> opening, reading;  // which of the two failed
};

inline ReadAll read_all(const std::string& path, const std::string& filter = "") {
  ReadAll all;
  auto source = open_file(path, {.filter = filter});
  if (!source) {
    all.opening = source.error();
    return all;
  }
  for (Packet packet;;) {
    const auto next = (*source)->next(packet);
    if (!next) all.reading = next.error();
    if (!next || *next == Source::Next::end) break;
    if (*next == Source::Next::packet) all.packets.push_back({packet, to_bytes(packet.bytes)});
    if (*next == Source::Next::secrets) all.secrets.emplace_back(as_text((*source)->secrets()));
  }
  all.notes = (*source)->notes();
  return all;
}

}  // namespace tlsproof::capture
