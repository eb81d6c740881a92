#include "tlsproof/report/bench_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "safe.h"
#include "tlsproof/base/bytes.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/json_reader.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::report {
namespace {

using load::Histogram;
using load::Measurement;
using load::Plan;

constexpr size_t kMaxSides = 2;
constexpr size_t kMaxRepeats = 1000;
constexpr size_t kMaxRows = 10'000;  // of any list of a measurement: classes of errors, what was negotiated, threads
constexpr size_t kMaxListed = 1000;  // names, addresses, code points of a plan
constexpr size_t kMaxSeconds = 200'000;  // of the whole file
// A histogram takes up to 270 kB of memory for a few bytes of a file: the buckets between the first and the last that
// are used, of all histograms together: what three hours of seconds take whose latencies span a factor of 60.
constexpr size_t kMaxBuckets = size_t{64} << 20;
constexpr double kMaxCount = 9e15;  // what a double counts exactly

template <class T>
std::optional<T> find_word(std::string_view word, size_t num, std::string_view (*text_of)(T)) {
  for (size_t i = 0; i < num; ++i)
    if (text_of(static_cast<T>(i)) == word) return static_cast<T>(i);
  return std::nullopt;
}

// The members that make a BenchSide, wherever they stand in their object; the rest is passed over.
class Reader : public JsonEvents {
 public:
  [[nodiscard]] const std::optional<std::string>& schema() const { return schema_; }
  [[nodiscard]] std::vector<BenchSide> take() { return std::move(sides_); }

  Status on_begin(std::string_view path) override {
    if (path == "sides[]") {
      if (sides_.size() == kMaxSides) return fail_usage(fmt::format("more than {} sides", kMaxSides));
      BenchSide& side = sides_.emplace_back();
      side.run.plan.mix.clear();
      for (auto* values : {&client().versions, &client().cipher_suites, &client().groups, &client().signature_schemes})
        values->clear();
      return {};
    }
    if (!eat(path, "sides[].")) return {};
    if (path == "repeats[]") {
      if (side().run.repeats.size() == kMaxRepeats) return fail_usage(fmt::format("more than {} repeats", kMaxRepeats));
      side().run.repeats.emplace_back();
      return {};
    }
    if (path == "plan.mix[]") {
      plan().mix.push_back({});
      return listed(plan().mix.size());
    }
    if (!eat(path, "repeats[].")) return {};
    return begin_in_repeat(path);
  }

  Status on_end(std::string_view path) override {
    if (!eat(path, "sides[].repeats[].")) return {};
    if (path == "kinds[]") {
      if (!asked_ || !decided_) return fail_usage("a count of kinds without its kinds");
      now().kinds.at(static_cast<size_t>(*asked_)).at(static_cast<size_t>(*decided_)) += count_;
    } else if (path == "negotiated[]") {
      now().negotiated[chosen_] += count_;
      return listed(now().negotiated.size(), kMaxRows);
    } else if (path == "errors[]") {
      if (!error_kind_) return fail_usage("an error without its kind");
      load::ErrorCount& row = now().errors[{*error_kind_, error_detail_}];
      row.count += count_;
      row.example = example_;
      row.replay_text = replay_;
      return listed(now().errors.size(), kMaxRows);
    } else if (histogram_ != nullptr && path == histogram_path_) {
      return end_histogram();
    }
    return {};
  }

  Status on_text(std::string_view path, std::string_view value) override {
    if (value.size() > 16 * kMaxJsonText) return fail_usage("a text is too long");
    if (path == "schema") schema_ = std::string(value);
    if (!eat(path, "sides[].")) return {};
    if (path == "command") side().command = value;
    if (eat(path, "plan.")) return plan_text(path, value);
    if (!eat(path, "repeats[].")) return {};
    if (path == "kinds[].asked") return word(asked_, load::parse_kind(value), value);
    if (path == "kinds[].decided") return word(decided_, load::parse_kind(value), value);
    if (path == "errors[].kind")
      return word(error_kind_,
                  find_word<load::ErrorKind>(value, static_cast<size_t>(load::ErrorKind::local) + 1, load::to_text),
                  value);
    if (path == "errors[].example") example_ = value;
    if (path == "errors[].replay") replay_ = value;
    return {};
  }

