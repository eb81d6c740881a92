#include "tlsproof/scenario/scenario.h"

#include <gtest/gtest.h>

#include <ctime>
#include <set>

#include "tlsproof/registry/constants.h"

namespace tlsproof::scenario {
namespace {

using Strings = std::vector<std::string>;

// A scenario with these lines beside what every one needs.
std::string with(std::string_view lines, std::string_view expect = "expect: {completes: true}\n") {
  return "title: t\nrequirement: MUST\nwhy: w\n" + std::string(expect) + std::string(lines);
}

Scenario parse(std::string_view yaml) {
  auto scenario = parse_scenario(yaml, "s.yaml", "dir/s");
  EXPECT_TRUE(scenario) << scenario.error().what << "\n" << yaml;
  return scenario ? std::move(*scenario) : Scenario{};
}

std::string message(std::string_view yaml) {
  auto scenario = parse_scenario(yaml, "s.yaml", "dir/s");
  if (scenario) return "";
  EXPECT_EQ(scenario.error().kind, Error::Kind::usage);
  return scenario.error().what;
}

Strings ids(const Scenario& scenario) {
  Strings out;
  for (const Case& one : expand(scenario)) out.push_back(one.id());
  return out;
}

// ---- good ones

TEST(Scenario, WhatIsSaidOnce) {
  Scenario s = parse(R"(
title: A TLS 1.3 ClientHello that offers a compression method is refused
requirement: SHOULD
cites: [{rfc: 8446, section: 4.1.2}, {rfc: 5246, section: "7"}, {rfc: 8446, section: D.2}]
why: >-
  Because
  of that.
fix: Turn it off.
tags: [client_hello, parsing]
we_are: client
tls: [1.3]
exclusive: true
expect: {abort: [illegal_parameter, decode_error], waited: allowed}
)");
  EXPECT_EQ(s.id, "dir/s");
  EXPECT_EQ(s.title, "A TLS 1.3 ClientHello that offers a compression method is refused");
  EXPECT_EQ(s.requirement, verdict::Requirement::should);
  ASSERT_EQ(s.cites.size(), 3U);
  EXPECT_EQ(s.cites[1], (verdict::Citation{5246, "7"}));
  EXPECT_EQ(s.cites[2].section, "D.2");
  EXPECT_EQ(s.why, "Because of that.");
  EXPECT_EQ(s.fix, "Turn it off.");
  EXPECT_EQ(s.tags, (Strings{"client_hello", "parsing"}));
  EXPECT_EQ(s.versions, (std::vector<uint16_t>{0x0304}));
  EXPECT_TRUE(s.exclusive);
  EXPECT_EQ(s.where.text(), "s.yaml:2:1");
  ASSERT_EQ(s.plays.size(), 1U);
  EXPECT_EQ(s.plays[0].suffix, "");
  EXPECT_EQ(s.plays[0].needs, Strings{"version.tls1_3"});
  EXPECT_EQ(s.plays[0].expect.kind, Expect::Kind::abort);
  EXPECT_EQ(s.plays[0].expect.alerts, (std::vector<uint8_t>{47, 50}));
  EXPECT_TRUE(s.plays[0].expect.waited_allowed);
  EXPECT_EQ(describe(s.plays[0].expect),
            "refused, by alert illegal_parameter or decode_error if by any; waiting in silence is allowed");
}

TEST(Scenario, MatrixKeepsTypesAndNamesCases) {
  Scenario s = parse(R"(
title: Method for ${name} in ${tls}, $${kept}
requirement: MUST
why: w
needs: ["group.${name}", client_auth.requested, "client_auth.requested.tls${tls}", http]
matrix:
  method: [[1], {hex: "40"}, "00ff", [5, 6]]
  name: [x25519, secp256r1]
  times: [0x10]
edits:
  - at: client_hello
    set: {legacy_compression_methods: "${method}"}
    repeat: "${times}"
expect: {completes: true}
)");
  EXPECT_EQ(s.title, "Method for <name> in <tls>, ${kept}");
  ASSERT_EQ(s.plays.size(), 16U);
  EXPECT_EQ(s.matrix[0].second, (Strings{"v1", "40", "00ff", "v4"}));
  const Play& first = s.plays[0];
  EXPECT_EQ(first.suffix, "[tls=1.2,method=v1,name=x25519,times=0x10]");
  EXPECT_EQ(first.title, "Method for x25519 in 1.2, ${kept}");
  EXPECT_EQ(first.needs, (Strings{"version.tls1_2", "group.x25519", "client_auth.requested.tls1_2", "http"}));
  const Play& last = s.plays[15];
  EXPECT_EQ(last.suffix, "[tls=1.3,method=v4,name=secp256r1,times=0x10]");
  EXPECT_EQ(last.version, 0x0304);
  EXPECT_EQ(last.variables[1], (std::pair<std::string, std::string>{"name", "secp256r1"}));
  auto value = [&](size_t play) {
    return std::get<SetFields>(s.plays[play].connections[0].edits[0].operations[0]).fields[0].second;
  };
  EXPECT_EQ(to_text(value(0)), "[1]");
  EXPECT_EQ(to_text(value(2)), "hex:40");
  EXPECT_EQ(value(4).kind, Value::Kind::text);
  EXPECT_EQ(to_text(value(6)), "[5, 6]");
  EXPECT_EQ(std::get<Repeat>(first.connections[0].edits[0].operations[1]).times, 16U);

  const uint16_t only[] = {0x0304};
  ASSERT_EQ(expand(s, only).size(), 8U);
  EXPECT_EQ(expand(s, only)[0].id(), "dir/s[tls=1.3,method=v1,name=x25519,times=0x10]");
  const uint16_t none[] = {0x0302};
  EXPECT_TRUE(expand(s, none).empty());
}

TEST(Scenario, VersionsAndNeeds) {
  struct Row {
    std::string yaml;
    Strings ids;
    Strings needs;  // of the first
  };
  const Row rows[] = {
      {with(""), {"dir/s[tls=1.2]", "dir/s[tls=1.3]"}, {"version.tls1_2"}},
      {with("tls: [1.3, 1.2]\n"), {"dir/s[tls=1.3]", "dir/s[tls=1.2]"}, {"version.tls1_3"}},
      {with("tls: ['1.3']\nneeds: [client_auth.requested, client_ca.key, version.tls1_2]\n"),
       {"dir/s"},
       {"version.tls1_3", "client_auth.requested.tls1_3", "client_ca.key", "version.tls1_2"}},
      {with("tls: [1.0, 1.1]\n", "expect: {version: refused}\n"), {"dir/s[tls=1.0]", "dir/s[tls=1.1]"}, {}},
      {with("tls: [1.2]\nclient: {plain_http: true}\n", "expect: {plain_http: refused}\n"), {"dir/s"}, {}},
      {with("tls: [1.2]\n", "expect: {rules: hold}\n"), {"dir/s"}, {"version.tls1_2"}},
      {with("tls: [1.2]\nmatrix: {v: [ssl3, 1.0]}\nclient: {versions: [\"${v}\"]}\n", "expect: {version: refused}\n"),
       {"dir/s[tls=1.2,v=ssl3]", "dir/s[tls=1.2,v=1.0]"},
       {}},
  };
  for (const Row& row : rows) {
    Scenario s = parse(row.yaml);
    EXPECT_EQ(ids(s), row.ids) << row.yaml;
    EXPECT_EQ(s.plays.at(0).needs, row.needs) << row.yaml;
  }
}

TEST(Scenario, ClientAndIdentity) {
  auto client = [](std::string_view text) {
    return parse(with("client: " + std::string(text))).plays.at(0).connections.at(0).client;
  };
  using Name = ClientSetup::ServerName;
  EXPECT_EQ(client("{request: true}").server_name, Name::target);
  EXPECT_EQ(client("{server_name: none}").server_name, Name::none);
  EXPECT_EQ(client("{server_name: unknown}").server_name, Name::unknown);
  EXPECT_EQ(client("{server_name: open_host}").server_name, Name::open_host);
  EXPECT_EQ(client("{server_name: mutual_host}").server_name, Name::mutual_host);
  EXPECT_EQ(client("{request: true}").http_host, ClientSetup::HttpHost::target);
  EXPECT_EQ(client("{http_host: open_host}").http_host, ClientSetup::HttpHost::open_host);
  EXPECT_EQ(client("{http_host: mutual_host}").http_host, ClientSetup::HttpHost::mutual_host);
  EXPECT_EQ(client("{server_name: a.example}").server_name_literal, "a.example");
  EXPECT_EQ(client("{server_name: \"a\\0\\e[m\"}").server_name_literal, std::string("a\0\x1b[m", 5));
  EXPECT_EQ(client("{server_name: {hex: \"ff00\"}}").server_name_literal, std::string("\xff\0", 2));
  EXPECT_EQ(client("{key_type: ecdsa}").key_type, KeyType::ecdsa);
  EXPECT_EQ(client("{versions: [1.2, 1.3]}").versions, (std::vector<uint16_t>{0x0303, 0x0304}));
  EXPECT_FALSE(client("{request: false}").request);

  auto identity = [](std::string_view text) { return parse(with(text)).plays.at(0).connections.at(0).identity; };
  EXPECT_EQ(identity("").kind, Identity::Kind::automatic);
  EXPECT_EQ(identity("identity: none").kind, Identity::Kind::none);
  EXPECT_EQ(identity("identity: good").kind, Identity::Kind::good);
  EXPECT_EQ(identity("identity: another").kind, Identity::Kind::another);
  for (std::string_view fault : known_faults())
    EXPECT_EQ(identity("identity: {fault: " + std::string(fault) + "}").fault, fault);
}

TEST(Scenario, OtherHostsAreNeededByThemselves) {
  using Needs = std::vector<std::string>;
  auto needs = [](std::string_view text) { return parse(with("tls: [1.3]\n" + std::string(text))).plays.at(0).needs; };
  EXPECT_EQ(needs("client: {server_name: open_host}\n"), (Needs{"version.tls1_3", "virtual_host.open"}));
  EXPECT_EQ(needs("client: {http_host: mutual_host}\n"), (Needs{"version.tls1_3", "virtual_host.mutual"}));
  EXPECT_EQ(
      needs("needs: [http]\nconnections: [{client: {http_host: mutual_host}}, {client: {server_name: open_host}}]\n"),
      (Needs{"version.tls1_3", "virtual_host.mutual", "virtual_host.open", "http"}))
      << "whichever connection it is";
}

TEST(Scenario, ControlsHaveTheirOwnExpectation) {
  for (Control control : {Control::wrong_ca, Control::wrong_name, Control::shifted_clock}) {
    Scenario s = parse(with("control: " + std::string(to_text(control)), ""));
    EXPECT_EQ(s.plays.at(0).control, control);
    EXPECT_EQ(s.plays.at(0).expect.kind, Expect::Kind::control);
  }
}

TEST(Scenario, EveryExpectation) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"completes: true", "the handshake completes and application data flows"},
      {"refused: true", "refused, in whatever way"},
      {"abort: [bad_record_mac]", "refused, by alert bad_record_mac if by any"},
      {"client_auth: accepted", "the client certificate is accepted"},
      {"client_auth: refused", "the client is refused"},
      {"client_auth: requested", "a client certificate is asked for as declared"},
      {"client_auth: ca_names", "the acceptable CAs are named in the CertificateRequest"},
      {"client_auth: depth}\nidentity: {fault: too_deep, intermediates: 2",
       "accepted as far as the declared verify_depth goes, and no further"},
      {"client_auth: signature_schemes", "the CertificateRequest asks for safe signature schemes"},
      {"certificate: chain_complete", "the chain is sent complete"},
      {"certificate: chain_in_order", "each certificate certifies the one before it"},
      {"certificate: chain_valid", "the chain is valid to a trust anchor"},
      {"certificate: name_matches", "the certificate names the host"},
      {"certificate: not_expired", "every certificate is within its dates"},
      {"certificate: days_left", "the certificate does not end soon"},
      {"certificate: version_3", "the certificate has version 3"},
      {"certificate: has_san", "the certificate has a subjectAltName"},
      {"certificate: key_strength", "the keys are strong enough"},
      {"certificate: signature_strength", "the signatures are strong enough"},
      {"certificate: extended_key_usage", "the certificate is for TLS servers"},
      {"certificate: lifetime", "the certificate's lifetime is not over-long"},
      {"version: refused", "no version that was offered is negotiated"},
      {"server_name: told", "told which certificate, or which alert, the name brings"},
      {"answers: {message: server_hello}", "answered with server_hello"},
      {"answers: {message: finished}", "answered with server_finished"},
      {"answers: {message: server_hello#2, where: {cipher_suite: TLS_AES_128_GCM_SHA256, legacy_version: {any_of: [1, "
       "a]}, random: {none_of: [2]}, extensions: {contains: cookie}, extensions.cookie: {present: false}, "
       "legacy_session_id_echo: {hex: \"00\"}}}",
       "answered with server_hello#2 in which cipher_suite is TLS_AES_128_GCM_SHA256 and legacy_version is one of [1, "
       "a] "
       "and random is none of [2] and extensions contains cookie and extensions.cookie is absent and "
       "legacy_session_id_echo is hex:00"},
  };
  for (const auto& [text, described] : rows)
    EXPECT_EQ(describe(parse(with("", "expect: {" + text + "}\n")).plays.at(0).expect), described) << text;
  Scenario same = parse(with("matrix: {n: [1, 2]}\nedits: [{at: client_hello, truncate: \"${n}\"}]\n",
                             "expect: {refused: true, indistinguishable: true}\n"));
  EXPECT_TRUE(same.plays[0].expect.indistinguishable);
}

