// What holds over many connections: none of them costs an allocation of ours.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tlsproof/load/run.h"
#include "tlsproof/registry/constants.h"
#include "unit/load/server.h"

namespace {
std::atomic<size_t> num_allocations{0};

void* allocate(size_t size) {
  if (!tlsproof::load_test::in_server) num_allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size != 0 ? size : 1);
}
}  // namespace

// Of the whole test program, in all their forms, so that AddressSanitizer sees pairs.
// NOLINTBEGIN
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
// NOLINTEND

namespace tlsproof::load_test {
namespace {

using load::Kind;

size_t allocations_of(const load::Plan& plan) {
  const size_t before = num_allocations.load();
  const auto m = load::run_once(plan, {});
  EXPECT_TRUE(m.has_value());
  EXPECT_EQ(m ? m->completed : 0U, plan.count);
  return num_allocations.load() - before;
}

void expect_steady(TlsServer& tls, const std::function<void(load::Plan&)>& change) {
  Server server(tls.serve());
  load::Plan plan = plan_for(server.address());
  change(plan);
  plan.count = 50;
  const size_t few = allocations_of(plan);
  plan.count = 450;
  const size_t many = allocations_of(plan);
  // Some histogram may grow, some second begin; 400 connections are nowhere near.
  EXPECT_LT(many, few + 100);
}

TEST(LoadSteady, NoAllocationForAConnection) {
  TlsServer tls;
  for (const auto version : {registry::version::TLS1_3, registry::version::TLS1_2})
    expect_steady(tls, [&](load::Plan& plan) { plan.client.versions = {version}; });
}

TEST(LoadSteady, NoAllocationForAResumedOne) {
  TlsServer tls;
  expect_steady(tls, [](load::Plan& plan) { plan.mix = {{Kind::psk, 1}}; });
  expect_steady(tls, [](load::Plan& plan) {
    plan.client.versions = {registry::version::TLS1_2};
    plan.mix = {{Kind::ticket, 1}};
  });
}

TEST(LoadSteady, NoAllocationForAConfirmedOneWithAnAnswer) {
  TlsServer tls({}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect_steady(tls, [](load::Plan& plan) { plan.http_request = to_bytes("GET / HTTP/1.1\r\n\r\n"); });
}

}  // namespace
}  // namespace tlsproof::load_test
