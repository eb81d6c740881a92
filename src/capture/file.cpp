#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <map>

#include "file_format.h"
#include "filter.h"
#include "tlsproof/base/text.h"

namespace tlsproof::capture {
namespace {

// The header of a pcap file, and more than the beginning of a pcapng file.
constexpr size_t kHeaderLen = 24;
// What is looked at to say what else a file is.
constexpr size_t kHeadLen = 512;

// Waits for a pipe; what is shorter is all there is.
Status read_head(Input& input, const std::atomic<bool>* stop) {
  for (;;) {
    TLSPROOF_TRY(const Input::Fill fill, input.fill(kHeaderLen));
    if (fill != Input::Fill::idle) return {};
    if (stop != nullptr && *stop) return fail(fmt::format("stopped before a capture came from {}", input.name()));
  }
}

class FilteredSource final : public Source {
 public:
  FilteredSource(std::unique_ptr<Source> source, std::unique_ptr<Filter> filter)
      : source_(std::move(source)), filter_(std::move(filter)) {}

  [[nodiscard]] Result<Next> next(Packet& out) override {
    for (unsigned i = 0; i < kMostPassedOver; ++i) {
      TLSPROOF_TRY(const Next next, source_->next(out));
      if (next != Next::packet) return next;
      TLSPROOF_TRY(const bool matches, filter_->matches(out));
      if (matches) return next;
    }
    return Next::idle;  // the caller may want to stop
  }
  [[nodiscard]] ByteView secrets() const override { return source_->secrets(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return source_->notes(); }

 private:
  static constexpr unsigned kMostPassedOver = 4096;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Filter> filter_;
};

std::unexpected<Error> no_capture(const Input& input) {
  const ByteView head = input.available().first(std::min(input.available().size(), kHeadLen));
  const std::string packed = input.packed() ? "what is packed in " : "";
  if (head.empty()) return fail_usage(fmt::format("{}{} is empty: it holds no capture", packed, input.name()));
  const std::string_view kind = looks_like(head);
  if (kind.empty()) return fail_usage(fmt::format("{}{} is no capture in pcap or pcapng format", packed, input.name()));
  return fail_usage(
      fmt::format("{}{} is no capture in pcap or pcapng format: it looks like {}", packed, input.name(), kind));
}

}  // namespace

std::vector<std::string> FileSource::notes() const {
  std::vector<std::string> notes = input_->notes();
  notes.insert(notes.end(), notes_.begin(), notes_.end());
  std::map<uint16_t, uint64_t> unknown;
  for (const Interface& interface : interfaces_)
    if (interface.packets != 0) unknown[interface.link_type] += interface.packets;
  constexpr size_t kMostTold = 8;
  for (const auto& [link_type, packets] : unknown) {
    if (notes.size() >= kMostTold) break;
    notes.push_back(note_unknown_link(link_type, packets));
  }
  return notes;
}

std::string note_unknown_link(uint16_t link_type, uint64_t packets) {
  const char* name = pcap_datalink_val_to_name(to_dlt(link_type));
  return fmt::format("{} packet{} of link type {}{} cannot be taken apart", packets, packets == 1 ? "" : "s", link_type,
                     name != nullptr ? fmt::format(" ({})", name) : "");
}

void FileSource::note_cut_off(uint64_t packet, uint64_t offset) {
  notes_.push_back(fmt::format("cut off in packet {}, at {}", packet, input_->where(offset)));
}

std::unexpected<Error> FileSource::broken(uint64_t offset, std::string_view what) const {
  return fail(fmt::format("{} is broken at {}: {}", input_->name(), input_->where(offset), what));
}

Result<std::unique_ptr<Source>> open_file(const std::string& path, const FileOptions& options) {
  TLSPROOF_TRY(std::unique_ptr<Input> input, Input::open(path));
  const auto as_usage = [](const Status& status) {
    Error error = status.error();
    error.kind = Error::Kind::usage;
    return std::unexpected(std::move(error));
  };
  if (const Status read = read_head(*input, options.stop); !read) return as_usage(read);
  if (is_gzip(input->available())) {
    input->unpack();
    if (const Status read = read_head(*input, options.stop); !read) return as_usage(read);
  }
  if (!is_pcap(input->available()) && !is_pcapng(input->available())) return no_capture(*input);
  TLSPROOF_TRY(std::unique_ptr<FileSource> source,
               is_pcap(input->available()) ? open_pcap(std::move(input)) : open_pcapng(std::move(input)));
  if (options.filter.empty()) return source;
  auto filter = std::make_unique<Filter>(options.filter);
  TLSPROOF_TRY_VOID(filter->compile(source->first_link_type()));
  return std::make_unique<FilteredSource>(std::move(source), std::move(filter));
}

}  // namespace tlsproof::capture