TEST(Scenario, EveryVerb) {
  Scenario s = parse(with(R"(
tls: [1.3]
edits:
  - at: client_hello#2
    set: {legacy_version: 0x0300, extensions.supported_groups: [x25519], cipher_suites: [TLS_AES_128_GCM_SHA256, 0x1302]}
    remove: [extensions.server_name, cipher_suites]
    append: {cipher_suites: [0x1303]}
    truncate: -3
    bytes: {0: "01", -4: "ff ff"}
    lie: {cipher_suites: 3}
    fragment: 1
    segment: 2
    pad: 5
    record: {version: 0x0301, type: alert, corrupt: tag, plaintext: true, level: early}
  - {at: certificate, skip: true}
  - {at: certificate_verify, repeat: 3}
  - {at: finished, move_after: server_finished}
  - {at: key_update, coalesce: true}
  - {before: finished, inject: {message: key_update, set: {request_update: 1}, hashed: false, level: application, count: 7}}
  - {before: finished, inject: {message: 99, body: {hex: "00"}}}
  - {before: finished, inject: {alert: user_canceled, alert_level: warning}}
  - {before: finished, inject: {change_cipher_spec: true}}
  - {before: finished, inject: {change_cipher_spec: {hex: "02"}}}
  - {after: server_finished, inject: {record: application_data, level: application, body: "GET /"}}
  - {after: server_hello, inject: {raw: {hex: "16 03"}}}
  - {after: client_hello, wait: 250ms}
  - {after: client_hello, half_close: true}
  - {after: client_hello, reset: true}
broken: {edit: {at: certificate_verify, skip: true}}
)"));
  const std::vector<Edit>& edits = s.plays.at(0).connections.at(0).edits;
  ASSERT_EQ(edits.size(), 15U);
  const Edit& first = edits[0];
  EXPECT_EQ(first.anchor, (MessageRef{Message::client_hello, Role::client, 2}));
  ASSERT_EQ(first.operations.size(), 10U);
  EXPECT_EQ(std::get<SetFields>(first.operations[0]).fields[1].first, "extensions.supported_groups");
  EXPECT_EQ(to_text(std::get<SetFields>(first.operations[0]).fields[2].second), "[TLS_AES_128_GCM_SHA256, 4866]");
  EXPECT_EQ(std::get<RemoveFields>(first.operations[1]).paths, (Strings{"extensions.server_name", "cipher_suites"}));
  EXPECT_EQ(std::get<AppendFields>(first.operations[2]).fields.size(), 1U);
  EXPECT_EQ(std::get<Truncate>(first.operations[3]).len, -3);
  EXPECT_EQ(std::get<PatchBytes>(first.operations[4]).patches[1].offset, -4);
  EXPECT_EQ(std::get<PatchBytes>(first.operations[4]).patches[1].bytes, (Bytes{0xff, 0xff}));
  EXPECT_EQ(std::get<Lie>(first.operations[5]).lies[0].len, 3U);
  EXPECT_EQ(std::get<Fragment>(first.operations[6]).len, 1U);
  EXPECT_EQ(std::get<Segment>(first.operations[7]).len, 2U);
  EXPECT_EQ(std::get<Pad>(first.operations[8]).len, 5U);
  const auto& record = std::get<RecordEdit>(first.operations[9]);
  EXPECT_EQ(record.version, 0x0301);
  EXPECT_EQ(record.type, 21);
  EXPECT_EQ(record.corrupt, RecordEdit::Corrupt::tag);
  EXPECT_TRUE(record.plaintext);
  EXPECT_EQ(record.level, Level::early);

  EXPECT_TRUE(std::holds_alternative<Skip>(edits[1].operations[0]));
  EXPECT_EQ(std::get<Repeat>(edits[2].operations[0]).times, 3U);
  EXPECT_EQ(std::get<MoveAfter>(edits[3].operations[0]).after, (MessageRef{Message::finished, Role::server, 1}));
  EXPECT_TRUE(std::holds_alternative<Coalesce>(edits[4].operations[0]));
  auto inject = [&](size_t i) { return std::get<Inject>(edits[i].operations[0]); };
  EXPECT_EQ(inject(5).what, Inject::What::message);
  EXPECT_EQ(inject(5).message_type, registry::handshake_type::key_update);
  EXPECT_EQ(inject(5).set[0].second.integer, 1);
  EXPECT_FALSE(inject(5).hashed);
  EXPECT_EQ(inject(5).level, Level::application);
  EXPECT_EQ(inject(5).count, 7U);
  EXPECT_EQ(inject(6).message_type, 99);
  EXPECT_EQ(inject(6).body, Bytes{0});
  EXPECT_EQ(inject(7).alert, registry::alert::user_canceled);
  EXPECT_EQ(inject(7).alert_level, 1);
  EXPECT_EQ(inject(8).body, Bytes{1});
  EXPECT_EQ(inject(9).body, Bytes{2});
  EXPECT_EQ(inject(10).what, Inject::What::record);
  EXPECT_EQ(inject(10).record_type, 23);
  EXPECT_EQ(inject(10).body, to_bytes("GET /"));
  EXPECT_EQ(edits[10].when, Edit::When::after);
  EXPECT_EQ(edits[10].anchor.sender, Role::server);
  EXPECT_EQ(inject(11).what, Inject::What::raw);
  EXPECT_EQ(std::get<Wait>(edits[12].operations[0]).ns, 250'000'000);
  EXPECT_TRUE(std::holds_alternative<HalfClose>(edits[13].operations[0]));
  EXPECT_TRUE(std::holds_alternative<ResetConnection>(edits[14].operations[0]));
  ASSERT_EQ(s.plays[0].broken.size(), 1U);
  EXPECT_EQ(s.plays[0].broken[0].anchor.sender, Role::server);

  std::set<std::string_view> used;
  for (const Edit& edit : edits)
    for (const Operation& operation : edit.operations) used.insert(verb(operation));
  EXPECT_EQ(used.size(), verbs().size()) << "a verb without a test";
}

TEST(Scenario, Connections) {
  Scenario s = parse(with(R"(
tls: [1.3]
connections:
  - {client: {server_name: a.example}, save_session: first, expect: {completes: true}}
  - {client: {server_name: b.example}, resume: first, identity: none, edits: [{at: client_hello, skip: true}]}
)",
                          "expect: {refused: true}\n"));
  const auto& connections = s.plays.at(0).connections;
  ASSERT_EQ(connections.size(), 2U);
  EXPECT_EQ(connections[0].save_session, "first");
  EXPECT_EQ(connections[0].expect->kind, Expect::Kind::completes);
  EXPECT_EQ(connections[1].resume, "first");
  EXPECT_EQ(connections[1].identity.kind, Identity::Kind::none);
  EXPECT_EQ(connections[1].edits.size(), 1U);
  EXPECT_FALSE(connections[1].expect);
  EXPECT_EQ(s.plays[0].expect.kind, Expect::Kind::refused);
}

