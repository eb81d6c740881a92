// Live interfaces, by libpcap.
#include <fmt/format.h>
#include <pcap/pcap.h>
#include <poll.h>

#include <algorithm>
#include <limits>

#include "file_format.h"
#include "filter.h"
#include "tlsproof/base/text.h"

namespace tlsproof::capture {
namespace {

constexpr int kIdleMs = 100;

using Handle = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

class LiveSource final : public Source {
 public:
  LiveSource(Handle pcap, std::string name)
      : pcap_(std::move(pcap)),
        name_(std::move(name)),
        link_type_(from_dlt(pcap_datalink(pcap_.get()))),
        nano_(pcap_get_tstamp_precision(pcap_.get()) == PCAP_TSTAMP_PRECISION_NANO),
        fd_(pcap_get_selectable_fd(pcap_.get())) {}

  [[nodiscard]] Result<Next> next(Packet& out) override {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    int result = pcap_next_ex(pcap_.get(), &header, &bytes);
    if (result == 0) {
      // libpcap itself may wait for ever where nothing comes, however short its time limit is.
      pollfd wait{fd_, POLLIN, 0};
      if (::poll(&wait, 1, kIdleMs) <= 0) return Next::idle;
      result = pcap_next_ex(pcap_.get(), &header, &bytes);
    }
    if (result == 0) return Next::idle;
    if (result == PCAP_ERROR_BREAK) return Next::end;
    if (result < 0)
      return fail(fmt::format("cannot capture on '{}' any more: {}", name_, escape_terminal(pcap_geterr(pcap_.get()))));
    out.number = ++number_;
    out.time_ns = int64_t{header->ts.tv_sec} * 1'000'000'000 + int64_t{header->ts.tv_usec} * (nano_ ? 1 : 1000);
    out.interface = 0;
    out.link_type = link_type_;
    out.original_len = std::max(header->len, header->caplen);
    out.bytes = {bytes, header->caplen};
    return Next::packet;
  }

  [[nodiscard]] std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    pcap_stat stat{};
    if (pcap_stats(pcap_.get(), &stat) == 0) {
      if (stat.ps_drop != 0)
        notes.push_back(fmt::format("the kernel dropped {} packets on '{}': its buffer was full", stat.ps_drop, name_));
      if (stat.ps_ifdrop != 0)
        notes.push_back(fmt::format("the interface '{}' or its driver dropped {} packets", name_, stat.ps_ifdrop));
    }
    if (!can_dissect(link_type_) && number_ != 0) notes.push_back(note_unknown_link(link_type_, number_));
    return notes;
  }

 private:
  Handle pcap_;
  std::string name_;  // escaped
  uint16_t link_type_;
  bool nano_;
  int fd_;
  uint64_t number_ = 0;
};

// "; there are lo, eth0", empty where they cannot be told.
std::string devices() {
  pcap_if_t* all = nullptr;
  char error[PCAP_ERRBUF_SIZE] = "";
  std::vector<std::string> names;
  if (pcap_findalldevs(&all, error) == 0) {
    // bluetooth-monitor, nflog and the like hold no frames of networks.
    for (const pcap_if_t* one = all; one != nullptr; one = one->next)
      if ((one->flags & PCAP_IF_UP) != 0 && pcap_datalink_name_to_val(one->name) < 0)
        names.push_back(escape_terminal(one->name));
    pcap_freealldevs(all);
  }
  return names.empty() ? "" : "; there are " + join(names, ", ");
}

std::unexpected<Error> cannot_activate(pcap_t* pcap, int result, const std::string& name) {
  const std::string said = escape_terminal(pcap_geterr(pcap));
  switch (result) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return fail_usage(fmt::format("there is no interface '{}'{}", name, devices()));
    case PCAP_ERROR_PERM_DENIED:
      return fail(
          fmt::format("may not capture on '{}': this needs the capability CAP_NET_RAW (run it as root, or once: "
                      "setcap cap_net_raw+ep on this program)",
                      name));
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return fail(
          fmt::format("may not set '{}' to promiscuous mode: this needs the capability CAP_NET_ADMIN beside "
                      "CAP_NET_RAW",
                      name));
    case PCAP_ERROR_IFACE_NOT_UP:
      return fail(fmt::format("cannot capture on '{}': the interface is not up (ip link set {} up)", name, name));
    default:
      return fail(fmt::format("cannot capture on '{}': {}", name, said.empty() ? pcap_statustostr(result) : said));
  }
}

}  // namespace

Result<std::unique_ptr<Source>> open_live(const std::string& interface, const LiveOptions& options) {
  constexpr auto kMost = static_cast<size_t>(std::numeric_limits<int>::max());
  const std::string name = escape_terminal(interface);
  char error[PCAP_ERRBUF_SIZE] = "";
  Handle pcap(pcap_create(interface.c_str(), error), &pcap_close);
  if (!pcap) return fail(fmt::format("cannot capture on '{}': {}", name, escape_terminal(error)));
  // None of these can fail before activation, but the precision, which then stays at microseconds.
  pcap_set_snaplen(pcap.get(), static_cast<int>(std::min(options.snap_len, kMost)));
  pcap_set_buffer_size(pcap.get(), static_cast<int>(std::min(options.buffer_len, kMost)));
  pcap_set_promisc(pcap.get(), options.promiscuous ? 1 : 0);
  pcap_set_timeout(pcap.get(), kIdleMs);
  pcap_set_tstamp_precision(pcap.get(), PCAP_TSTAMP_PRECISION_NANO);
  if (const int result = pcap_activate(pcap.get()); result < 0) return cannot_activate(pcap.get(), result, name);
  if (!options.filter.empty()) {
    bpf_program code{};
    if (pcap_compile(pcap.get(), &code, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
      return fail_usage(fmt::format("the filter '{}' does not compile for '{}': {}", escape_terminal(options.filter),
                                    name, escape_terminal(pcap_geterr(pcap.get()))));
    const int result = pcap_setfilter(pcap.get(), &code);
    pcap_freecode(&code);
    if (result != 0)
      return fail(fmt::format("cannot filter on '{}': {}", name, escape_terminal(pcap_geterr(pcap.get()))));
  }
  if (pcap_setnonblock(pcap.get(), 1, error) != 0)
    return fail(fmt::format("cannot capture on '{}': {}", name, escape_terminal(error)));
  return std::make_unique<LiveSource>(std::move(pcap), name);
}

}  // namespace tlsproof::capture
