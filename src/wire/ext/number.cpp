#include "tlsproof/wire/ext/number.h"

namespace tlsproof::wire::ext {

bool decode(Reader& r, MaxFragmentLength& out) {
  return r.u8(out.code, "max_fragment_length.code");
}
bool decode(Reader& r, RecordSizeLimit& out) {
  return r.u16(out.limit, "record_size_limit.limit");
}
bool decode(Reader& r, Heartbeat& out) {
  return r.u8(out.mode, "heartbeat.mode");
}
bool decode(Reader& r, EarlyDataTicket& out) {
  return r.u32(out.max_early_data_size, "early_data.max_early_data_size");
}
bool decode(Reader& r, PreSharedKeyServer& out) {
  return r.u16(out.selected_identity, "pre_shared_key.selected_identity");
}
bool decode(Reader& r, SupportedVersionsServer& out) {
  return r.u16(out.selected_version, "supported_versions.selected_version");
}
bool decode(Reader& r, KeyShareRetry& out) {
  return r.u16(out.selected_group, "key_share.selected_group");
}

void encode(const MaxFragmentLength& in, Writer& w) {
  w.u8(in.code);
}
void encode(const RecordSizeLimit& in, Writer& w) {
  w.u16(in.limit);
}
void encode(const Heartbeat& in, Writer& w) {
  w.u8(in.mode);
}
void encode(const EarlyDataTicket& in, Writer& w) {
  w.u32(in.max_early_data_size);
}
void encode(const PreSharedKeyServer& in, Writer& w) {
  w.u16(in.selected_identity);
}
void encode(const SupportedVersionsServer& in, Writer& w) {
  w.u16(in.selected_version);
}
void encode(const KeyShareRetry& in, Writer& w) {
  w.u16(in.selected_group);
}

}  // namespace tlsproof::wire::ext
