// application_settings (draft-vvv-tls-alps), which Chrome and Google speak under two code points.
#pragma once

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct ApplicationSettings {  // ClientHello: the protocols that have settings. ProtocolName<1..255> list<2..2^16-1>
  static constexpr uint16_t kType = registry::extension::application_settings;
  static constexpr std::string_view kName = "application_settings";
  ByteList protocols;
  bool operator==(const ApplicationSettings&) const = default;
};
struct ApplicationSettingsOld : ApplicationSettings {  // the same under the first code point
  static constexpr uint16_t kType = registry::extension::application_settings_old;
  static constexpr std::string_view kName = "application_settings_old";
  bool operator==(const ApplicationSettingsOld&) const = default;
};
struct ApplicationSettingsValue {  // EncryptedExtensions: the settings of the protocol that ALPN chose; the whole body
  static constexpr uint16_t kType = registry::extension::application_settings;
  static constexpr std::string_view kName = "application_settings";
  Bytes settings;
  bool operator==(const ApplicationSettingsValue&) const = default;
};
struct ApplicationSettingsValueOld : ApplicationSettingsValue {
  static constexpr uint16_t kType = registry::extension::application_settings_old;
  static constexpr std::string_view kName = "application_settings_old";
  bool operator==(const ApplicationSettingsValueOld&) const = default;
};

[[nodiscard]] bool decode(Reader& r, ApplicationSettings& out);
[[nodiscard]] bool decode(Reader& r, ApplicationSettingsValue& out);
void encode(const ApplicationSettings& in, Writer& w);
void encode(const ApplicationSettingsValue& in, Writer& w);

}  // namespace tlsproof::wire::ext
