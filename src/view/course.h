// How far a handshake came, by the events of its Trace in their order, and what that says about its end.
#pragma once

#include <array>

#include "tlsproof/view/handshake.h"

namespace tlsproof::view {

// What the events say about how far it came, in their order.
struct Course {
  std::array<bool, 2> finished{};     // Finished, or the encrypted record that must be it
  std::array<bool, 2> ccs{};          // ChangeCipherSpec
  std::array<bool, 2> data{};         // application data
  std::array<bool, 2> encrypted{};    // a record that was not opened, after the ServerHello
  bool alert_length = false;          // the client's first such record is as long as an alert
  bool early_mixed = false;           // client's records that may be early data or what finishes
  bool after_early_data = false;      // the client's last record is as long as EndOfEarlyData
  bool verdict_alert_length = false;  // the server's first record after both finished is as long as an alert
  bool verdict_longer = false;        // one of them is not
  std::array<bool, 2> gap{};          // bytes are missing before the handshake messages of that side had ended
  std::array<bool, 2> past{};         // they have ended
  bool any_gap = false;
  bool hidden_handshake = false;          // not opened: the client's, once both had finished (before TLS 1.3)
  bool server_answered = false;           // any bytes
  const trace::Event* problem = nullptr;  // bytes from the server that are not TLS
  const trace::Event* end = nullptr;      // the first FIN or RST
  const AlertFact* fatal = nullptr;       // the first one
  bool fatal_after_data = false;
  bool server_hello_passed = false;
  bool server_ccs_first = false;  // a ChangeCipherSpec of the server came before any of the client
  bool last_was_client = false;

  [[nodiscard]] bool complete() const { return finished[0] && finished[1]; }
};

[[nodiscard]] inline size_t side_of(trace::Direction direction) {
  return static_cast<size_t>(direction);
}

// Fills in what `out` has of alerts, times, round trips and records that were not opened; its hellos are read already.
[[nodiscard]] Course follow_course(const trace::Reading& reading, bool tls13, Handshake& out);

// Fills in `state` and `cause`.
void judge_state(const Course& course, const trace::Reading& reading, bool tls13, const Passage& passage,
                 Handshake& out);

}  // namespace tlsproof::view