  Status on_boolean(std::string_view path, bool value) override {
    if (!eat(path, "sides[].")) return {};
    if (path == "interrupted") side().run.interrupted = value;
    if (path == "plan.reuse_key_share") plan().reuse_key_share = value;
    if (path == "plan.confirm") plan().confirm = value;
    if (path == "plan.client_certificate" && value) {
      // The report says only that there was one, which is all that anybody asks of a plan that was played: a key of no
      // certificate stands for it.
      TLSPROOF_TRY(auto key, crypto::PrivateKey::generate(crypto::KeyKind::ed25519));
      plan().identity = std::make_shared<const load::ClientKey>(load::ClientKey{{}, std::move(key)});
    }
    if (path == "repeats[].server_gone") now().server_gone = value;
    if (path == "repeats[].interrupted") now().interrupted = value;
    return {};
  }

  Status on_number(std::string_view path, std::string_view digits) override {
    if (!eat(path, "sides[].")) return {};
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value) || value < 0 ||
        value > 1e30)
      return fail_usage(fmt::format("{} cannot be {}", make_safe(path, 80), make_safe(digits, 40)));
    if (eat(path, "plan.")) return plan_number(path, value);
    if (!eat(path, "repeats[].")) return {};
    return measured_number(path, value, digits);
  }

 private:
  static bool eat(std::string_view& path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    path.remove_prefix(prefix.size());
    return true;
  }
  static Status listed(size_t num, size_t most = kMaxListed) {
    if (num > most) return fail_usage(fmt::format("a list has more than {} rows", most));
    return {};
  }
  template <class T>
  static Status word(std::optional<T>& place, std::optional<T> value, std::string_view text) {
    if (!value) return fail_usage(fmt::format("'{}' is not known here", make_safe(text, 40)));
    place = value;
    return {};
  }
  template <class T>
  static void integer(T& place, double value) {
    place = static_cast<T>(std::min(value, static_cast<double>(std::numeric_limits<T>::max() / 4)));
  }

  BenchSide& side() { return sides_.back(); }
  Plan& plan() { return sides_.back().run.plan; }
  tls::ClientConfig& client() { return plan().client; }
  Measurement& now() { return sides_.back().run.repeats.back(); }

  // ---- the plan ----

  Status code_point(std::vector<uint16_t>& list, registry::Kind kind, std::string_view text) {
    uint32_t value = 0;
    if (!registry::parse(kind, text, value))
      return fail_usage(fmt::format("'{}' is no {}", make_safe(text, 60), registry::kind_name(kind)));
    list.push_back(static_cast<uint16_t>(value));
    return listed(list.size());
  }

  Status plan_text(std::string_view path, std::string_view value) {
    if (path == "label") plan().label = value;
    if (path == "target") plan().target = value;
    if (path == "server_name") client().server_name = value;
    if (path == "name") plan().name = value;
    if (path == "http_request") plan().http_request = to_bytes(as_bytes(value));
    if (path == "trust" && !value.empty())
      plan().anchors = std::make_shared<const x509::TrustAnchors>(
          x509::TrustAnchors::from_certificates({}, make_safe(value, kMaxJsonText)));
    if (path == "versions[]") return code_point(client().versions, registry::Kind::version, value);
    if (path == "cipher_suites[]") return code_point(client().cipher_suites, registry::Kind::cipher_suite, value);
    if (path == "groups[]") return code_point(client().groups, registry::Kind::group, value);
    if (path == "signature_schemes[]")
      return code_point(client().signature_schemes, registry::Kind::signature_scheme, value);
    if (path == "addresses[]" || path == "sources[]") return address(path == "sources[]", value);
    if (path == "alpn[]") {
      client().alpn.emplace_back(value);
      return listed(client().alpn.size());
    }
    if (path == "server_names[]") {
      plan().server_names.emplace_back(value);
      return listed(plan().server_names.size());
    }
    return plan_word(path, value);
  }

  Status address(bool is_source, std::string_view value) {
    std::vector<net::Address>& list = is_source ? plan().sources : plan().addresses;
    HostPort place{.host = std::string(value), .port = 0};
    if (!is_source) {
      TLSPROOF_TRY(place, parse_host_port(value));
    }
    const auto parsed = net::Address::from_ip(place.host, place.port);
    if (!parsed) return fail_usage(fmt::format("'{}' is no address", make_safe(value, 60)));
    list.push_back(*parsed);
    return listed(list.size());
  }

  Status plan_word(std::string_view path, std::string_view value) {
    const auto take = [&](auto& place, auto parsed) -> Status {
      if (!parsed) return fail_usage(fmt::format("'{}' is not known here", make_safe(value, 40)));
      place = *parsed;
      return {};
    };
    if (path == "mix[].kind") return take(plan().mix.back().kind, load::parse_kind(value));
    if (path == "verification") return take(plan().verification, load::parse_verification(value));
    if (path == "close") return take(plan().close_by, load::parse_close_by(value));
    if (path == "app") return take(plan().prelude.protocol, app::parse_protocol(value));
    if (path == "arrivals.loop") {
      using Loop = load::Arrivals::Loop;
      return take(plan().arrivals.loop, value == "closed"     ? std::optional(Loop::closed)
                                        : value == "constant" ? std::optional(Loop::constant)
                                        : value == "poisson"  ? std::optional(Loop::poisson)
                                                              : std::nullopt);
    }
    return {};
  }

  Status plan_number(std::string_view path, double value) {
    if (path == "mix[].weight") integer(plan().mix.back().weight, value);
    if (path == "timeouts_ns.connect") integer(plan().timeouts.connect, value);
    if (path == "timeouts_ns.handshake") integer(plan().timeouts.handshake, value);
    if (path == "timeouts_ns.confirm") integer(plan().timeouts.confirm, value);
    if (path == "arrivals.concurrency") integer(plan().arrivals.concurrency, value);
    if (path == "arrivals.rate") plan().arrivals.rate = value;
    if (path == "arrivals.max_open") integer(plan().arrivals.max_open, value);
    if (path == "duration_ns") integer(plan().duration_ns, value);
    if (path == "count") integer(plan().count, value);
    if (path == "warm_up_ns") integer(plan().warm_up_ns, value);
    if (path == "threads") integer(plan().threads, value);
    if (path == "seed") integer(plan().seed, value);
    if (path == "shard") integer(plan().shard, value);
    if (path == "num_shards") integer(plan().num_shards, value);
    if (path == "server_pid") {
      pid_t pid = 0;
      integer(pid, value);
      plan().server_pid = pid;
    }
    return {};
  }

  // ---- a measurement ----

  Status begin_in_repeat(std::string_view path) {
    count_ = 0;
    if (path == "kinds[]") asked_ = decided_ = std::nullopt;
    if (path == "negotiated[]") chosen_ = {};
    if (path == "errors[]") {
      error_kind_.reset();
      error_detail_ = 0;
      example_.clear();
      replay_.clear();
    }
    if (path == "threads[]") {
      now().threads.emplace_back();
      return listed(now().threads.size(), kMaxRows);
    }
    if (path == "seconds[]") {
      now().seconds.emplace_back();
      return listed(++num_seconds_, kMaxSeconds);
    }
    if (path == "seconds[].finished") return begin_histogram(now().seconds.back().finished, path);
    std::string_view name = path;
    if (eat(name, "phases.") && name.find_first_of(".[") == std::string_view::npos)
      if (const auto phase = find_word<load::Phase>(name, load::kNumPhases, load::to_text))
        return begin_histogram(now().phases.at(static_cast<size_t>(*phase)), path);
    name = path;
    // "0rtt" and its like are plain keys of a path.
    if (eat(name, "by_kind.") && name.find_first_of(".[") == std::string_view::npos)
      if (const auto kind = load::parse_kind(name))
        return begin_histogram(now().by_kind.at(static_cast<size_t>(*kind)), path);
    if (histogram_ != nullptr && path == histogram_path_ + ".buckets[]") bucket_.clear();
    return {};
  }

  Status begin_histogram(Histogram& histogram, std::string_view path) {
    if (!histogram.empty()) return fail_usage(fmt::format("{} is given twice", path));
    histogram_ = &histogram;
    histogram_path_ = path;
    first_bucket_ = std::numeric_limits<size_t>::max();
    last_bucket_ = 0;
    min_ = max_ = 0;
    sum_ = 0;
    return {};
  }

  Status end_histogram() {
    const uint64_t count = histogram_->count();
    if (static_cast<double>(count) > kMaxCount) return fail_usage("a histogram counts more than can be");
    if (min_ > max_) return fail_usage("a histogram has its least value above its greatest");
    if (count > 0) histogram_->set_exact(min_, max_, sum_);
    histogram_->compact();
    if (count > 0) num_buckets_ += last_bucket_ - first_bucket_ + 1;
    histogram_ = nullptr;
    if (num_buckets_ > kMaxBuckets) return fail_usage("its histograms take too much memory");
    return {};
  }

  Status bucket_number(double value) {
    bucket_.push_back(value);
    if (bucket_.size() < 2) return {};
    if (bucket_.size() > 2 || bucket_[0] > 1e6 || bucket_[1] > kMaxCount ||
        !histogram_->add_bucket(static_cast<uint32_t>(bucket_[0]), static_cast<uint64_t>(bucket_[1])))
      return fail_usage("there is no such bucket of a histogram");
    if (bucket_[1] < 1) return {};
    first_bucket_ = std::min(first_bucket_, static_cast<size_t>(bucket_[0]));
    last_bucket_ = std::max(last_bucket_, static_cast<size_t>(bucket_[0]));
    return {};
  }

  Status measured_number(std::string_view path, double value, std::string_view digits) {
    if (std::string_view inner = path; histogram_ != nullptr && eat(inner, histogram_path_)) {
      if (inner == ".min_ns") integer(min_, value);
      if (inner == ".max_ns") integer(max_, value);
      if (inner == ".sum_ns") sum_ = value;
      if (inner == ".buckets[][]") return bucket_number(value);
      return {};
    }
    if (path == "negotiated[].version.value") integer_of(chosen_.version, value);
    if (path == "negotiated[].cipher_suite.value") integer_of(chosen_.cipher_suite, value);
    if (path == "negotiated[].group.value") integer_of(chosen_.group, value);
    if (path == "negotiated[].signature_scheme.value") integer_of(chosen_.signature_scheme, value);
    if (path == "errors[].detail") integer_of(error_detail_, value);
    if (path.ends_with("[].count")) integer(count_, value);
    if (path == "server_cores_busy") now().server_cores_busy = value;
    if (path == "server_cpu_ns") {
      int64_t ns = 0;
      integer(ns, value);
      now().server_cpu_ns = ns;
    }
    if (path == "start_ns") return exact(now().start_wall_ns, path, digits);
    for (const auto& [name, place] : signed_places())
      if (path == name) integer(*place, value);
    for (const auto& [name, place] : unsigned_places())
      if (path == name) integer(*place, value);
    return {};
  }
  static void integer_of(uint16_t& place, double value) { place = static_cast<uint16_t>(std::min(value, 65535.0)); }
  static Status exact(int64_t& place, std::string_view path, std::string_view digits) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place);
    if (error == std::errc() && end == digits.data() + digits.size()) return {};
    return fail_usage(fmt::format("{} cannot be {}", path, make_safe(digits, 40)));
  }

  std::vector<std::pair<std::string_view, int64_t*>> signed_places() {
    std::vector<std::pair<std::string_view, int64_t*>> out = {{"duration_ns", &now().duration_ns},
                                                              {"window_ns", &now().window_ns},
                                                              {"longest_gap_ns", &now().longest_gap_ns}};
    if (!now().threads.empty()) {
      load::ThreadUse& thread = now().threads.back();
      out.emplace_back("threads[].user_ns", &thread.user_ns);
      out.emplace_back("threads[].system_ns", &thread.system_ns);
      out.emplace_back("threads[].wall_ns", &thread.wall_ns);
      out.emplace_back("threads[].waited_ns", &thread.waited_ns);
    }
    return out;
  }
  std::vector<std::pair<std::string_view, uint64_t*>> unsigned_places() {
    Measurement& one = now();
    std::vector<std::pair<std::string_view, uint64_t*>> out = {
        {"started", &one.started},
        {"completed", &one.completed},
        {"window_completed", &one.window_completed},
        {"completed_late", &one.completed_late},
        {"abandoned", &one.abandoned},
        {"early_data_accepted", &one.early_data_accepted},
        {"hello_retry_requests", &one.hello_retry_requests},
        {"client_certificates_asked", &one.client_certificates_asked},
        {"client_certificates_sent", &one.client_certificates_sent},
        {"bytes_sent", &one.bytes_sent},
        {"bytes_received", &one.bytes_received},
        {"max_open", &one.max_open},
    };
    if (!one.seconds.empty()) {
      load::Second& second = one.seconds.back();
      out.emplace_back("seconds[].started", &second.started);
      out.emplace_back("seconds[].completed", &second.completed);
      out.emplace_back("seconds[].failed", &second.failed);
      out.emplace_back("seconds[].open", &second.open);
      out.emplace_back("seconds[].queued", &second.queued);
    }
    return out;
  }

  std::optional<std::string> schema_;
  std::vector<BenchSide> sides_;
  // Of the object that is being read.
  std::optional<load::Kind> asked_, decided_;
  std::optional<load::ErrorKind> error_kind_;
  uint16_t error_detail_ = 0;
  std::string example_, replay_;
  load::Negotiated chosen_;
  uint64_t count_ = 0;
  Histogram* histogram_ = nullptr;
  std::string histogram_path_;
  std::vector<double> bucket_;
  int64_t min_ = 0, max_ = 0;
  double sum_ = 0;
  size_t first_bucket_ = 0, last_bucket_ = 0;
  size_t num_buckets_ = 0, num_seconds_ = 0;
};

