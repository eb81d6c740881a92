// What one attempt is to do.
#pragma once

#include <memory>
#include <string>

#include "tlsproof/app/dialogue.h"
#include "tlsproof/tls/client.h"
#include "tlsproof/tls/editor.h"

namespace tlsproof::session {

// What a client proves itself with; shared by attempts of one thread.
struct Credentials {
  ByteList chain;  // DER, leaf first
  std::unique_ptr<crypto::Signer> signer;
};

struct Timeouts {  // nanoseconds
  int64_t connect = 5'000'000'000;
  int64_t handshake = 5'000'000'000;
  int64_t request = 5'000'000'000;
  int64_t drain = 1'000'000'000;  // silence that is listened to after our last word, and after our half-close
};

// Everything is owned or shared by the plan: it outlives whoever made it.
struct Plan {
  std::string label;  // for a person: "expired client certificate, TLS 1.3"
  tls::ClientConfig client;
  std::shared_ptr<Credentials> credentials;    // null: an empty Certificate when asked for one
  std::shared_ptr<tls::Editor> editor;         // null: honest. One plan's alone
  std::shared_ptr<const tls::Session> resume;  // null: a full handshake
  bool keep_session = false;                   // AttemptResult::session is wanted
  app::Setup app;           // what is said before TLS and inside it; http: a request that asks the server to close
  bool plain_http = false;  // app.request is sent without TLS
  Timeouts timeouts;
};

}  // namespace tlsproof::session
