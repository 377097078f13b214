#include "desk/worker/secret.h"
#include "desk/worker/sessions.h"

#include <CppUTest/TestHarness.h>
#include <set>
#include <string>

using namespace smime::desk;

TEST_GROUP(DeskSessions) {
  Sessions sessions{{100, 1000}};

  std::string begin(const char *name, std::int64_t now) {
    return sessions.begin(name, Kind::reviewer, {"list"}, now).value();
  }
};

TEST(DeskSessions, KnowWhoIsLoggedIn) {
  std::string secret = begin("carla", 0);
  const Session *session = sessions.find(secret, 50);
  CHECK(session != nullptr);
  STRCMP_EQUAL("carla", session->name.c_str());
  CHECK(session->kind == Kind::reviewer);
  LONGS_EQUAL(64, session->csrf.size());
  CHECK(session->csrf != secret);
}

TEST(DeskSessions, ASecretIsNeverThereTwiceAndHas256Bits) {
  std::set<std::string> secrets;
  for (int number = 0; number < 100; number++) {
    secrets.insert(begin("carla", 0));
    LONGS_EQUAL(64, secrets.begin()->size());
  }
  LONGS_EQUAL(100, secrets.size());
}

TEST(DeskSessions, NothingElseIsASession) {
  std::string secret = begin("carla", 0);
  std::string other = secret;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const std::string &text : {std::string(), other, secret + "0", secret.substr(1),
                                  digest_of(secret), std::string("carla")})
    CHECK(sessions.find(text, 1) == nullptr);
}

TEST(DeskSessions, EndWhenNobodyUsesThem) {
  std::string secret = begin("carla", 0);
  CHECK(sessions.find(secret, 99) != nullptr);
  CHECK(sessions.find(secret, 198) != nullptr);
  CHECK(sessions.find(secret, 298) == nullptr);
  CHECK(sessions.find(secret, 0) == nullptr);
  LONGS_EQUAL(0, sessions.size());
}

TEST(DeskSessions, EndAfterTheirWholeTimeHoweverMuchTheyAreUsed) {
  std::string secret = begin("carla", 0);
  for (std::int64_t now = 0; now < 1000; now += 50)
    CHECK(sessions.find(secret, now) != nullptr);
  CHECK(sessions.find(secret, 1000) == nullptr);
}

TEST(DeskSessions, ALogoutEndsOneAndNoOther) {
  std::string one = begin("carla", 0);
  std::string two = begin("carla", 0);
  STRCMP_EQUAL("carla", sessions.end(one)->name.c_str());
  CHECK(sessions.find(one, 1) == nullptr);
  CHECK(sessions.find(two, 1) != nullptr);
  CHECK_FALSE(sessions.end(one).has_value());
}

TEST(DeskSessions, OfOneNameTheOldestGoes) {
  std::string first = begin("carla", 0);
  std::string bens = begin("ben", 0);
  std::string second = begin("carla", 0);
  for (std::size_t number = 2; number <= Sessions::max_of_name; number++)
    (void)begin("carla", 0);
  CHECK(sessions.find(first, 1) == nullptr);
  CHECK(sessions.find(second, 1) != nullptr);
  CHECK(sessions.find(bens, 1) != nullptr);
}

TEST(DeskSessions, WhatIsOverIsForgotten) {
  (void)begin("carla", 0);
  (void)begin("ben", 60);
  sessions.forget_old(120);
  LONGS_EQUAL(1, sessions.size());
}