std::unexpected<Error> bad_report(const std::string& path, std::string_view why) {
  return fail_usage(fmt::format("bench report '{}': {}", escape_terminal_limited(path, 200), why));
}

// ---- shards --------------------------------------------------------------------------------------------------------

void add(load::Second& into, const load::Second& more) {
  into.started += more.started;
  into.completed += more.completed;
  into.failed += more.failed;
  into.open += more.open;
  into.queued += more.queued;
  into.finished.merge(more.finished);
}

// What ran at the same time elsewhere: rates add up, so the time does not.
void add(Measurement& into, const Measurement& more) {
  into.start_wall_ns = std::min(into.start_wall_ns, more.start_wall_ns);
  into.duration_ns = std::max(into.duration_ns, more.duration_ns);
  into.window_ns = std::max(into.window_ns, more.window_ns);
  into.window_completed += more.window_completed;
  into.completed_late += more.completed_late;
  into.started += more.started;
  into.completed += more.completed;
  into.abandoned += more.abandoned;
  for (size_t i = 0; i < load::kNumKinds; ++i)
    for (size_t j = 0; j < load::kNumKinds; ++j) into.kinds[i][j] += more.kinds[i][j];
  into.early_data_accepted += more.early_data_accepted;
  into.hello_retry_requests += more.hello_retry_requests;
  into.client_certificates_asked += more.client_certificates_asked;
  into.client_certificates_sent += more.client_certificates_sent;
  for (const auto& [chosen, count] : more.negotiated) into.negotiated[chosen] += count;
  for (const auto& [error, count] : more.errors) {
    load::ErrorCount& row = into.errors[error];
    row.count += count.count;
    if (row.example.empty()) row.example = count.example;
  }
  for (size_t i = 0; i < load::kNumPhases; ++i) into.phases[i].merge(more.phases[i]);
  for (size_t i = 0; i < load::kNumKinds; ++i) into.by_kind[i].merge(more.by_kind[i]);
  into.seconds.resize(std::max(into.seconds.size(), more.seconds.size()));
  for (size_t i = 0; i < more.seconds.size(); ++i) add(into.seconds[i], more.seconds[i]);
  into.bytes_sent += more.bytes_sent;
  into.bytes_received += more.bytes_received;
  into.threads.insert(into.threads.end(), more.threads.begin(), more.threads.end());
  into.max_open += more.max_open;  // at most; they may not have been open at the same moment
  into.longest_gap_ns = std::min(into.longest_gap_ns, more.longest_gap_ns);  // where one went on, all did not stop
  into.interrupted |= more.interrupted;
}

