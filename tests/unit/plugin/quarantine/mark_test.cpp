#include "plugin/quarantine/mark.h"

#include <CppUTest/TestHarness.h>

#include <cstring>
#include <vector>

using namespace smime;

namespace {

std::vector<unsigned char> bytes_of(const OwnerMark &mark) {
  std::vector<unsigned char> bytes(sizeof(mark));
  std::memcpy(bytes.data(), &mark, sizeof(mark));
  return bytes;
}

} // namespace

TEST_GROUP(Mark){};

TEST(Mark, OneHeldMessageClosesTheMailbox) {
  for (Owner owner : {Owner::unknown, Owner::quarantine, Owner::user}) {
    OwnerMark mark{OwnerMark::present, owner, 0, 1, {}};
    for (bool foreign : {false, true})
      CHECK(owner_of(mark, {true, foreign}) == Owner::quarantine);
  }
}

TEST(Mark, OtherMailAloneIsItsOwners) {
  CHECK(owner_of({}, {false, true}) == Owner::user);
  CHECK(owner_of({}, {false, false}) == Owner::quarantine);
}

TEST(Mark, WhatWasSaidOnceIsKept) {
  for (Owner owner : {Owner::quarantine, Owner::user}) {
    OwnerMark mark{OwnerMark::present, owner, 0, 1, {}};
    for (bool foreign : {false, true})
      CHECK(owner_of(mark, {false, foreign}) == owner);
  }
}

TEST(Mark, IsReadAsItWasWritten) {
  OwnerMark mark{OwnerMark::present, Owner::user, 0, 77, {}};
  auto read = read_mark(bytes_of(mark));
  CHECK(read.owner == Owner::user);
  LONGS_EQUAL(77, read.next_uid);
}

TEST(Mark, HoldsForTheMailboxThatItWasSaidOf) {
  OwnerMark mark{OwnerMark::present, Owner::user, 0, 77, {1, 2, 3}};
  CHECK(mark_for(mark, {1, 2, 3}).owner == Owner::user);
  LONGS_EQUAL(77, mark_for(mark, {1, 2, 3}).next_uid);
  CHECK(mark_for(mark, {1, 2, 4}).owner == Owner::unknown);
  LONGS_EQUAL(1, mark_for(mark, {1, 2, 4}).next_uid);
  // What was the quarantine's stays closed.
  mark.owner = Owner::quarantine;
  CHECK(mark_for(mark, {1, 2, 4}).owner == Owner::quarantine);
}

TEST(Mark, WhatIsNoMarkSaysNothing) {
  for (std::size_t size = 0; size < sizeof(OwnerMark); size++) {
    std::vector<unsigned char> bytes(size, 1);
    CHECK(read_mark(bytes).owner == Owner::unknown);
  }
  for (unsigned version : {0U, 2U, 255U}) {
    OwnerMark mark{static_cast<std::uint8_t>(version), Owner::user, 0, 77, {}};
    CHECK(read_mark(bytes_of(mark)).owner == Owner::unknown);
    LONGS_EQUAL(1, read_mark(bytes_of(mark)).next_uid);
  }
  auto bytes = bytes_of({OwnerMark::present, Owner::user, 0, 77, {}});
  bytes[1] = 9;
  CHECK(read_mark(bytes).owner == Owner::unknown);
}

TEST(Mark, TheNameBesideIsAnother) {
  STRCMP_EQUAL("Quarantine-held", name_beside("Quarantine").c_str());
  STRCMP_EQUAL("Held/Mail-held", name_beside("Held/Mail").c_str());
}
