// A dialogue of a client with a service, without I/O: bytes in, bytes out. There are two kinds, of one interface:
//
//   the prelude, before TLS: ends `done` where the ClientHello is next, or `refused` where the server will not begin
//   TLS; the talk, inside TLS once the handshake is complete: asks for little, and ends with a Reply that says how the
//   service took the client.
//
//   loop: send dialogue.output(), dialogue.consume_output(n); receive, dialogue.input(bytes); at the end of the stream
//         dialogue.input_end(); until dialogue.state() != running.
//
// Nobody is logged in and nothing is changed by any of them. Bounded: a dialogue holds at most kMaxInput bytes of the
// peer, and one that says more, or what its protocol does not know, ends `broken`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tlsproof/app/protocol.h"
#include "tlsproof/app/reply.h"
#include "tlsproof/base/bytes.h"

namespace tlsproof::app {

class Dialogue {
 public:
  enum class State : uint8_t {
    running,
    done,
    refused,  // prelude: no TLS here; talk: a negative answer
    broken,   // what came is not the protocol
  };
  static constexpr size_t kMaxInput = size_t{64} << 10;

  // One thing that was said, for a trace: a line, or the name and main fields of a packet.
  struct Utterance {
    bool ours = false;
    int status = 0;    // of an answer that has one
    std::string text;  // may hold the peer's bytes: escape it
  };

  Dialogue() = default;
  virtual ~Dialogue() = default;
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  // Bytes to send. Borrows until the next call that is not const. What is queued at the end (a QUIT) may be sent.
  [[nodiscard]] ByteView output() const { return ByteView(output_).subspan(num_sent_); }
  void consume_output(size_t len);
  // Takes bytes up to the end of the dialogue and returns how many: what is left does not belong to it.
  size_t input(ByteView bytes);
  // The peer has ended its stream: completes what ends so.
  void input_end();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Reply& reply() const { return reply_; }
  [[nodiscard]] bool answered() const { return reply_.sign != Sign::none; }
  // refused, broken: why, one line, escaped: "the server does not offer STARTTLS".
  [[nodiscard]] const std::string& reason() const { return reason_; }
  // What was said since the last call.
  [[nodiscard]] std::vector<Utterance> take_said();
  // HTTP: the first 64 KiB of the page. Raw.
  [[nodiscard]] virtual ByteView body() const { return {}; }

 protected:
  // Takes at least one byte, or ends the dialogue.
  virtual size_t take(ByteView bytes) = 0;
  virtual void at_end() {}

  void say(ByteView bytes, std::string shown);
  void heard(std::string shown, int status = 0);
  void answer(Reply reply) { reply_ = std::move(reply); }
  void end(State state, std::string reason = {});
  void unlimited() { max_input_ = UINT64_MAX; }  // who keeps within bounds by itself
  // A prelude whose every answer waits for a question of ours: whoever answers before has it from an attacker, or from
  // nobody.
  void strictly_in_turn() { in_turn_ = true; }

 private:
  Bytes output_;
  size_t num_sent_ = 0;
  uint64_t num_input_ = 0;
  uint64_t max_input_ = kMaxInput;
  State state_ = State::running;
  bool in_turn_ = false;
  Reply reply_;
  std::string reason_;
  std::vector<Utterance> said_;
};

// What a dialogue is about.
struct Setup {
  Protocol protocol = Protocol::http;
  bool ask = true;                // false: no talk after the handshake
  std::string request;            // http: the bytes of the request; empty: nothing is asked
  std::string domain;             // xmpp: whom the stream is for
  std::string user = "tlsproof";  // postgres, mysql: who we say we are; nobody's password is known
};

// Null where TLS begins with the connection.
[[nodiscard]] std::unique_ptr<Dialogue> make_prelude(const Setup& setup);
// Null where nothing is asked.
[[nodiscard]] std::unique_ptr<Dialogue> make_talk(const Setup& setup);

}  // namespace tlsproof::app
