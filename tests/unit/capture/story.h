// What a Trace tells, in a line that a test can compare.
#pragma once

#include <fmt/format.h>

#include <string>

#include "tlsproof/capture/follow.h"

namespace tlsproof::capture::testing {

// The events of a direction, one word each: "r22 m1 r20 ccs r23x".
inline std::string story(const trace::Trace& trace, wire::Direction direction) {
  std::string out;
  const auto add = [&](std::string word) { out += (out.empty() ? "" : " ") + std::move(word); };
  for (const trace::Event& event : trace.events()) {
    if (event.direction != direction) continue;
    const char level = "ieha"[static_cast<size_t>(event.level)];
    switch (event.kind) {
      case trace::EventKind::record:
        add(fmt::format("r{}{}{}", event.code, level, event.opened ? "" : "x"));
        break;
      case trace::EventKind::message:
        add(fmt::format("m{}{}", event.code, level));
        break;
      case trace::EventKind::alert:
        add(fmt::format("alert{}{}", event.code & 0xff, level));
        break;
      case trace::EventKind::change_cipher_spec:
        add("ccs");
        break;
      case trace::EventKind::application_data:
        add(fmt::format("data{}{}", trace.content(event).size(), level));
        break;
      case trace::EventKind::problem:
        add(fmt::format("problem({})", trace.text(event)));
        break;
      case trace::EventKind::note:
        add(fmt::format("note({})", trace.text(event)));
        break;
      case trace::EventKind::gap:
        add("gap");
        break;
      case trace::EventKind::end_of_stream:
        add("fin");
        break;
      case trace::EventKind::reset:
        add("rst");
        break;
      case trace::EventKind::http_request:
      case trace::EventKind::http_response:
      case trace::EventKind::app_request:
      case trace::EventKind::app_response:
        add(fmt::format("'{}'", trace.text(event)));
        break;
      default:
        break;
    }
  }
  return out;
}

inline std::string client_story(const Follower& follower) {
  return story(follower.trace(), wire::Direction::client_to_server);
}
inline std::string server_story(const Follower& follower) {
  return story(follower.trace(), wire::Direction::server_to_client);
}

}  // namespace tlsproof::capture::testing
