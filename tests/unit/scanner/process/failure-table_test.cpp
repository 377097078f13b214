#include "scanner/process/failure-table.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(FailureTable) {
  std::unique_ptr<FailureTable> table = std::make_unique<FailureTable>();
  std::uint32_t now = 1000;
  std::uint64_t mallory = failure_key(0, "mallory@example.org");
};

TEST(FailureTable, KeysTellPeersAndSendersApart) {
  CHECK(mallory == failure_key(0, "mallory@example.org"));
  CHECK(mallory != failure_key(1, "mallory@example.org"));
  CHECK(mallory != failure_key(0, "mallory@example.com"));
  CHECK(failure_key(0, "") != failure_key(0, " "));
}

TEST(FailureTable, AShareIsUsedUpAndComesBackAfterAnHour) {
  for (std::uint32_t number = 1; number < max_failures_of_sender; number++) {
    LONGS_EQUAL(number, table->note(mallory, now).of_sender);
    CHECK_FALSE(table->is_blocked(mallory, now));
    now += 5;
  }
  (void)table->note(mallory, now);
  CHECK(table->is_blocked(mallory, now));
  CHECK_FALSE(table->is_blocked(failure_key(0, "bob@example.org"), now));
  CHECK(table->is_blocked(mallory, now + failure_hour - 1));
  CHECK_FALSE(table->is_blocked(mallory, now + failure_hour));
  LONGS_EQUAL(1, table->note(mallory, now + failure_hour).of_sender);
}

TEST(FailureTable, FewInAnHourAreNoHarm) {
  for (int number = 0; number < 200; number++) {
    CHECK_FALSE(table->is_blocked(mallory, now));
    (void)table->note(mallory, now);
    now += failure_hour / max_failures_of_sender + 8;
  }
}

TEST(FailureTable, CountsAllSenders) {
  for (std::uint32_t number = 1; number <= 500; number++)
    LONGS_EQUAL(number, table->note(failure_key(0, std::to_string(number)), now).in_all);
  LONGS_EQUAL(1, table->note(mallory, now + failure_hour).in_all);
}

// Senders are cheap: many of them do not push out the one that had its share.
TEST(FailureTable, ManySendersDoNotFreeOne) {
  for (std::uint32_t number = 0; number < max_failures_of_sender; number++)
    (void)table->note(mallory, now);
  for (int number = 0; number < 100000; number++)
    (void)table->note(failure_key(0, std::to_string(number)), now);
  CHECK(table->is_blocked(mallory, now));
}

TEST(FailureTable, TheLogIsNotFlooded) {
  unsigned lines = 0;
  std::uint32_t told = 0;
  for (int second = 0; second < 100; second++) {
    for (int number = 0; number < 50; number++) {
      FailureCount count = table->note(failure_key(0, std::to_string(second * 50 + number)),
                                       now + static_cast<std::uint32_t>(second));
      lines += count.is_to_log;
      told += count.not_logged + (count.is_to_log ? 1 : 0);
    }
  }
  LONGS_EQUAL(10, lines);
  CHECK(told > 4000);
}

TEST(FailureTable, SharedByProcessesAndSoundAfterAKill) {
  std::string file = "/tmp/smime-failures-" + std::to_string(getpid());
  std::string error;
  auto shared = SharedFailures::open(file, error);
  CHECK_TEXT(shared != nullptr, error.c_str());
  for (int round = 0; round < 20; round++) {
    pid_t child = fork();
    if (child == 0) {
      auto own = SharedFailures::open(file, error);
      for (;;)
        (void)own->note(failure_key(0, "x"));
    }
    usleep(2000);
    LONGS_EQUAL(0, kill(child, SIGKILL));
    LONGS_EQUAL(child, waitpid(child, nullptr, 0));
    // Its lock is gone with it.
    (void)shared->note(failure_key(0, "y"));
  }
  CHECK(shared->is_blocked(failure_key(0, "x")));
  CHECK_FALSE(shared->is_blocked(failure_key(0, "y")));
  (void)unlink(file.c_str());
  CHECK(SharedFailures::open("/nonexistent/x", error) == nullptr);
}
