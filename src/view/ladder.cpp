#include "tlsproof/view/ladder.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/view/glyphs.h"
#include "tlsproof/view/message.h"

namespace tlsproof::view {
namespace {

using trace::Direction;
using trace::Event;
using trace::EventKind;

constexpr size_t kMaxText = 300;  // bytes of a text in a row that the peer or the system chose
constexpr size_t kMaxRowLines = 3;
constexpr size_t kTextColumn = 15;  // "> 1234.5 ms ◄─ "

// A row before it has words: telling them costs decoding, which only rows that are shown are worth.
struct Draft {
  size_t event = 0;  // the one that names the row
  size_t last = 0;   // the last one that it folds
  size_t num = 1;
  uint64_t data_len = 0;  // of the application data that it folds
  bool marked = false;
  ByteRange stream;
};

bool is_talk(EventKind kind) {
  return kind == EventKind::http_request || kind == EventKind::http_response || kind == EventKind::app_request ||
         kind == EventKind::app_response;
}

bool is_ticket(const Event& event) {
  return event.kind == EventKind::message && event.code == registry::handshake_type::new_session_ticket;
}

// A record that could not be looked into.
bool is_closed(const Event& event) {
  return event.kind == EventKind::record && !event.opened;
}

ByteRange span_of(ByteRange a, ByteRange b) {
  if (a.len == 0) return b;
  if (b.len == 0) return a;
  const size_t begin = std::min(a.offset, b.offset);
  return {begin, std::max(a.end(), b.end()) - begin};
}

class DraftList {
 public:
  DraftList(const trace::Trace& trace, const LadderOptions& options) : trace_(trace), options_(options) {}

  void add(size_t index, bool marked) {
    const Event& event = trace_.events()[index];
    if (!marked && !is_shown(event)) return;
    if (!drafts_.empty() && fold(index, marked)) return;
    Draft draft{.event = index, .last = index, .marked = marked, .stream = event.stream};
    if (event.kind == EventKind::application_data) draft.data_len = event.content.len;
    if (event.kind == EventKind::record) draft.data_len = event.stream.len;
    drafts_.push_back(draft);
  }
  [[nodiscard]] std::vector<Draft> take() { return std::move(drafts_); }

 private:
  [[nodiscard]] bool is_shown(const Event& event) const {
    switch (event.kind) {
      case EventKind::bytes:
        return options_.show_records;
      case EventKind::record:  // what was not opened is told by nothing else
        return options_.show_records || !event.opened;
      // RFC 8446 §D.4: without meaning in TLS 1.3.
      case EventKind::change_cipher_spec:
        return trace_.version() != registry::version::TLS1_3;
      default:
        return true;
    }
  }

  // Whether the event is told by the row before it.
  bool fold(size_t index, bool marked) {
    const Event& event = trace_.events()[index];
    Draft& last = drafts_.back();
    const Event& before = trace_.events()[last.event];
    if (event.kind == EventKind::connected && before.kind == EventKind::connecting) {
      return merge(last, index, marked, true);
    }
    if (event.direction != before.direction) return false;
    if (is_ticket(event) && is_ticket(before)) return merge(last, index, marked, false);
    if (is_closed(event) && is_closed(before) && event.code == before.code && !options_.show_records) {
      last.data_len += event.stream.len;
      return merge(last, index, marked, false);
    }
    const bool is_data = event.kind == EventKind::application_data;
    if (is_data && (before.kind == EventKind::application_data || is_talk(before.kind))) {
      last.data_len += event.content.len;
      return merge(last, index, marked, false);
    }
    // The line of a request or a response says more than that there was data.
    if (is_talk(event.kind) && before.kind == EventKind::application_data) return merge(last, index, marked, true);
    return false;
  }
  bool merge(Draft& into, size_t index, bool marked, bool names_row) {
    if (names_row) into.event = index;
    into.last = index;
    ++into.num;
    into.marked = into.marked || marked;
    into.stream = span_of(into.stream, trace_.events()[index].stream);
    return true;
  }