TEST(Scenario, MessagesByRole) {
  EXPECT_EQ(parse_message("certificate", Role::client), (MessageRef{Message::certificate, Role::client, 1}));
  EXPECT_EQ(parse_message("certificate", Role::server), (MessageRef{Message::certificate, Role::server, 1}));
  EXPECT_EQ(parse_message("server_certificate#3", Role::client), (MessageRef{Message::certificate, Role::server, 3}));
  EXPECT_EQ(parse_message("server_hello", Role::client), (MessageRef{Message::server_hello, Role::server, 1}));
  for (std::string_view bad : {"", "server_server_hello", "finished#", "finished#0", "finished#x", "Finished"})
    EXPECT_EQ(parse_message(bad, Role::client), std::nullopt) << bad;
  for (Role role : {Role::client, Role::server}) {
    for (std::string_view name : message_names(role)) {
      auto ref = parse_message(name, role);
      ASSERT_TRUE(ref) << name;
      EXPECT_TRUE(may_send(ref->sender, ref->message)) << name;
      EXPECT_EQ(parse_message(to_text(*ref), role), *ref) << name;
    }
  }
}

// ---- bad ones: each with the whole message

void expect_messages(std::span<const std::pair<std::string, std::string_view>> rows) {
  for (const auto& [yaml, expected] : rows) EXPECT_EQ(message(yaml), expected) << yaml;
}

