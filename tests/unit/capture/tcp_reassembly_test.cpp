// What the two streams of a TCP connection become, however its segments came: scripts and what is told of each.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

using testing::run_table;
using testing::SegmentScript;

// One word an event, with the packet it belongs to: a:hello@3 (bytes), a-5@7 (missing), a!2+1@9 (conflict),
// a^@1 (SYN), a~@2 (SYN-ACK), a.@8 (FIN), aR@9 (RST). Then the end, and the next flow.
std::string describe(const Flow& flow) {
  std::string text;
  for (const FlowEvent& event : flow.events) {
    text += event.side == Side::a ? 'a' : 'b';
    switch (event.kind) {
      case FlowEvent::Kind::syn:
        text += '^';
        break;
      case FlowEvent::Kind::syn_ack:
        text += '~';
        break;
      case FlowEvent::Kind::data:
        text += fmt::format(":{}", as_text(flow.view(event)));
        break;
      case FlowEvent::Kind::gap:
        text += fmt::format("-{}", event.missing);
        break;
      case FlowEvent::Kind::conflict:
        text += fmt::format("!{}+{}", event.bytes.offset, event.bytes.len);
        break;
      case FlowEvent::Kind::fin:
        text += '.';
        break;
      case FlowEvent::Kind::reset:
        text += 'R';
        break;
    }
    text += fmt::format("@{} ", event.packet);
  }
  return text + std::string(to_text(flow.end));
}
std::string describe(const std::vector<Flow>& flows) {
  std::string text;
  for (const Flow& flow : flows) text += (text.empty() ? "" : " | ") + describe(flow);
  return text;
}

struct Case {
  const char* name;
  std::function<void(SegmentScript&)> script;
  const char* expected;
  uint32_t isn_a = 1000;
  FlowLimits limits = {};
};

constexpr Side A = Side::a, B = Side::b;

