#include "tlsproof/app/dialogue.h"

#include <fmt/format.h>

#include <utility>

#include "protocols.h"

namespace tlsproof::app {

std::string_view to_text(Sign sign) {
  switch (sign) {
    case Sign::none:
      return "none";
    case Sign::accepted:
      return "accepted";
    case Sign::refused:
      return "refused";
    case Sign::certificate:
      return "certificate";
    case Sign::busy:
      return "busy";
  }
  return {};
}

void Dialogue::consume_output(size_t len) {
  num_sent_ += len;
  if (num_sent_ < output_.size()) return;
  output_.clear();
  num_sent_ = 0;
}

size_t Dialogue::input(ByteView bytes) {
  size_t taken = 0;
  while (state_ == State::running && taken < bytes.size()) {
    if (in_turn_ && !output().empty()) {
      end(State::broken, "it answers before it is asked");
      break;
    }
    if (num_input_ >= max_input_) {
      end(State::broken, fmt::format("it says more than {} bytes", kMaxInput));
      break;
    }
    const size_t len = take(bytes.subspan(taken));
    taken += len;
    num_input_ += len;
  }
  return taken;
}

void Dialogue::input_end() {
  if (state_ == State::running) at_end();
}

std::vector<Dialogue::Utterance> Dialogue::take_said() {
  return std::exchange(said_, {});
}

void Dialogue::say(ByteView bytes, std::string shown) {
  append(output_, bytes);
  if (!shown.empty()) said_.push_back({.ours = true, .status = 0, .text = std::move(shown)});
}

void Dialogue::heard(std::string shown, int status) {
  said_.push_back({.ours = false, .status = status, .text = std::move(shown)});
}

void Dialogue::end(State state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
}

std::unique_ptr<Dialogue> make_prelude(const Setup& setup) {
  const Makers& makers = makers_of(setup.protocol);
  return makers.prelude == nullptr ? nullptr : makers.prelude(setup);
}

std::unique_ptr<Dialogue> make_talk(const Setup& setup) {
  const Makers& makers = makers_of(setup.protocol);
  return !setup.ask || makers.talk == nullptr ? nullptr : makers.talk(setup);
}

}  // namespace tlsproof::app
