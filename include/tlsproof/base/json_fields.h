// What every writer of JSON offers over its keys and values: fields of objects.
#pragma once

#include <cstdint>
#include <string_view>

namespace tlsproof {

// Base of a `Writer` that has key(), string(), boolean(), integer() and unsigned_integer().
template <class Writer>
class JsonFields {
 public:
  void field(std::string_view name, std::string_view value) { keyed(name).string(value); }
  void field(std::string_view name, const char* value) { keyed(name).string(value); }
  void field(std::string_view name, bool value) { keyed(name).boolean(value); }
  void field(std::string_view name, int value) { keyed(name).integer(value); }
  void field(std::string_view name, int64_t value) { keyed(name).integer(value); }
  void field(std::string_view name, uint32_t value) { keyed(name).unsigned_integer(value); }
  void field(std::string_view name, uint64_t value) { keyed(name).unsigned_integer(value); }

 protected:
  Writer& keyed(std::string_view name) {
    Writer& writer = static_cast<Writer&>(*this);
    writer.key(name);
    return writer;
  }
};

}  // namespace tlsproof
