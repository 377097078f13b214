#include "scanner/process/peers.h"

#include <sys/socket.h>
#include <unistd.h>

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(Peers) { std::string error; };

TEST(Peers, TrustsRootItsOwnUserAndThoseThatAreNamed) {
  auto peers = Peers::resolve({"daemon", "4711"}, 1234, error);
  CHECK_TEXT(peers.has_value(), error.c_str());
  for (uid_t uid : {0U, 1U, 1234U, 4711U})
    CHECK(peers->trusts(uid));
  for (uid_t uid : {2U, 65534U, 1235U})
    CHECK_FALSE(peers->trusts(uid));
}

TEST(Peers, WhoIsNotKnownIsNotTrusted) {
  CHECK_FALSE(Peers::resolve({}, 0, error)->trusts(std::nullopt));
}

TEST(Peers, AnUnknownUserIsAnError) {
  for (const char *name : {"nosuchuser", "12x", "-1", "4294967295", "99999999999"}) {
    CHECK_TEXT(!Peers::resolve({"daemon", name}, 0, error), name);
    STRCMP_EQUAL((std::string("trusted_users: there is no user \"") + name + "\"").c_str(),
                 error.c_str());
  }
}

TEST(Peers, OfASocket) {
  int ends[2];
  LONGS_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  LONGS_EQUAL(geteuid(), *uid_of_peer(ends[0]));
  (void)close(ends[0]);
  (void)close(ends[1]);
  CHECK_FALSE(uid_of_peer(-1).has_value());
}
