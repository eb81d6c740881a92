// JSON on one line, appended to a text that its owner keeps: for documents of which many thousands are written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/json_fields.h"

namespace tlsproof {

// Nothing is allocated beyond the growth of `out`. The caller opens and closes in order; nothing is checked.
class JsonText : public JsonFields<JsonText> {
 public:
  explicit JsonText(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  // `name` is a literal of ours that needs no escaping.
  void key(std::string_view name) {
    extend(name.size() + 4, [&](char* at) {
      if (comma_) *at++ = ',';
      *at++ = '"';
      at = std::ranges::copy(name, at).out;
      *at++ = '"';
      *at++ = ':';
      return at;
    });
    comma_ = false;
  }
  void string(std::string_view value);  // bytes that are not UTF-8 become \xHH as visible text, as JsonWriter has it
  void hex(ByteView value);
  void integer(int64_t value);
  void unsigned_integer(uint64_t value);
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  // A value that is JSON already.
  void raw(std::string_view json) {
    extend(json.size() + 1, [&](char* at) {
      if (comma_) *at++ = ',';
      return std::ranges::copy(json, at).out;
    });
    comma_ = true;
  }

  void field_hex(std::string_view name, ByteView value) { keyed(name).hex(value); }
  void field_raw(std::string_view name, std::string_view json) { keyed(name).raw(json); }
  // What the caller has appended to out() himself ended with a value, and an object that was begun here.
  void resume_after_object() { comma_ = true; }
  [[nodiscard]] std::string& out() { return out_; }

 private:
  // Room for `most` more characters, of which `write` gives the end; it is told where to begin. The text grows once for
  // all that belongs together, which is what such documents are made of.
  template <class Write>
  void extend(size_t most, Write write) {
    const size_t begin = out_.size();
    out_.resize_and_overwrite(begin + most, [&](char* text, size_t) { return write(text + begin) - text; });
  }
  template <class Number>
  void number(Number value);
  void comma() {
    if (comma_) out_ += ',';
  }
  void open(char bracket) {
    comma();
    out_ += bracket;
    comma_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace tlsproof