std::string shard_name(const BenchSide& side, const std::string& path) {
  return fmt::format("'{}' (shard {} of {})", escape_terminal_limited(path, 100), side.run.plan.shard,
                     side.run.plan.num_shards);
}

// What each connection does and when, as far as a report tells it: what differs, or "". Of two shards of one load only
// how many connections are theirs differs, by one at most; concurrency and threads may.
std::string_view differs(const Plan& a, const Plan& b) {
  if (a.target != b.target) return "target";
  if (a.seed != b.seed) return "seed";
  if (a.arrivals.loop != b.arrivals.loop) return "loop";
  if (a.arrivals.rate != b.arrivals.rate) return "rate";
  const auto same_part = [](const load::MixPart& x, const load::MixPart& y) {
    return x.kind == y.kind && x.weight == y.weight;
  };
  if (!std::ranges::equal(a.mix, b.mix, same_part)) return "mix";
  if (a.client.versions != b.client.versions) return "versions";
  if (a.client.cipher_suites != b.client.cipher_suites) return "cipher suites";
  if (a.client.groups != b.client.groups) return "groups";
  if (a.client.alpn != b.client.alpn) return "ALPN";
  if (a.client.server_name != b.client.server_name || a.server_names != b.server_names || a.name != b.name)
    return "server names";
  if (a.duration_ns != b.duration_ns) return "duration";
  if (a.warm_up_ns != b.warm_up_ns) return "warm-up";
  if (std::max(a.count, b.count) - std::min(a.count, b.count) > 1 || (a.count == 0) != (b.count == 0)) return "count";
  if (a.prelude.protocol != b.prelude.protocol) return "protocol before TLS";
  if (a.http_request != b.http_request) return "HTTP request";
  if (a.confirm != b.confirm) return "confirmation";
  if (a.close_by != b.close_by) return "close";
  if ((a.identity == nullptr) != (b.identity == nullptr)) return "client certificate";
  return {};
}