TEST(ScenarioErrors, TheFileAsAWhole) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"", "s.yaml:1:1: expected a scenario (a map), found nothing"},
      {"title: t\nrequirment: MUST\n", "s.yaml:2:1: a scenario has no key 'requirment', did you mean 'requirement'?"},
      {"requirement: MUST\n", "s.yaml:1:1: a scenario needs 'title'"},
      {"title: t\n", "s.yaml:1:1: a scenario needs 'requirement'"},
      {"title: t\nrequirement: MUST\n", "s.yaml:1:1: a scenario needs 'why'"},
      {"title: t\nrequirement: MUST\nwhy: w\n", "s.yaml:1:1: a scenario needs 'expect'"},
      {"title: ' '\n", "s.yaml:1:8: there is no text"},
      {"title: t\nrequirement: must\n",
       "s.yaml:2:14: unknown requirement 'must' (one of MUST, SHOULD, MAY, robustness, info)"},
      {"title: t\nrequirement: MUST\nwhy: \"${x}\"\n",
       "s.yaml:3:6: 'why' is the same for all cases: no variables here"},
      {with("cites: [{rfc: 8446}]\n"), "s.yaml:5:9: a citation needs 'section'"},
      {with("cites: [{rfc: x, section: 1}]\n"), "s.yaml:5:15: expected a whole number from 1 to 65535, found 'x'"},
      {with("cites: [{rfc: 1, section: §4}]\n"), "s.yaml:5:27: expected a section such as 4.1.2 or D.2, found '§4'"},
      {with("tags: [a b]\n"), "s.yaml:5:8: a tag has small letters, digits and _, not 'a b'"},
      {with("we_are: sever\n"), "s.yaml:5:9: unknown role 'sever', did you mean 'server'?"},
      {with("tls: [1.4]\n"), "s.yaml:5:7: unknown version '1.4', did you mean '1.0'?"},
      {with("tls: []\n"), "s.yaml:5:6: 'tls' has no version"},
      {with("tls: [1.2, 1.2]\n"), "s.yaml:5:12: version '1.2' is there twice"},
      {with("tls: [1.1]\n"),
       "s.yaml:1:1: TLS 1.2 and 1.3 are spoken here: 'tls: [1.1]' needs 'expect: {version: refused}'"},
      {with("exclusive: yes\n"), "s.yaml:5:12: expected true or false, found 'yes'"},
      {with("needs: [version.tls1.3]\n"),
       "s.yaml:5:9: unknown feature 'version.tls1.3', did you mean 'version.tls1_3'?"},
      {with("needs: version.tls1_3\n"), "s.yaml:5:8: expected a list, found 'version.tls1_3'"},
      {with("title2: x\n"), "s.yaml:5:1: a scenario has no key 'title2', did you mean 'title'?"},
      {with("\"\\e[31mx\": 1\n"), "s.yaml:5:1: a scenario has no key '\\x1b[31mx'"},
  };
  expect_messages(rows);
}

