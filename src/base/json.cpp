#include "tlsproof/base/json.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#pragma GCC diagnostic pop

#include <cmath>

#include "tlsproof/base/text.h"

namespace tlsproof {

struct JsonWriter::Impl {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> pretty{buffer};
  rapidjson::Writer<rapidjson::StringBuffer> line{buffer};
  bool is_pretty = false;

  template <class Call>
  void with(Call&& call) {
    if (is_pretty)
      call(pretty);
    else
      call(line);
  }
};

JsonWriter::JsonWriter(int indent) : impl_(std::make_unique<Impl>()) {
  impl_->is_pretty = indent > 0;
  if (indent > 0) impl_->pretty.SetIndent(' ', static_cast<unsigned>(indent));
}
JsonWriter::~JsonWriter() = default;

void JsonWriter::begin_object() {
  impl_->with([](auto& w) { w.StartObject(); });
}
void JsonWriter::end_object() {
  impl_->with([](auto& w) { w.EndObject(); });
}
void JsonWriter::begin_array() {
  impl_->with([](auto& w) { w.StartArray(); });
}
void JsonWriter::end_array() {
  impl_->with([](auto& w) { w.EndArray(); });
}
void JsonWriter::key(std::string_view name) {
  impl_->with([&](auto& w) { w.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); });
}
void JsonWriter::string(std::string_view value) {
  const std::string escaped = is_valid_utf8(value) ? std::string(value) : escape_invalid_utf8(value);
  impl_->with([&](auto& w) { w.String(escaped.data(), static_cast<rapidjson::SizeType>(escaped.size())); });
}
void JsonWriter::integer(int64_t value) {
  impl_->with([&](auto& w) { w.Int64(value); });
}
void JsonWriter::unsigned_integer(uint64_t value) {
  impl_->with([&](auto& w) { w.Uint64(value); });
}
void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  impl_->with([&](auto& w) { w.Double(value); });
}
void JsonWriter::boolean(bool value) {
  impl_->with([&](auto& w) { w.Bool(value); });
}
void JsonWriter::null() {
  impl_->with([](auto& w) { w.Null(); });
}

void JsonWriter::raw(std::string_view json) {
  impl_->with([&](auto& w) { w.RawValue(json.data(), json.size(), rapidjson::kArrayType); });
}

std::string_view JsonWriter::text() const {
  return {impl_->buffer.GetString(), impl_->buffer.GetSize()};
}

}  // namespace tlsproof
