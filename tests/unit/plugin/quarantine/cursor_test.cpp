#include "plugin/quarantine/cursor.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {
const char *const id = "0123456789abcdef0123456789abcdef";
}

TEST_GROUP(Cursor){
    static std::optional<RegisterPosition> read(const std::string &text,
                                                RegisterSort sort = RegisterSort::newest){
        return position_from_cursor(text, sort);
}
}
;

TEST(Cursor, has_time_id_and_user) {
  auto position = read("2026-11-30T02:44:00Z " + std::string(id) + " alice and bob");
  CHECK(position.has_value());
  LONGS_EQUAL(1796006640, position->number);
  STRCMP_EQUAL(id, position->id.c_str());
  STRCMP_EQUAL("alice and bob", position->user.c_str());
}

TEST(Cursor, has_the_size_where_it_is_sorted_by_that) {
  auto position = read("1234 " + std::string(id) + " alice", RegisterSort::largest);
  CHECK(position.has_value());
  LONGS_EQUAL(1234, position->number);
  CHECK_FALSE(read("1234 " + std::string(id) + " alice").has_value());
  CHECK_FALSE(read("-1 " + std::string(id) + " alice", RegisterSort::largest).has_value());
}

TEST(Cursor, anything_else_is_none) {
  std::string time = "2026-11-30T02:44:00Z ";
  for (const std::string &text :
       {std::string(), std::string(" "), time, time + id, time + id + " ", time + "0123 alice",
        time + "  alice", "yesterday " + std::string(id) + " alice",
        "2026-11-30T02:44:00 " + std::string(id) + " alice"})
    CHECK_FALSE(read(text).has_value());
  CHECK_FALSE(read(time + id + " alice", RegisterSort::user).has_value());
}