TEST(ScenarioErrors, MatrixAndVariables) {
  const std::pair<std::string, std::string_view> rows[] = {
      {with("matrix: {}\n"), "s.yaml:5:9: 'matrix' has no variable"},
      {with("matrix: {m: []}\n"), "s.yaml:5:13: 'm' has no values"},
      {with("matrix: {m: 1}\n"), "s.yaml:5:13: expected a list, found '1'"},
      {with("matrix: {m: [~]}\n"), "s.yaml:5:14: a value of the matrix is missing"},
      {with("matrix: {m: [1, 1]}\n"), "s.yaml:5:17: the value 1 is there twice"},
      {with("matrix: {M: [1]}\n"), "s.yaml:5:10: a variable has small letters, digits and _, not 'M'"},
      {with("matrix: {tls: [1.3]}\n"), "s.yaml:5:10: 'tls' is the version of the case; choose another name"},
      {with("matrix: {m: [1, 2]}\n"), "s.yaml:5:10: the variable 'm' is used nowhere: write ${m}"},
      {with("identity: \"${fault}\"\nmatrix: {faults: [none]}\n"),
       "s.yaml:5:11: unknown variable 'fault', did you mean 'faults'?"},
      {with("identity: \"${fault\"\n"), "s.yaml:5:11: '${' without '}'; a plain '${' is written '$${'"},
      {with("identity: \"${Fault}\"\n"),
       "s.yaml:5:11: a variable is ${name}, with small letters, digits and _, not '${Fault}'"},
      {with("identity: \"${}\"\n"), "s.yaml:5:11: a variable is ${name}, with small letters, digits and _, not '${}'"},
      {with("identity: \"x${m}\"\nmatrix: {m: [[1]]}\n"),
       "s.yaml:5:11: 'm' is a list: it can only stand alone, not within text"},
      {with("identity: {fault: \"${f}\"}\nmatrix: {f: [expired, expierd]}\n"),
       "s.yaml:6:23: unknown fault 'expierd', did you mean 'expired'?"},
      {with("needs: [\"group.${g}\"]\nmatrix: {g: [x25519, x25518]}\n"),
       "s.yaml:5:9: unknown feature 'group.x25518', did you mean 'group.x25519'?"},
  };
  expect_messages(rows);
}