// Rates add up only of what ran at the same time: what is common to all must be nine tenths of the longest.
Status check_times(std::span<const BenchSide> shards, std::span<const std::string> paths) {
  for (size_t repeat = 0; repeat < shards.front().run.repeats.size(); ++repeat) {
    int64_t begin = std::numeric_limits<int64_t>::min(), end = std::numeric_limits<int64_t>::max(), longest = 0;
    for (size_t i = 0; i < shards.size(); ++i) {
      const Measurement& one = shards[i].run.repeats[repeat];
      constexpr int64_t kLast = std::numeric_limits<int64_t>::max() / 2;  // reports hold any number
      const int64_t from = std::clamp(one.start_wall_ns, -kLast, kLast), length = std::min(one.duration_ns, kLast);
      begin = std::max(begin, from);
      end = std::min(end, from + length);
      longest = std::max(longest, length);
      const double common = begin < end ? static_cast<double>(end) - static_cast<double>(begin) : 0;
      if (i > 0 && common < 0.9 * static_cast<double>(longest))
        return fail_usage(
            fmt::format("{} did not run at the same time as the others: {:.1f} % of repeat {} is common, and 90 % are "
                        "wanted",
                        shard_name(shards[i], paths[i]), 100 * common / static_cast<double>(longest), repeat + 1));
    }
  }
  return {};
}

