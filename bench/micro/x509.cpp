// uses: tests/unit/x509/make_certificate.cpp
// What it costs to read a certificate. A leaf with what public CAs put in: about 1,100 (P-256) or 1,500 bytes (RSA).
#include <benchmark/benchmark.h>

#include "tlsproof/base/error.h"
#include "tlsproof/x509/cache.h"
#include "unit/x509/make_certificate.h"

namespace tlsproof::x509::test {
namespace {

Spec public_leaf(const std::string& key, const Identity& issuer, int number) {
  Spec spec = leaf_spec(&issuer);
  spec.subject = {{"C", "DE"}, {"O", "Example GmbH"}, {"CN", "www" + std::to_string(number) + ".example.com"}};
  spec.key = key;
  spec.extensions = {
      {"authorityKeyIdentifier", "keyid"},
      {"subjectKeyIdentifier", "hash"},
      {"subjectAltName", "DNS:www.example.com,DNS:example.com,DNS:mail.example.com,DNS:api.example.com"},
      {"certificatePolicies", "DER:300a3008060667810c010202"},
      {"keyUsage", "critical,digitalSignature,keyEncipherment"},
      {"extendedKeyUsage", "serverAuth,clientAuth"},
      {"crlDistributionPoints", "URI:http://crl3.example.net/IssuingCA2021-1.crl"},
      {"authorityInfoAccess",
       "OCSP;URI:http://ocsp.example.net,caIssuers;URI:http://cacerts.example.net/IssuingCA.crt"},
      {"basicConstraints", "critical,CA:FALSE"},
  };
  // Two signed certificate timestamps with signatures of 71 bytes.
  std::string list;
  for (int i = 0; i < 2; ++i) list += "0076" + std::string(2 * 118, static_cast<char>('1' + i));
  spec.extensions.emplace_back("1.3.6.1.4.1.11129.2.4.2", "DER:0481f200f0" + list);
  return spec;
}

const Identity& issuer() {
  static const Identity root = make([] {
    Spec spec = ca_spec("Root");
    spec.subject = {{"C", "US"}, {"O", "Example Trust Services"}, {"CN", "Example TLS CA 2021"}};
    return spec;
  }());
  return root;
}

void parse(benchmark::State& state, const std::string& key) {
  const Identity leaf = make(public_leaf(key, issuer(), 1));
  TLSPROOF_CHECK(leaf.certificate->problems.empty() && leaf.certificate->sct_count == 2);
  for (auto _ : state) benchmark::DoNotOptimize(CertificateView::parse(leaf.der()));
  state.counters["bytes"] = static_cast<double>(leaf.der().size());
}
BENCHMARK_CAPTURE(parse, p256, "P-256/leaf");
BENCHMARK_CAPTURE(parse, rsa2048, "RSA-2048/leaf");

void cached(benchmark::State& state) {
  CertificateCache cache;
  std::vector<Identity> leaves;
  for (int i = 0; i < 64; ++i) leaves.push_back(make(public_leaf("P-256/leaf", issuer(), i)));
  for (const Identity& leaf : leaves) (void)cache.get(leaf.der());
  size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cache.get(leaves[next++ % leaves.size()].der()));
  TLSPROOF_CHECK(cache.num_misses() == leaves.size());
}
BENCHMARK(cached);

}  // namespace
}  // namespace tlsproof::x509::test
