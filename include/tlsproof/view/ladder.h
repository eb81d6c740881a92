// A Trace as a ladder: what went from which side to which, one event a row, as it is drawn in RFCs.
//
//     0.2 ms    connected to 127.0.0.1:8443
//     0.4 ms ─► ClientHello  TLS 1.3 1.2, sni www.example.com
//     1.9 ms ◄─ ServerHello  TLS 1.3, TLS_AES_256_GCM_SHA384, x25519
// >   4.0 ms ◄─ alert fatal certificate_required (116)
//              bytes 2310–2333 from the server
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tlsproof/trace/trace.h"

namespace tlsproof::view {

struct LadderOptions {
  size_t width = 80;          // columns of a line, `indent` included; nothing is wider
  size_t indent = 0;          // blanks before each line
  bool unicode = true;        // false: "->" and "<-", and nothing of ours but ASCII
  bool show_records = false;  // also records and bytes as rows; otherwise only those that are marked
  size_t max_rows = 40;  // of how it began and ended, "… n more" between; marked events are added, up to as many again
};

struct LadderRow {
  enum class Side : uint8_t { local, to_server, to_client };
  bool marked = false;      // one of the events that decide
  Side side = Side::local;  // local: an event of the transport, which no arrow fits
  int64_t time_ns = 0;      // since the trace began
  size_t event = 0;         // the event that names this row
  size_t num_events = 1;    // those that it folds together (repeated NewSessionTickets, runs of application data)
  std::string text;         // one line, escaped, not yet cut to a width
  ByteRange stream;         // of that direction's bytes; len 0 when nothing passed
  size_t num_left_out = 0;  // when not 0, this row only says how many rows are missing here
};

// The rows of a trace. `marked` holds indexes into trace.events(); those out of range are ignored.
[[nodiscard]] std::vector<LadderRow> make_ladder(const trace::Trace& trace, std::span<const size_t> marked = {},
                                                 const LadderOptions& options = {});

// One row as lines without line breaks at their ends: the row, cut to the width or continued on the next line, and for
// a marked one its byte range.
[[nodiscard]] std::vector<std::string> render_row(const LadderRow& row, const LadderOptions& options = {});

// make_ladder, each row rendered, every line ended by a line break.
[[nodiscard]] std::string render_ladder(const trace::Trace& trace, std::span<const size_t> marked = {},
                                        const LadderOptions& options = {});

// "alert fatal certificate_required (116)"; the names of code points that have none are hex.
[[nodiscard]] std::string describe_alert(uint8_t level, uint8_t description);
// What a row would say of this one event; empty for an index out of range.
[[nodiscard]] std::string describe_event(const trace::Trace& trace, size_t index);
// One event in a word or two, for people and programs, in IANA's spelling: "message server_hello", "record alert",
// "alert certificate_required", "end_of_stream".
[[nodiscard]] std::string event_name(const trace::Event& event);

}  // namespace tlsproof::view