const Case kCases[] = {
    {"in order", [](auto& s) { s.handshake().a("hello").b("yes").a("bye").fin(A).fin(B).ack(A); },
     "a^@1 b~@2 a:hello@4 b:yes@5 a:bye@6 a.@7 b.@8 closed"},
    // Order.
    {"two change places", [](auto& s) { s.handshake().a("one").a("two").swap_last().b("yes"); },
     "a^@1 b~@2 a:one@5 a:two@5 b:yes@6 end of capture"},
    {"three backwards", [](auto& s) { s.handshake().data(A, 6, "ghi").data(A, 3, "def").data(A, 0, "abc"); },
     "a^@1 b~@2 a:abc@6 a:def@6 a:ghi@6 end of capture"},
    {"what waited comes before what follows",
     [](auto& s) { s.handshake().data(A, 3, "def").data(A, 0, "abc").data(A, 6, "ghi"); },
     "a^@1 b~@2 a:abc@5 a:def@5 a:ghi@6 end of capture"},
    {"both directions",
     [](auto& s) { s.handshake().data(A, 1, "b").data(B, 1, "y").ack_to(0).data(B, 0, "x").ack_to(0).data(A, 0, "a"); },
     "a^@1 b~@2 b:x@6 b:y@6 a:a@7 a:b@7 end of capture"},
    {"FIN before the data", [](auto& s) { s.handshake().a("data").fin(A).swap_last().fin(B); },
     "a^@1 b~@2 a:data@5 a.@5 b.@6 closed"},
    // Again.
    {"retransmitted", [](auto& s) { s.handshake().a("hello").data(A, 0, "hello").b("yes"); },
     "a^@1 b~@2 a:hello@4 b:yes@6 end of capture"},
    {"retransmitted with more", [](auto& s) { s.handshake().a("hello").data(A, 2, "llo, you"); },
     "a^@1 b~@2 a:hello@4 a:, you@5 end of capture"},
    {"retransmitted while waiting",
     [](auto& s) { s.handshake().data(A, 3, "def").data(A, 3, "def").data(A, 0, "abc"); },
     "a^@1 b~@2 a:abc@6 a:def@6 end of capture"},
    {"waiting ones overlap", [](auto& s) { s.handshake().data(A, 3, "def").data(A, 1, "bcdefgh").data(A, 0, "abc"); },
     "a^@1 b~@2 a:a@6 a:bc@6 a:def@6 a:gh@6 end of capture"},
    {"SYN and SYN-ACK again", [](auto& s) { s.syn(A).syn(A).syn_ack(B).syn_ack(B).ack(A).a("x").syn(A).b("y"); },
     "a^@1 b~@3 a:x@6 b:y@8 end of capture"},
    {"FIN again", [](auto& s) { s.handshake().fin(A, "x").data(A, 0, "x", tcp_flag::kFin).fin(B).data(A, 0, "x"); },
     "a^@1 b~@2 a:x@4 a.@4 b.@6 closed"},
    // Conflicts: the first copy stays.
    {"conflict", [](auto& s) { s.handshake().a("hello").data(A, 0, "hExxo"); },
     "a^@1 b~@2 a:hello@4 a!1+3@5 end of capture"},
    {"conflict in the overlap", [](auto& s) { s.handshake().a("hello").data(A, 3, "xo!"); },
     "a^@1 b~@2 a:hello@4 a!3+1@5 a:!@5 end of capture"},
    {"conflict while waiting", [](auto& s) { s.handshake().data(A, 2, "cd").data(A, 2, "cX").data(A, 0, "ab"); },
     "a^@1 b~@2 a:ab@6 a:cd@6 a!3+1@6 end of capture"},
    {"conflict of what fills the hole", [](auto& s) { s.handshake().data(A, 2, "cd").data(A, 0, "abXde"); },
     "a^@1 b~@2 a:ab@5 a:cd@5 a!2+1@5 a:e@5 end of capture"},
    {"conflict after a gap",
     [](auto& s) { s.handshake().a("one4567").cut_to(3).a("two").data(A, 7, "tWo").data(A, 1, "XX45"); },
     "a^@1 b~@2 a:one@4 a-4@4 a:two@5 a!4+1@6 end of capture"},
    {"the lost comes late, but comes",
     [](auto& s) { s.handshake().a("one").lost(A, 4).a("two").ack(B).ack(B).data(A, 3, "late"); },
     "a^@1 b~@2 a:one@4 a:late@8 a:two@8 end of capture"},
    {"the lost comes too late",
     [](auto& s) {
       s.handshake().a("one").lost(A, 4).a("two").ack(B).b("yes");
       for (int i = 0; i < 40; ++i) s.ack(A);
       s.data(A, 3, "late").a("end");
     },
     "a^@1 b~@2 a:one@4 a-4@6 a:two@6 b:yes@7 a:end@49 end of capture"},
    {"a keep-alive is none", [](auto& s) { s.handshake().a("hello").data(A, 4, "x").data(A, 4, "").a("!"); },
     "a^@1 b~@2 a:hello@4 a:!@7 end of capture"},
    {"a window probe is one byte early", [](auto& s) { s.handshake().a("hello").data(A, 5, "w").data(A, 5, "world"); },
     "a^@1 b~@2 a:hello@4 a:w@5 a:orld@6 end of capture"},
    // Losses.
    {"acknowledged past what was captured",
     [](auto& s) { s.handshake().a("one").lost(A, 10).ack(B).a("two").b("yes"); },
     "a^@1 b~@2 a:one@4 a-10@6 a:two@6 b:yes@7 end of capture"},
    {"acknowledged after the next", [](auto& s) { s.handshake().a("one").lost(A, 10).a("two").b("yes").a("more"); },
     "a^@1 b~@2 a:one@4 a-10@6 a:two@6 b:yes@6 a:more@7 end of capture"},
    {"not acknowledged: it may still come",
     [](auto& s) { s.handshake().a("one").data(A, 6, "ghi").ack_to(0).data(B, 0, "yes").ack_to(3).data(A, 3, "def"); },
     "a^@1 b~@2 a:one@4 b:yes@6 a:def@7 a:ghi@7 end of capture"},
    {"never acknowledged", [](auto& s) { s.handshake().a("one").lost(A, 3).a("two"); },
     "a^@1 b~@2 a:one@4 a-3@5 a:two@5 end of capture"},
    {"the end is lost", [](auto& s) { s.handshake().a("one").lost(A, 30).b("yes"); },
     "a^@1 b~@2 a:one@4 a-30@5 b:yes@5 end of capture"},
    {"only the FIN is lost", [](auto& s) { s.handshake().a("one").data(B, 0, "yes").ack_to(4); },
     "a^@1 b~@2 a:one@4 b:yes@5 end of capture"},
    {"lost before the FIN", [](auto& s) { s.handshake().a("one").lost(A, 4).fin(A).fin(B); },
     "a^@1 b~@2 a:one@4 a-4@6 a.@6 b.@6 closed"},
    {"cut off by the snap length", [](auto& s) { s.handshake().a("hello").cut_to(2).a("you").b("x").cut_to(0); },
     "a^@1 b~@2 a:he@4 a-3@4 a:you@5 b-1@6 end of capture"},
    {"cut off while waiting", [](auto& s) { s.handshake().data(A, 2, "cdef").cut_to(2).data(A, 0, "ab").a("g"); },
     "a^@1 b~@2 a:ab@5 a:cd@5 a-2@5 a:g@6 end of capture"},
    {"acknowledgments captured first",  // by a tap whose packets overtake the other's
     [](auto& s) {
       s.handshake()
           .b("yes")
           .ack_to(6)
           .data(A, 0, "abc")
           .data(B, 3, "no")
           .ack_to(12)
           .data(A, 9, "jkl")
           .data(A, 6, "ghi");
       s.data(A, 3, "def");
     },
     "a^@1 b~@2 b:yes@4 a:abc@5 b:no@6 a:def@9 a:ghi@9 a:jkl@9 end of capture"},
    {"one direction only", [](auto& s) { s.syn(A).ack(A).a("one").a("two").fin(A); },
     "a^@1 a:one@3 a:two@4 a.@5 end of capture"},
    {"the other direction only", [](auto& s) { s.syn_ack(A).a("one").lost(B, 8).a("two"); },
     "a~@1 a:one@2 b-8@3 a:two@3 end of capture"},
    // Beginnings.
    {"mid-connection", [](auto& s) { s.data(A, 100, "one").data(B, 50, "yes").a("two"); },
     "a:one@1 b:yes@2 a:two@3 end of capture"},
    {"mid-connection, an older one second",
     [](auto& s) { s.data(A, 103, "two").data(A, 100, "one").ack(B).a("three"); },
     "a:one@2 a:two@2 a:three@4 end of capture"},
    {"mid-connection, an older one too late",
     [](auto& s) { s.data(A, 103, "two").ack(B).data(A, 100, "one").a("three"); }, "a:two@1 a:three@4 end of capture"},
    {"mid-connection, nobody answers",
     [](auto& s) { s.data(A, 9, "1").data(A, 10, "2").data(A, 8, "0").data(A, 11, "3").data(A, 7, "x"); },
     "a:0@3 a:1@3 a:2@3 a:3@4 end of capture"},
    {"the SYN comes late", [](auto& s) { s.syn(A).a("one").swap_last().syn_ack(B).b("yes"); },
     "a^@2 a:one@2 b~@3 b:yes@4 end of capture"},
    {"from the SYN-ACK on", [](auto& s) { s.syn_ack(B).data(A, 3, "def").data(A, 0, "abc"); },
     "a~@1 b:abc@3 b:def@3 end of capture"},
    {"data in the SYN", [](auto& s) { s.syn(A, "fast").syn_ack(B).ack_to(4).ack(A).a("open"); },
     "a^@1 a:fast@1 b~@2 a:open@4 end of capture"},
    {"data in the SYN, refused", [](auto& s) { s.syn(A, "fast").syn_ack(B).ack_to(0).data(A, 0, "fast").a("er"); },
     "a^@1 a:fast@1 b~@2 a:er@4 end of capture"},
    {"both open", [](auto& s) { s.syn(A).syn(B).syn_ack(A).syn_ack(B).a("one").b("two"); },
     "a^@1 b^@2 a:one@5 b:two@6 end of capture"},
    // Ends.
    {"data in the FIN", [](auto& s) { s.handshake().fin(A, "bye").fin(B, "yes"); },
     "a^@1 b~@2 a:bye@4 a.@4 b:yes@5 b.@5 closed"},
    {"nothing after the FIN",
     [](auto& s) { s.handshake().fin(A, "bye").data(A, 3, "x").data(A, 2, "exxx").b("still"); },
     "a^@1 b~@2 a:bye@4 a.@4 b:still@7 end of capture"},
    {"both close at once", [](auto& s) { s.handshake().a("x").fin(A).fin(B).ack_to(1).ack(A).ack(B); },
     "a^@1 b~@2 a:x@4 a.@5 b.@6 closed"},
    {"the text of a RST is no data", [](auto& s) { s.handshake().a("x").rst(B, "why").rst(B); },
     "a^@1 b~@2 a:x@4 bR@5 reset"},
    {"RST while something waits", [](auto& s) { s.handshake().data(A, 3, "def").rst(B).data(A, 0, "abc"); },
     "a^@1 b~@2 bR@5 a:abc@6 a:def@6 reset"},
    {"another connection begins", [](auto& s) { s.handshake().a("x").reuse(70000, 80000).handshake().a("y"); },
     "a^@1 b~@2 a:x@4 replaced | a^@5 b~@6 a:y@8 end of capture"},
    {"another after the end", [](auto& s) { s.handshake().fin(A, "x").fin(B).reuse(70000, 80000).handshake().a("y"); },
     "a^@1 b~@2 a:x@4 a.@4 b.@5 closed | a^@6 b~@7 a:y@9 end of capture"},
    {"another, whose SYN was lost",
     [](auto& s) { s.handshake().a("x").reuse(2'000'000'000, 3'000'000'000).syn_ack(B).ack(A).a("y"); },
     "a^@1 b~@2 a:x@4 replaced | a~@5 b:y@7 end of capture"},
    {"another after one without a beginning",
     [](auto& s) { s.data(A, 0, "x").ack(B).reuse(70000, 80000).handshake().a("y"); },
     "a:x@1 replaced | a^@3 b~@4 a:y@6 end of capture"},
    // Numbers and limits.
    {"the numbers wrap", [](auto& s) { s.handshake().a("abc").data(A, 6, "ghi").data(A, 3, "def").data(A, 1, "bc"); },
     "a^@1 b~@2 a:abc@4 a:def@6 a:ghi@6 end of capture", 0xfffffffb},
    {"the SYN is the last number", [](auto& s) { s.handshake().data(A, 3, "def").data(A, 0, "abc"); },
     "a^@1 b~@2 a:abc@5 a:def@5 end of capture", 0xffffffff},
    {"a conflict across the wrap", [](auto& s) { s.handshake().a("abcdef").data(A, 0, "abXXef"); },
     "a^@1 b~@2 a:abcdef@4 a!2+2@5 end of capture", 0xfffffffc},
    {"far away is not of this connection", [](auto& s) { s.handshake().data(A, 0x50000000, "no").data(A, 0, "yes"); },
     "a^@1 b~@2 a:yes@5 end of capture"},
    {"too much waits",
     [](auto& s) { s.handshake().data(A, 8, "ijkl").ack_to(0).data(A, 4, "e").data(A, 12, "m").data(A, 5, "f"); },
     "a^@1 b~@2 a-4@5 a:e@5 a:f@7 a-2@7 a:ijkl@7 a:m@7 end of capture",
     1000,
     {.max_waiting_bytes = 5}},
    {"more than is kept",
     [](auto& s) { s.handshake().a("abcd").a("efgh").a("ijkl").data(A, 0, "X").b("yes").fin(A); },
     "a^@1 b~@2 a:abcd@4 a:ef@5 a!0+1@7 b:yes@8 a.@9 end of capture",
     1000,
     {.max_flow_bytes = 6}},
};

TEST(TcpReassembly, TellsWhatWasSent) {
  for (const Case& c : kCases) {
    SegmentScript script(c.isn_a);
    c.script(script);
    EXPECT_EQ(describe(run_table(script.segments(), c.limits)), c.expected) << c.name;
  }
}

}  // namespace
}  // namespace tlsproof::capture
