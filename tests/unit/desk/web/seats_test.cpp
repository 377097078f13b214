#include "desk/web/seats.h"

#include "CppUTest/TestHarness.h"

using namespace smime::desk;

TEST_GROUP(DeskSeats) { Seats seats{4, 2}; };

TEST(DeskSeats, HasRoomAtFirst) {
  CHECK(seats.has_room("192.0.2.1", false));
  CHECK(!seats.who_makes_room("192.0.2.1", false));
}

TEST(DeskSeats, OldestOfTheSameAddressGoes) {
  seats.take(1, "192.0.2.1", 10);
  seats.take(2, "192.0.2.2", 11);
  seats.take(3, "192.0.2.1", 12);
  CHECK(!seats.has_room("192.0.2.1", false));
  CHECK(seats.who_makes_room("192.0.2.1", false) == 1U);
  CHECK(!seats.who_makes_room("192.0.2.3", false));
  seats.leave(1);
  CHECK(seats.has_room("192.0.2.1", false));
}

TEST(DeskSeats, WhoWorksStays) {
  seats.take(1, "192.0.2.1", 10);
  seats.take(2, "192.0.2.1", 11);
  seats.begin_work(1);
  CHECK(seats.who_makes_room("192.0.2.1", false) == 2U);
  seats.begin_work(2);
  CHECK(!seats.who_makes_room("192.0.2.1", false));
  CHECK(!seats.has_room("192.0.2.1", false));
  // A proxy stands for many.
  CHECK(seats.has_room("192.0.2.1", true));
  seats.await_client(1, 12);
  CHECK(seats.who_makes_room("192.0.2.1", false) == 1U);
}

TEST(DeskSeats, OldestOfAllGoesWhereAllIsTaken) {
  for (Seats::Number number : {1U, 2U, 3U, 4U})
    seats.take(number, "192.0.2." + std::to_string(number), static_cast<std::int64_t>(number));
  CHECK(seats.who_makes_room("192.0.2.9", false) == 1U);
  CHECK(seats.who_makes_room("192.0.2.3", false) == 3U);
  seats.begin_work(1);
  CHECK(seats.who_makes_room("192.0.2.9", false) == 2U);
}

TEST(DeskSeats, TellsWhoWaitsTooLong) {
  seats.take(1, "192.0.2.1", 10);
  seats.take(2, "192.0.2.2", 20);
  CHECK(!seats.waits_since_before(10));
  CHECK(seats.waits_since_before(11) == 1U);
  seats.begin_work(1);
  CHECK(!seats.waits_since_before(15));
  seats.await_client(1, 30);
  CHECK(seats.waits_since_before(31) == 2U);
  seats.leave(2);
  seats.leave(1);
  CHECK_EQUAL(0U, seats.count());
}
