#include "plugin/scan/scanner-sockets.h"

#include <cerrno>

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(ScannerSockets){};

TEST(ScannerSockets, OnlyWhoIsRefusedTurnsToTheUsersSocket) {
  CHECK(belongs_to_user_socket(EACCES, 1000));
  // What lmtp meets when its service is missing, full or away must not demote it.
  for (int problem : {ENOENT, ECONNREFUSED, EAGAIN, ENOTSOCK, EPERM})
    CHECK_FALSE(belongs_to_user_socket(problem, 1000));
  CHECK_FALSE(belongs_to_user_socket(EACCES, 0));
  STRCMP_EQUAL("/run/dovecot/smime-scanner-user",
               user_socket_path("/run/dovecot/smime-scanner").c_str());
}
