#include "scanner/process/connection-places.h"

#include <csignal>
#include <list>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(ConnectionPlaces) {
  std::string error;
  std::string file = "/tmp/smime-places-" + std::to_string(getpid());
  void teardown() override { (void)unlink(file.c_str()); }

  std::unique_ptr<ConnectionPlaces> open(unsigned per_user = 2, unsigned in_all = 100) {
    auto places = ConnectionPlaces::open(file, {per_user, in_all}, error);
    CHECK_TEXT(places != nullptr, error.c_str());
    return places;
  }
};

TEST(ConnectionPlaces, EachUserHasItsOwn) {
  std::vector<std::unique_ptr<ConnectionPlaces>> processes;
  std::vector<ConnectionPlaces::TakenPlace> held;
  for (uid_t user : {0U, 7U, 65534U, 4294967294U}) {
    for (int number = 0; number < 2; number++) {
      processes.push_back(open());
      auto place = processes.back()->take(user);
      CHECK(place.has_value());
      held.push_back(std::move(*place));
    }
    CHECK_FALSE(open()->take(user).has_value());
  }
  held.clear();
  CHECK(open()->take(7).has_value());
}

TEST(ConnectionPlaces, OverAllProcesses) {
  // Another opening of the file is what another process has.
  auto one = open();
  auto other = open();
  auto first = one->take(7);
  auto second = other->take(7);
  CHECK(first && second);
  CHECK_FALSE(open()->take(7).has_value());
  first.reset();
  CHECK(open()->take(7).has_value());
}

TEST(ConnectionPlaces, WhereManyAreOpenAUserHasOne) {
  auto open_one = [this] { return open(3, 4); };
  std::vector<std::unique_ptr<ConnectionPlaces>> processes;
  std::list<ConnectionPlaces::TakenPlace> held;
  auto take = [&](uid_t user) {
    processes.push_back(open_one());
    auto place = processes.back()->take(user);
    if (place)
      held.push_back(std::move(*place));
    return place.has_value();
  };
  for (uid_t user : {7U, 7U, 8U, 8U})
    CHECK(take(user));
  CHECK_FALSE(take(7));
  CHECK_FALSE(take(8));
  CHECK(take(4294967294U));
  CHECK_FALSE(take(4294967294U));
  CHECK(take(0));
  // What was refused took nothing, and what ended makes room.
  held.pop_front();
  CHECK(take(8));
  CHECK_FALSE(take(7));
}

TEST(ConnectionPlaces, AKilledProcessLeavesItsPlace) {
  int ready[2];
  LONGS_EQUAL(0, pipe(ready));
  pid_t child = fork();
  if (child == 0) {
    auto places = ConnectionPlaces::open(file, {1, 100}, error);
    auto place = places->take(7);
    (void)write(ready[1], place ? "+" : "-", 1);
    pause();
    _exit(0);
  }
  char answer = 0;
  LONGS_EQUAL(1, read(ready[0], &answer, 1));
  BYTES_EQUAL('+', answer);
  auto places = open(1);
  CHECK_FALSE(places->take(7).has_value());
  LONGS_EQUAL(0, kill(child, SIGKILL));
  LONGS_EQUAL(child, waitpid(child, nullptr, 0));
  CHECK(places->take(7).has_value());
  (void)close(ready[0]);
  (void)close(ready[1]);
}

TEST(ConnectionPlaces, AFileThatCannotBe) {
  CHECK(ConnectionPlaces::open("/nonexistent/x", {1, 100}, error) == nullptr);
  STRCMP_CONTAINS("/nonexistent/x: No such file", error.c_str());
}