Status check_shards(std::span<const BenchSide> shards, std::span<const std::string> paths) {
  const BenchSide& first = shards.front();
  std::set<unsigned> seen;
  for (size_t i = 0; i < shards.size(); ++i) {
    const Plan& plan = shards[i].run.plan;
    if (plan.num_shards != shards.size())
      return fail_usage(fmt::format("{} reports are given, and {} is one of {}", shards.size(),
                                    shard_name(shards[i], paths[i]), plan.num_shards));
    if (plan.shard < 1 || plan.shard > plan.num_shards || !seen.insert(plan.shard).second)
      return fail_usage(fmt::format("{} is there twice, or is none", shard_name(shards[i], paths[i])));
    if (const std::string why = load::incomparable(first.run.plan, plan); !why.empty())
      return fail_usage(fmt::format("{} is no part of the same load as {}: {}", shard_name(shards[i], paths[i]),
                                    shard_name(first, paths[0]), why));
    if (const std::string_view what = differs(first.run.plan, plan); !what.empty())
      return fail_usage(fmt::format("{} is no part of the same load as {}: another {}", shard_name(shards[i], paths[i]),
                                    shard_name(first, paths[0]), what));
    if (shards[i].run.repeats.size() != first.run.repeats.size())
      return fail_usage(fmt::format("{} has {} repeats, {} has {}", shard_name(shards[i], paths[i]),
                                    shards[i].run.repeats.size(), shard_name(first, paths[0]),
                                    first.run.repeats.size()));
  }
  return check_times(shards, paths);
}

}  // namespace