TEST(ScenarioErrors, ClientIdentityControlConnections) {
  const std::pair<std::string, std::string_view> rows[] = {
      {with("client: {sni: none}\n"),
       "s.yaml:5:10: 'client' has no key 'sni' (one of server_name, http_host, key_type, versions, plain_http, "
       "request)"},
      {with("client: {key_type: rsaa}\n"), "s.yaml:5:20: unknown key type 'rsaa', did you mean 'rsa'?"},
      {with("client: {versions: 1.2}\n"), "s.yaml:5:20: expected a list, found '1.2'"},
      {with("client: {server_name: [a]}\n"), "s.yaml:5:23: expected text or {hex: \"00ff\"}, found a list"},
      {with("client: {}\nwe_are: server\n"),
       "s.yaml:5:9: 'client' says what we do as the client; here we are the server"},
      {with("client: {plain_http: true}\n"),
       "s.yaml:4:9: a client that speaks plain HTTP can only expect 'plain_http: refused'"},
      {with("", "expect: {plain_http: refused}\n"), "s.yaml:4:9: 'plain_http' needs 'client: {plain_http: true}'"},
      {with("identity: bad\n"), "s.yaml:5:11: unknown identity 'bad' (one of none, good, another)"},
      {with("identity: {fault: expierd}\n"), "s.yaml:5:19: unknown fault 'expierd', did you mean 'expired'?"},
      {with("identity: [expired]\n"), "s.yaml:5:11: expected none, good, another or {fault: NAME}, found a list"},
      {with("identity: {fault: expired, intermediates: 2}\n"),
       "s.yaml:5:43: 'intermediates' goes with the fault too_deep only"},
      {with("identity: {fault: too_deep, intermediates: many}\n"),
       "s.yaml:5:44: expected a whole number from 0 to 100, found 'many'"},
      {with("control: wrong_cn\n", ""), "s.yaml:4:10: unknown control 'wrong_cn', did you mean 'wrong_ca'?"},
      {with("control: wrong_ca\n"),
       "s.yaml:4:9: 'control' tests our own verifier on an honest run: 'expect' does not go with it"},
      {with("connections: []\n"), "s.yaml:5:14: 'connections' has none"},
      {with("connections: [{}]\nidentity: good\n"),
       "s.yaml:6:11: with 'connections', 'identity' stands in each of them"},
      {with("connections: [{save_session: one}, {resume: onee}]\n"),
       "s.yaml:5:45: no connection before this one saves the session 'onee', did you mean 'one'?"},
      {with("broken: {}\n"), "s.yaml:5:9: 'broken' needs 'edit'"},
  };
  expect_messages(rows);
}

TEST(ScenarioErrors, Expectations) {
  const std::pair<std::string, std::string_view> rows[] = {
      {with("", "expect:\n"), "s.yaml:4:1: 'expect' has no value"},
      {with("", "expect: {}\n"),
       "s.yaml:4:9: 'expect' needs one of completes, abort, answers, refused, ignored, client_auth, certificate, "
       "version, server_name, plain_http, rules"},
      {with("", "expect: {waited: allowed}\n"),
       "s.yaml:4:9: 'expect' needs one of completes, abort, answers, refused, ignored, client_auth, certificate, "
       "version, server_name, plain_http, rules"},
      {with("", "expect: {completes: true, refused: true}\n"),
       "s.yaml:4:27: 'completes' and 'refused' exclude each other"},
      {with("", "expect: {completes: false}\n"), "s.yaml:4:21: expected true, found 'false'"},
      {with("", "expect: {complets: true}\n"),
       "s.yaml:4:10: 'expect' has no key 'complets', did you mean 'completes'?"},
      {with("", "expect: {abort: []}\n"),
       "s.yaml:4:17: 'abort' names no alert; for a refusal in any way write 'refused: true'"},
      {with("", "expect: {abort: ilegal_parameter}\n"), "s.yaml:4:17: expected a list, found 'ilegal_parameter'"},
      {with("", "expect: {abort: [ilegal_parameter]}\n"),
       "s.yaml:4:18: unknown alert 'ilegal_parameter', did you mean 'illegal_parameter'?"},
      {with("", "expect: {abort: [decode_error, decode_error]}\n"), "s.yaml:4:32: alert 'decode_error' is there twice"},
      {with("", "expect: {ignored: true}\n"), "s.yaml:4:9: 'ignored' needs 'edits': nothing is bent here"},
      {with("", "expect: {client_auth: refuse}\n"),
       "s.yaml:4:23: unknown client_auth 'refuse', did you mean 'refused'?"},
      {with("", "expect: {certificate: days}\n"),
       "s.yaml:4:23: unknown certificate check 'days' (one of chain_complete, chain_in_order, chain_valid, "
       "name_matches, not_expired, days_left, version_3, has_san, key_strength, signature_strength, "
       "extended_key_usage, lifetime)"},
      {with("", "expect: {version: told}\n"),
       "s.yaml:4:19: unknown expectation of the version 'told' (one of refused)"},
      {with("", "expect: {refused: true, waited: yes}\n"),
       "s.yaml:4:33: unknown word for 'waited' 'yes' (one of allowed)"},
      {with("", "expect: {refused: true, indistinguishable: true}\n"),
       "s.yaml:4:9: 'indistinguishable' compares the cases of a 'matrix', and there is none"},
      {with("", "expect: {answers: {message: client_hello}}\n"),
       "s.yaml:4:29: 'client_hello' is ours: the answer is a message of the peer"},
      {with("", "expect: {answers: {message: server_helo}}\n"),
       "s.yaml:4:29: unknown message 'server_helo', did you mean 'server_hello'?"},
      {with("", "expect: {answers: {where: {a: 1}}}\n"), "s.yaml:4:19: 'answers' needs 'message'"},
      {with("", "expect: {answers: {message: server_hello, where: {cipher_suit: 1}}}\n"),
       "s.yaml:4:51: ServerHello has no field 'cipher_suit', did you mean 'cipher_suite'?"},
      {with("", "expect: {answers: {message: server_hello, where: {random: {isnt: 1}}}}\n"),
       "s.yaml:4:60: a condition has no key 'isnt' (one of is, any_of, none_of, contains, present)"},
      {with("", "expect: {answers: {message: server_hello, where: {random: {any_of: []}}}}\n"),
       "s.yaml:4:68: 'any_of' has nothing to compare with"},
  };
  expect_messages(rows);
}