  const trace::Trace& trace_;
  const LadderOptions& options_;
  std::vector<Draft> drafts_;
};

std::string shown(std::string_view text) {
  return escape_terminal_limited(text, kMaxText);
}

std::string with_text(std::string_view what, std::string_view text) {
  return text.empty() ? std::string(what) : fmt::format("{}: {}", what, shown(text));
}

std::string message_text(const trace::Trace& trace, const Event& event) {
  const auto message = trace.message(event);
  if (message) return describe_message(*message);
  return fmt::format("{}  does not decode: {}", registry::handshake_type_name(static_cast<uint8_t>(event.code)),
                     message.error().message());
}

std::string data_text(uint64_t len) {
  return fmt::format("{} byte{} of application data", len, len == 1 ? "" : "s");
}

std::string talk_text(const trace::Trace& trace, const Event& event, const Draft& draft) {
  std::string text = shown(trace.text(event));
  if (text.empty()) text = event.code == 0 ? std::string("HTTP") : fmt::format("HTTP {}", event.code);
  if (draft.data_len > 0) text += fmt::format("  {} bytes", draft.data_len);
  return text;
}

std::string connected_text(const trace::Trace& trace, const Draft& draft) {
  const std::string_view named = trace.text(trace.events()[draft.event]);
  const std::string_view address = named.empty() ? std::string_view(trace.peer_address()) : named;
  return address.empty() ? std::string("connected") : "connected to " + shown(address);
}

std::string record_text(const Event& event, const Draft& draft) {
  const std::string type = registry::content_type_name(static_cast<uint8_t>(event.code));
  if (event.opened) return fmt::format("record {}, {} bytes", type, event.stream.len);
  return fmt::format("{} encrypted record{}, {} bytes, not opened ({})", draft.num, draft.num == 1 ? "" : "s",
                     draft.data_len, type);
}

std::string row_text(const trace::Trace& trace, const Draft& draft) {
  const Event& event = trace.events()[draft.event];
  const std::string_view text = trace.text(event);
  switch (event.kind) {
    case EventKind::connecting:
      return text.empty() ? "connecting" : "connecting to " + shown(text);
    case EventKind::connected:
      return connected_text(trace, draft);
    case EventKind::connect_failed:
      return with_text("no connection", text);
    case EventKind::bytes:
      return fmt::format("{} bytes", event.stream.len);
    case EventKind::record:
      return record_text(event, draft);
    case EventKind::message: {
      std::string line = message_text(trace, event);
      return draft.num > 1 ? fmt::format("{}  ×{}", line, draft.num) : line;
    }
    case EventKind::alert:
      return describe_alert(static_cast<uint8_t>(event.code >> 8), static_cast<uint8_t>(event.code & 0xff));
    case EventKind::change_cipher_spec:
      return "ChangeCipherSpec";
    case EventKind::application_data:
      return data_text(draft.data_len);
    case EventKind::problem:
      return text.starts_with("SSL 2.0") ? shown(text) : with_text("unreadable", text);
    case EventKind::http_request:
    case EventKind::http_response:
    case EventKind::app_request:
    case EventKind::app_response:
      return talk_text(trace, event, draft);
    case EventKind::half_closed:
      return "FIN (we half-closed)";
    case EventKind::end_of_stream:
      return "FIN";
    case EventKind::reset:
      return "RST";
    case EventKind::write_failed:
      return with_text("a write failed", text);
    case EventKind::timed_out:
      return with_text("timed out", text);
    case EventKind::closed:
      return "closed";
    case EventKind::note:
      return shown(text);
    case EventKind::gap:
      return with_text("not captured", text);
    case EventKind::conflict:
      return with_text("sent twice, differently", text);
  }
  return {};
}

LadderRow::Side side_of(const Event& event) {
  switch (event.kind) {
    case EventKind::connecting:
    case EventKind::connected:
    case EventKind::connect_failed:
    case EventKind::write_failed:
    case EventKind::timed_out:
    case EventKind::closed:
    case EventKind::note:
      return LadderRow::Side::local;
    default:
      return event.direction == Direction::client_to_server ? LadderRow::Side::to_server : LadderRow::Side::to_client;
  }
}

LadderRow finish_row(const trace::Trace& trace, const Draft& draft) {
  const Event& event = trace.events()[draft.event];
  LadderRow row;
  row.marked = draft.marked;
  row.side = side_of(event);
  row.time_ns = event.time_ns;
  row.event = draft.event;
  row.num_events = draft.num;
  row.text = row_text(trace, draft);
  row.stream = draft.stream;
  return row;
}

LadderRow left_out_row(const Draft& first, const Event& event, size_t num) {
  LadderRow row;
  row.event = first.event;
  row.time_ns = event.time_ns;
  row.num_left_out = num;
  row.text = fmt::format("… {} more", num);
  return row;
}

// Which drafts are shown: how it began, how it ended, and what is marked.
std::vector<bool> select_rows(const std::vector<Draft>& drafts, size_t max_rows) {
  std::vector<bool> selected(drafts.size(), drafts.size() <= max_rows);
  if (drafts.size() <= max_rows) return selected;
  const size_t tail = max_rows / 4;
  for (size_t i = 0; i < max_rows - tail; ++i) selected[i] = true;
  for (size_t i = drafts.size() - tail; i < drafts.size(); ++i) selected[i] = true;
  size_t room = max_rows;
  for (size_t i = 0; i < drafts.size() && room > 0; ++i) {
    if (!drafts[i].marked || selected[i]) continue;
    selected[i] = true;
    --room;
  }
  return selected;
}

std::string arrow(LadderRow::Side side) {
  switch (side) {
    case LadderRow::Side::local:
      return "  ";
    case LadderRow::Side::to_server:
      return "─►";
    case LadderRow::Side::to_client:
      return "◄─";
  }
  return {};
}

std::string bytes_line(const LadderRow& row) {
  const std::string_view who = row.side == LadderRow::Side::to_server ? "client" : "server";
  if (row.stream.len == 1) return fmt::format("byte {} from the {}", row.stream.offset, who);
  return fmt::format("bytes {}–{} from the {}", row.stream.offset, row.stream.end() - 1, who);
}

}  // namespace

std::vector<LadderRow> make_ladder(const trace::Trace& trace, std::span<const size_t> marked,
                                   const LadderOptions& options) {
  const auto events = trace.events();
  std::vector<bool> is_marked(events.size());
  for (size_t index : marked)
    if (index < events.size()) is_marked[index] = true;
  DraftList list(trace, options);
  for (size_t i = 0; i < events.size(); ++i) list.add(i, is_marked[i]);
  const std::vector<Draft> drafts = list.take();
  const std::vector<bool> selected = select_rows(drafts, options.max_rows);

  std::vector<LadderRow> rows;
  for (size_t i = 0; i < drafts.size();) {
    if (selected[i]) {
      rows.push_back(finish_row(trace, drafts[i++]));
      continue;
    }
    const size_t first = i;
    while (i < drafts.size() && !selected[i]) ++i;
    rows.push_back(left_out_row(drafts[first], events[drafts[first].event], i - first));
  }
  if (trace.num_events_dropped() > 0) {
    LadderRow row;
    row.num_left_out = trace.num_events_dropped();
    row.time_ns = events.empty() ? 0 : events.back().time_ns;
    row.text = fmt::format("… {} more events, which were not kept", row.num_left_out);
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::string> render_row(const LadderRow& row, const LadderOptions& options) {
  const size_t left = options.indent + kTextColumn;
  const size_t room = options.width > left + 8 ? options.width - left : 8;
  const std::string margin(left, ' ');
  std::vector<std::string> lines;
  const double ms = static_cast<double>(row.time_ns) / 1e6;
  std::string time(9, ' ');
  if (row.num_left_out == 0) time = ms < 9999.95 ? fmt::format("{:6.1f} ms", ms) : fmt::format("{:6.0f} ms", ms);
  std::string first =
      fmt::format("{}{} {} {} ", std::string(options.indent, ' '), row.marked ? '>' : ' ', time, arrow(row.side));
  std::vector<std::string> folded = fold_to_columns(row.text, room, kMaxRowLines, options.unicode);
  for (size_t i = 1; i < folded.size(); ++i) folded[i].insert(0, margin);
  folded.front().insert(0, first);
  lines = std::move(folded);
  if (row.marked && row.stream.len > 0 && row.side != LadderRow::Side::local) lines.push_back(margin + bytes_line(row));
  if (!options.unicode)
    for (std::string& line : lines) line = to_ascii(line);
  return lines;
}

std::string render_ladder(const trace::Trace& trace, std::span<const size_t> marked, const LadderOptions& options) {
  std::string out;
  for (const LadderRow& row : make_ladder(trace, marked, options)) {
    for (const std::string& line : render_row(row, options)) {
      out += line;
      out += '\n';
    }
  }
  return out;
}

std::string describe_alert(uint8_t level, uint8_t description) {
  return fmt::format("alert {} {} ({})", registry::alert_level_name(level), registry::alert_name(description),
                     description);
}

std::string describe_event(const trace::Trace& trace, size_t index) {
  if (index >= trace.events().size()) return {};
  const Event& event = trace.events()[index];
  return row_text(trace, {.event = index,
                          .last = index,
                          .data_len = event.kind == EventKind::record ? event.stream.len : event.content.len,
                          .stream = event.stream});
}

std::string event_name(const Event& event) {
  switch (event.kind) {
    case EventKind::connecting:
      return "connecting";
    case EventKind::connected:
      return "connected";
    case EventKind::connect_failed:
      return "connect_failed";
    case EventKind::bytes:
      return "bytes";
    case EventKind::record:
      return "record " + registry::content_type_name(static_cast<uint8_t>(event.code));
    case EventKind::message:
      return "message " + registry::handshake_type_name(static_cast<uint8_t>(event.code));
    case EventKind::alert:
      return "alert " + registry::alert_name(static_cast<uint8_t>(event.code & 0xff));
    case EventKind::change_cipher_spec:
      return "change_cipher_spec";
    case EventKind::application_data:
      return "application_data";
    case EventKind::problem:
      return "problem";
    case EventKind::http_request:
      return "http_request";
    case EventKind::http_response:
      return "http_response";
    case EventKind::app_request:
      return "app_request";
    case EventKind::app_response:
      return "app_response";
    case EventKind::half_closed:
      return "half_closed";
    case EventKind::end_of_stream:
      return "end_of_stream";
    case EventKind::reset:
      return "reset";
    case EventKind::write_failed:
      return "write_failed";
    case EventKind::timed_out:
      return "timed_out";
    case EventKind::closed:
      return "closed";
    case EventKind::note:
      return "note";
    case EventKind::gap:
      return "gap";
    case EventKind::conflict:
      return "conflict";
  }
  return {};
}

}  // namespace tlsproof::view