Result<std::vector<BenchSide>> parse_bench_report(std::string_view json, const std::string& path) {
  Reader reader;
  if (auto status = read_json(json, reader); !status) return bad_report(path, status.error().what);
  if (!reader.schema()) return bad_report(path, "it is no report of tlsproof bench: it names no schema");
  if (*reader.schema() != kBenchSchema)
    return bad_report(path, fmt::format("its schema is '{}', and '{}' is what can be read",
                                        make_safe(*reader.schema(), 60), kBenchSchema));
  std::vector<BenchSide> sides = reader.take();
  if (sides.empty()) return bad_report(path, "nothing was measured in it");
  for (BenchSide& side : sides)
    if (side.run.plan.mix.empty() || side.run.plan.target.empty()) return bad_report(path, "a side has no plan");
  return sides;
}

Result<std::vector<BenchSide>> load_bench_report(const std::string& path) {
  auto content = load_file(path, "bench report", kMaxBenchReportLen);
  if (!content) {
    Error error = std::move(content).error();
    error.kind = Error::Kind::usage;
    return std::unexpected(std::move(error));
  }
  return parse_bench_report(as_text(*content), path);
}

Result<BenchSide> merge_shards(std::span<const BenchSide> shards, std::span<const std::string> paths) {
  TLSPROOF_TRY_VOID(check_shards(shards, paths));
  BenchSide out = shards.front();
  for (const BenchSide& more : shards.subspan(1)) {
    for (size_t i = 0; i < out.run.repeats.size(); ++i) add(out.run.repeats[i], more.run.repeats[i]);
    out.run.interrupted |= more.run.interrupted;
    out.run.plan.arrivals.rate += more.run.plan.arrivals.rate;
    out.run.plan.arrivals.concurrency += more.run.plan.arrivals.concurrency;
    out.run.plan.threads += more.run.plan.threads;
    out.run.plan.count += more.run.plan.count;
  }
  // The CPU of a server that several shards watched would be counted several times.
  for (Measurement& one : out.run.repeats)
    if (shards.size() > 1) one.server_cpu_ns = std::nullopt, one.server_cores_busy = std::nullopt;
  if (shards.size() > 1) out.run.plan.server_pid.reset();
  out.run.plan.shard = out.run.plan.num_shards = 1;
  out.command.clear();
  return out;
}

}  // namespace tlsproof::report
