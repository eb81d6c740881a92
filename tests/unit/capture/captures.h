// The real captures that some tests walk, where the environment names them (TLSPROOF_CAPTURES): they belong to others
// and are no part of the project.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tlsproof::capture {

struct RealCapture {
  std::string name, path;
  uint64_t packets = 0;
  // What tshark counts without keys, over TCP, DTLS and QUIC.
  uint64_t client_hellos = 0, server_hellos = 0, certificates = 0, alerts = 0, dtls_client_hellos = 0,
           quic_client_hellos = 0;
};

// Those of expected.tsv; empty without the environment variable.
inline std::vector<RealCapture> real_captures() {
  std::vector<RealCapture> all;
  const char* folder = std::getenv("TLSPROOF_CAPTURES");
  if (folder == nullptr) return all;
  std::ifstream table(std::string(folder) + "/expected.tsv");
  std::string line;
  std::getline(table, line);  // the columns' names
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    RealCapture capture;
    fields >> capture.name >> capture.packets >> capture.client_hellos >> capture.server_hellos >>
        capture.certificates >> capture.alerts >> capture.dtls_client_hellos >> capture.quic_client_hellos;
    capture.path = std::string(folder) + "/" + capture.name;
    all.push_back(std::move(capture));
  }
  EXPECT_FALSE(all.empty()) << folder << "/expected.tsv";
  return all;
}

}  // namespace tlsproof::capture

#define TLSPROOF_NEEDS_CAPTURES(captures)                                        \
  const auto captures = ::tlsproof::capture::real_captures();                    \
  if (captures.empty()) {                                                        \
    GTEST_SKIP() << "TLSPROOF_CAPTURES does not name a folder of real captures"; \
  }
