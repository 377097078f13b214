#include "plugin/quarantine/identity.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

const std::string path = "Return-Path: <sender@example.org>\r\n";
const std::string to = "Delivered-To: alice@example.org\r\n";
const std::string rest = "Received: from elsewhere\r\n\tby mx\r\n\tid other; date\r\n"
                         "Subject: x\r\n\r\nbody\r\n";

std::string received(const std::string &session) {
  return "Received: from mx ([192.0.2.1])\r\n\tby store with LMTP\r\n\tid " + session +
         "\r\n\t(envelope-from <sender@example.org>)\r\n\tfor <alice@example.org>; date\r\n";
}

void check(std::size_t expected, const std::string &message, const std::string &session) {
  LONGS_EQUAL(expected, trace_size(message, session));
}

} // namespace

TEST_GROUP(Identity){};

TEST(Identity, WhatThisServerAddedIsLeftOut) {
  std::string trace = path + to + received("SESSION");
  check(trace.size(), trace + rest, "SESSION");
  check(trace.size(), trace + rest, "SESSION:2");
  trace = path + received("SESSION:T2");
  check(trace.size(), trace + rest, "SESSION:T2:1");
  // lmtp_add_received_header = no
  check(path.size() + to.size(), path + to + rest, "SESSION");
}

TEST(Identity, AProxysReceivedIsItsSessions) {
  std::string trace = path + to + received("SESSION:P1") + received("SESSION");
  check(trace.size(), trace + rest, "SESSION:P1");
}

TEST(Identity, WhatAnotherServerAddedIsPartOfTheMessage) {
  check(path.size(), path + received("SESSIO") + rest, "SESSION");
  check(path.size(), path + received("SESSION2") + rest, "SESSION");
  check(path.size(), path + received("") + rest, "SESSION");
  check(path.size() + to.size(), path + to + to + rest, "SESSION");
  check(0, "Subject: x\r\n" + path + to, "SESSION");
}

TEST(Identity, OnlyLmtpHasASession) { check(0, path + to + received("SESSION") + rest, ""); }

TEST(Identity, AFieldThatDoesNotEndIsNone) {
  check(0, "Return-Path: <x", "SESSION");
  check(0, "Return-Path: <x>\r\n " + std::string(max_trace_size, 'x') + "\r\n", "SESSION");
  check(path.size(), path + "Received: x\r\n\tid SESSION", "SESSION");
}
