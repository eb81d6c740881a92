#include "tlsproof/net/connector.h"

#include <fmt/format.h>

#include <cerrno>

#include "tlsproof/base/text.h"

namespace tlsproof::net {

const char* connect_error_name(ConnectError::Kind kind) {
  switch (kind) {
    case ConnectError::Kind::unresolvable:
      return "unresolvable";
    case ConnectError::Kind::refused:
      return "refused";
    case ConnectError::Kind::timed_out:
      return "timed_out";
    case ConnectError::Kind::unreachable:
      return "unreachable";
    case ConnectError::Kind::other:
      break;
  }
  return "other";
}

ConnectError::Kind classify_connect_errno(int number) {
  switch (number) {
    case ECONNREFUSED:
      return ConnectError::Kind::refused;
    case ETIMEDOUT:
      return ConnectError::Kind::timed_out;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return ConnectError::Kind::unreachable;
    default:
      return ConnectError::Kind::other;
  }
}

void Connector::begin(const Endpoint& endpoint, int64_t deadline_ns) {
  cancel();
  endpoint_ = endpoint;
  deadline_ns_ = deadline_ns;
  addresses_.clear();
  next_ = 0;
  last_error_ = 0;
}

void Connector::start(const Endpoint& endpoint, int64_t deadline_ns, std::shared_ptr<NameService> service) {
  begin(endpoint, deadline_ns);
  auto lookup = Lookup::start(endpoint, std::move(service));
  if (!lookup) {
    finish(std::unexpected(ConnectError{ConnectError::Kind::unresolvable, std::move(lookup).error()}));
    return;
  }
  lookup_.emplace(std::move(*lookup));
  state_ = State::resolving;
  if (auto status = loop_->watch(lookup_->fd(), kReadable, *this); !status) {
    finish(std::unexpected(ConnectError{ConnectError::Kind::other, std::move(status).error()}));
    return;
  }
  timer_ = loop_->add_timer(deadline_ns, *this);
}

void Connector::start(const Endpoint& endpoint, std::vector<Address> addresses, int64_t deadline_ns) {
  begin(endpoint, deadline_ns);
  addresses_ = std::move(addresses);
  try_next();
}

void Connector::cancel() {
  stop_waiting();
  socket_.close();
  result_.reset();
  state_ = State::idle;
}

void Connector::stop_waiting() {
  loop_->cancel_timer(timer_);
  timer_ = 0;
  if (lookup_) {
    loop_->unwatch(lookup_->fd());
    lookup_.reset();
  }
  if (socket_.is_open()) loop_->unwatch(socket_.fd());
}

void Connector::on_ready(Readiness) {
  if (state_ == State::resolving) {
    lookup_done();
  } else if (state_ == State::connecting) {
    switch (socket_.connect_state()) {
      case ConnectState::connecting:
        break;
      case ConnectState::failed:
        attempt_failed(socket_.connect_error());
        break;
      case ConnectState::connected: {
        stop_waiting();
        finish(std::move(socket_));
        break;
      }
    }
  }
}

void Connector::on_timer(TimerId) {
  timer_ = 0;
  switch (state_) {
    case State::idle:
      break;
    case State::resolving:
      finish(std::unexpected(ConnectError{
          ConnectError::Kind::timed_out,
          Error{Error::Kind::environment,
                fmt::format("cannot resolve {} in time", escape_terminal_limited(endpoint_.host, 80)), ETIMEDOUT}}));
      break;
    case State::connecting:
      attempt_failed(ETIMEDOUT);
      break;
    case State::finishing: {
      ConnectResult result = std::move(*result_);
      result_.reset();
      state_ = State::idle;
      handler_->on_connect(std::move(result));  // the last thing: it may destroy this
      break;
    }
  }
}

void Connector::lookup_done() {
  auto found = lookup_->take();
  stop_waiting();
  if (!found) {
    finish(std::unexpected(ConnectError{ConnectError::Kind::unresolvable, std::move(found).error()}));
    return;
  }
  addresses_ = std::move(*found);
  try_next();
}

void Connector::try_next() {
  while (next_ < addresses_.size()) {
    const int64_t now = loop_->now_ns();
    if (now >= deadline_ns_) {
      last_error_ = ETIMEDOUT;
      break;
    }
    const auto num_left = static_cast<int64_t>(addresses_.size() - next_);
    auto socket = Socket::start_connect(addresses_[next_++]);
    if (!socket) {
      last_error_ = socket.error().error_number;
      continue;
    }
    socket_ = std::move(*socket);
    if (auto status = loop_->watch(socket_.fd(), kWritable, *this); !status) {
      last_error_ = status.error().error_number;
      continue;
    }
    state_ = State::connecting;
    timer_ = loop_->add_timer(deadline_ns_ == kForever ? kForever : now + (deadline_ns_ - now) / num_left, *this);
    return;
  }
  finish(std::unexpected(failure(last_error_)));
}

void Connector::attempt_failed(int error_number) {
  stop_waiting();
  socket_.close();
  last_error_ = error_number;
  try_next();
}

ConnectError Connector::failure(int error_number) const {
  std::string tried;
  for (size_t i = 0; i < next_ && i < 4; ++i) tried += (i == 0 ? "" : ", ") + addresses_[i].ip();
  if (next_ > 4) tried += ", …";
  const std::string target = escape_terminal_limited(endpoint_.text(), 100);
  const bool told = tried.empty() || tried == endpoint_.host;
  return {classify_connect_errno(error_number), Error{Error::Kind::environment,
                                                      told ? fmt::format("cannot connect to {}", target)
                                                           : fmt::format("cannot connect to {} ({})", target, tried),
                                                      error_number}};
}

// The handler is called from a timer that is due already, never from within start().
void Connector::finish(ConnectResult result) {
  stop_waiting();
  result_.emplace(std::move(result));
  state_ = State::finishing;
  timer_ = loop_->add_timer(loop_->now_ns(), *this);
}

}  // namespace tlsproof::net