TEST(ScenarioErrors, EditsAndAnchors) {
  const std::pair<std::string, std::string_view> rows[] = {
      {with("edits: []\n"), "s.yaml:5:8: 'edits' has none"},
      {with("edits: {at: client_hello}\n"), "s.yaml:5:8: expected a list, found a map"},
      {with("edits: [{skip: true}]\n"), "s.yaml:5:9: an edit needs one of at, before, after"},
      {with("edits: [{at: client_hello, after: finished, skip: true}]\n"),
       "s.yaml:5:28: 'at' and 'after' exclude each other"},
      {with("edits: [{at: client_hello}]\n"),
       "s.yaml:5:9: an edit that does nothing: give it a verb such as 'set' or 'skip'"},
      {with("edits: [{at: client_hallo, skip: true}]\n"),
       "s.yaml:5:14: unknown message 'client_hallo', did you mean 'client_hello'?"},
      {with("edits: [{at: client_hello#0, skip: true}]\n"),
       "s.yaml:5:14: 'client_hello#0': after '#' comes a number from 1"},
      {with("edits: [{at: server_finished, skip: true}]\n"),
       "s.yaml:5:14: 'server_finished' is the peer's: only 'after' can stand there"},
      {with("edits: [{before: server_hello, wait: 1s}]\n"),
       "s.yaml:5:18: 'server_hello' is the peer's: only 'after' can stand there"},
      {with("edits: [{at: client_hello, skp: true}]\n"), "s.yaml:5:28: an edit has no key 'skp', did you mean 'skip'?"},
      {with("edits: [{at: client_hello, skip: false}]\n"), "s.yaml:5:34: expected true, found 'false'"},
      {with("edits: [{after: client_hello, skip: true}]\n"), "s.yaml:5:37: 'skip' bends a message: it stands 'at' one"},
      {with("edits: [{at: client_hello, reset: true}]\n"),
       "s.yaml:5:35: 'reset' stands 'before' or 'after' a message, not 'at' one"},
      {with("edits: [{at: client_hello, truncate: a}]\n"),
       "s.yaml:5:38: expected a whole number from -16777215 to 16777215, found 'a'"},
      {with("edits: [{at: client_hello, bytes: {x: \"00\"}}]\n"), "s.yaml:5:36: 'x' is no offset into a message"},
      {with("edits: [{at: client_hello, bytes: {}}]\n"), "s.yaml:5:35: 'bytes' changes nothing"},
      {with("edits: [{at: client_hello, lie: {cipher_suites: -1}}]\n"),
       "s.yaml:5:49: expected a whole number from 0 to 16777215, found '-1'"},
      {with("edits: [{at: client_hello, repeat: 0}]\n"),
       "s.yaml:5:36: expected a whole number from 1 to 100000, found '0'"},
      {with("edits: [{at: client_hello, fragment: 16385}]\n"),
       "s.yaml:5:38: expected a whole number from 1 to 16384, found '16385'"},
      {with("edits: [{at: client_hello, move_after: x}]\n"), "s.yaml:5:40: unknown message 'x'"},
      {with("edits: [{at: client_hello, record: {}}]\n"), "s.yaml:5:36: 'record' changes nothing"},
      {with("edits: [{at: client_hello, record: {type: handshak}}]\n"),
       "s.yaml:5:43: unknown content type 'handshak', did you mean 'handshake'?"},
      {with("edits: [{at: client_hello, record: {corrupt: tak}}]\n"),
       "s.yaml:5:46: unknown part of a record 'tak', did you mean 'tag'?"},
      {with("edits: [{at: client_hello, record: {level: aplication}}]\n"),
       "s.yaml:5:44: unknown level 'aplication', did you mean 'application'?"},
      {with("edits: [{after: finished, wait: 5}]\n"),
       "s.yaml:5:33: expected a duration such as 250ms, 5s or 2m, at most 24h, found '5'"},
  };
  expect_messages(rows);
}

