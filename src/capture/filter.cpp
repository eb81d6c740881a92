#include "filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "tlsproof/base/text.h"

namespace tlsproof::capture {

struct Filter::Program {
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { pcap_freecode(&code); }
  bpf_program code{};
};

Filter::Filter(std::string text) : text_(std::move(text)) {}
Filter::~Filter() = default;

int to_dlt(uint16_t link_type) {
  return link_type == link_type::kRaw ? DLT_RAW : link_type;
}

uint16_t from_dlt(int dlt) {
  return dlt == DLT_RAW ? link_type::kRaw : static_cast<uint16_t>(dlt);
}

Status Filter::compile(uint16_t link_type) {
  const auto found = programs_.find(link_type);
  if (found == programs_.end()) {
    constexpr int kSnapLen = 262'144;
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap(pcap_open_dead(to_dlt(link_type), kSnapLen), &pcap_close);
    if (!pcap) return fail("libpcap has no memory to compile a filter");
    auto program = std::make_unique<Program>();
    if (pcap_compile(pcap.get(), &program->code, text_.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
      return fail_usage(fmt::format("the filter '{}' does not compile for link type {}: {}", escape_terminal(text_),
                                    link_type, escape_terminal(pcap_geterr(pcap.get()))));
    last_ = programs_.emplace(link_type, std::move(program)).first->second.get();
  } else {
    last_ = found->second.get();
  }
  last_link_type_ = link_type;
  return {};
}

Result<bool> Filter::matches(const Packet& packet) {
  if (last_ == nullptr || packet.link_type != last_link_type_) TLSPROOF_TRY_VOID(compile(packet.link_type));
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(packet.bytes.size());
  header.len = packet.original_len;
  return pcap_offline_filter(&last_->code, &header, packet.bytes.data()) != 0;
}

}  // namespace tlsproof::capture
