#include "tlsproof/base/json_reader.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#pragma GCC diagnostic pop

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace tlsproof {
namespace {

bool is_word(std::string_view key) {
  return !key.empty() && key.size() <= 64 && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// RapidJSON's events with the path to each. False from any of them ends the reading.
class Handler {
 public:
  explicit Handler(JsonEvents& events) : events_(&events) {}
  [[nodiscard]] const Status& status() const { return status_; }

  // NOLINTBEGIN(readability-identifier-naming): the names are RapidJSON's
  bool StartObject() { return begin(false); }
  bool StartArray() { return begin(true); }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool EndArray(rapidjson::SizeType) { return end(); }
  bool Key(const char* text, rapidjson::SizeType len, bool) {
    path_.resize(frames_.back().path_len);
    const std::string_view key(text, len);
    if (!path_.empty()) path_ += '.';
    path_ += is_word(key) ? key : "?";
    return true;
  }
  bool String(const char* text, rapidjson::SizeType len, bool) {
    return keep(events_->on_text(path_, std::string_view(text, len)));
  }
  bool Bool(bool value) { return keep(events_->on_boolean(path_, value)); }
  bool Null() { return true; }
  bool Int(int) { return true; }  // kParseNumbersAsStringsFlag: RawNumber has them all
  bool Uint(unsigned) { return true; }
  bool Int64(int64_t) { return true; }
  bool Uint64(uint64_t) { return true; }
  bool Double(double) { return true; }
  bool RawNumber(const char* digits, rapidjson::SizeType len, bool) {
    return keep(events_->on_number(path_, std::string_view(digits, len)));
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  struct Frame {
    size_t outer_len;  // of the path to the value itself
    size_t path_len;   // of the path that its members have in common
  };

  bool begin(bool is_array) {
    if (frames_.size() == kMaxJsonDepth) return keep(fail_usage(fmt::format("deeper than {} levels", kMaxJsonDepth)));
    if (!keep(events_->on_begin(path_))) return false;
    const size_t outer_len = path_.size();
    if (is_array) path_ += "[]";
    frames_.push_back({outer_len, path_.size()});
    return true;
  }
  bool end() {
    path_.resize(frames_.back().outer_len);
    frames_.pop_back();
    const bool goes_on = keep(events_->on_end(path_));
    return goes_on;
  }
  bool keep(Status status) {
    status_ = std::move(status);
    return status_.has_value();
  }

  JsonEvents* events_;
  Status status_;
  std::string path_;
  std::vector<Frame> frames_;
};

}  // namespace

Status JsonEvents::on_number(std::string_view, std::string_view) {
  return {};
}

Status read_json(std::string_view text, JsonEvents& events) {
  // RapidJSON takes a NUL for the end of the document.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fail_usage(fmt::format("no valid JSON at byte {}: a NUL", nul));
  Handler handler(events);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  // Iterative: the depth costs no stack.
  const rapidjson::ParseResult result = reader.Parse < rapidjson::kParseIterativeFlag |
                                        rapidjson::kParseValidateEncodingFlag |
                                        rapidjson::kParseNumbersAsStringsFlag > (stream, handler);
  if (result) return {};
  if (!handler.status()) return handler.status();
  return fail_usage(
      fmt::format("no valid JSON at byte {}: {}", result.Offset(), rapidjson::GetParseError_En(result.Code())));
}

}  // namespace tlsproof