TEST(ScenarioErrors, FieldsAndInjections) {
  const std::pair<std::string, std::string_view> rows[] = {
      {with("edits: [{at: client_hello, set: {}}]\n"), "s.yaml:5:33: names no field"},
      {with("edits: [{at: client_hello, set: {cipher_suits: [1]}}]\n"),
       "s.yaml:5:34: ClientHello has no field 'cipher_suits' (did you mean 'cipher_suites'?); it has legacy_version, "
       "random, legacy_session_id, cipher_suites, legacy_compression_methods, extensions"},
      {with("edits: [{at: client_hello, remove: random2}]\n"),
       "s.yaml:5:36: ClientHello has no field 'random2', did you mean 'random'?"},
      {with("edits: [{at: change_cipher_spec, set: {a: 1}}]\n"),
       "s.yaml:5:39: change_cipher_spec is no handshake message: it has no fields"},
      {with("edits: [{at: end_of_early_data, set: {a: 1}}]\n"), "s.yaml:5:39: end_of_early_data has no fields"},
      {with("edits: [{at: client_hello, set: {random: {a: b}}}]\n"),
       "s.yaml:5:42: expected a number, text, {hex: \"00ff\"} or a list of these, found a map"},
      {with("edits: [{at: client_hello, set: {random: {hex: 0}}}]\n"),
       "s.yaml:5:48: expected bytes as hex digits (\"00ff\"), found '0'"},
      {with("edits: [{at: client_hello, set: {\"a b\": 1}}]\n"), "s.yaml:5:34: 'a b' is no field of a message"},
      {with("edits: [{at: client_hello, remove: []}]\n"), "s.yaml:5:36: 'remove' names no field"},
      {with("edits: [{before: finished, inject: {}}]\n"),
       "s.yaml:5:36: 'inject' needs one of message, alert, change_cipher_spec, record, raw"},
      {with("edits: [{before: finished, inject: {message: finishd}}]\n"),
       "s.yaml:5:46: unknown message 'finishd', did you mean 'finished'?"},
      {with("edits: [{before: finished, inject: {message: 256}}]\n"), "s.yaml:5:46: unknown message '256'"},
      {with("edits: [{before: finished, inject: {message: key_update, set: {request_updat: 1}}}]\n"),
       "s.yaml:5:64: KeyUpdate has no field 'request_updat' (did you mean 'request_update'?); it has request_update"},
      {with("edits: [{before: finished, inject: {alert: fatal}}]\n"), "s.yaml:5:44: unknown alert 'fatal'"},
      {with("edits: [{before: finished, inject: {alert: close_notify, body: x}}]\n"),
       "s.yaml:5:64: 'body' does not go with 'alert'"},
      {with("edits: [{before: finished, inject: {record: alert}}]\n"), "s.yaml:5:36: an injected record needs 'body'"},
      {with("edits: [{before: finished, inject: {raw: a, count: 0}}]\n"),
       "s.yaml:5:52: expected a whole number from 1 to 1000000, found '0'"},
  };
  expect_messages(rows);
}

// ---- small files that stand for much work

std::string repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ScenarioLimits, BoundedWhateverTheMatrixMakes) {
  std::string numbers;
  for (int i = 0; i < 4000; ++i) numbers += std::to_string(i) + ",";
  std::string many_axes;
  for (int i = 0; i < 12; ++i) many_axes += "  a" + std::to_string(i) + ": [0, 1]\n";
  const std::string hundred = numbers.substr(0, numbers.find("100,"));
  const std::string thousand = numbers.substr(0, numbers.find("1000,"));
  const std::string_view too_much = "the matrix makes too much of this file: over 2000000 values";
  const std::pair<std::string, std::string> rows[] = {
      {with("matrix: {m: [" + numbers + "], n: [1, 2]}\n"), "the matrix has more than 4096 cases"},
      {with("matrix:\n" + many_axes), "the matrix has more than 4096 cases"},
      {with("matrix: {m: [" + thousand + "]}\ntags: [" + repeat("a,", 50'000) + "]\n"), std::string(too_much)},
      {with("matrix: {m: [[" + repeat("1,", 40'000) + "]]}\nedits: [{at: client_hello, set: {cipher_suites: [" +
            repeat("\"${m}\",", 1000) + "]}}]\n"),
       std::string(too_much) + " or 33554432 bytes"},
      {with("matrix: {m: [" + std::string(200'000, 'x') + "]}\nidentity: \"" + repeat("${m}", 1000) + "\"\n"),
       std::string(too_much) + " or 33554432 bytes"},
      {with("matrix: {m: [''], n: [" + hundred + "]}\nclient: {server_name: \"" + repeat("${m}", 100'000) +
            "${n}\"}\n"),
       std::string(too_much) + " or 33554432 bytes"},
      {with("connections: [" + repeat("{},", 101) + "]\n"), "more than 100 connections"},
  };
  for (const auto& [yaml, expected] : rows) {
    const std::clock_t start = std::clock();  // CPU time: the machine may be busy
    std::string got = message(yaml);
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_TRUE(got.ends_with(": " + expected)) << got.substr(0, 200);
    EXPECT_LT(took, 10.0) << expected;  // sanitized; a tenth of it otherwise
  }
}

}  // namespace
}  // namespace tlsproof::scenario
