// Makes a ClientHello with the installed library and prints what it offers.
#include <cstdio>

#include "tlsproof/registry/code_point.h"
#include "tlsproof/tls/client.h"

int main() {
  tlsproof::tls::ClientConfig config;
  config.server_name = "consumer.example";
  tlsproof::tls::Client client;
  client.start(config);
  std::printf("%zu bytes, first suite %s\n", client.output().size(),
              tlsproof::registry::cipher_suite_name(config.cipher_suites.front()).c_str());
  return client.output().size() > 100 && client.state() == tlsproof::tls::State::handshaking ? 0 : 1;
}
