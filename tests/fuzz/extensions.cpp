// needs: base wire
// Every extension body that decodes encodes to the same bytes. Input: which struct, body.
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/wire/ext/index.h"

using namespace tlsproof;
using namespace tlsproof::wire;

template <class... T>
static void run(size_t which, ByteView body) {
  const auto check = [&]<class One>(const One*) {
    const auto value = decode_all<One>(body);
    TLSPROOF_CHECK(value ? equal(encode_all(*value), body) : !value.error().field.empty());
  };
  size_t i = 0;
  ((i++ == which ? check(static_cast<const T*>(nullptr)) : void()), ...);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ext;
  if (size < 1) return 0;
  const ByteView body(data + 1, size - 1);
  run<ServerName, StatusRequest, StatusResponse, KeyShareClient, KeyShareServer, PreSharedKeyClient, Alpn, SctList,
      CertificateAuthorities, SupportedGroups, SignatureAlgorithms, SignatureAlgorithmsCert, SupportedVersionsClient,
      EcPointFormats, PskKeyExchangeModes, Cookie, RenegotiationInfo, Padding, SessionTicket, RecordSizeLimit,
      MaxFragmentLength, EarlyDataTicket, PreSharedKeyServer, KeyShareRetry, EarlyData, ClientCertificateTypes,
      CompressCertificate, DelegatedCredentialRequest, DelegatedCredential, EncryptedClientHello,
      EncryptedClientHelloRetry, EncryptedClientHelloConfigs, QuicTransportParameters, ApplicationSettings, Heartbeat>(
      data[0] % 35, body);
  (void)decode_all<EchConfigContents>(body);
  (void)decode_all<QuicVersionInformation>(body);
  for (const ExtensionForm& form : extension_forms()) (void)check_extension(form.type, form.place, body);
  return 0;
}
