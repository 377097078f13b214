#include "plugin/quarantine/known-recipients.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

QuarantineRecord record(const char *id, const char *user, const char *to) {
  QuarantineRecord record;
  record.id = id;
  record.user = user;
  record.to = to;
  return record;
}

} // namespace

TEST_GROUP(KnownRecipientsGroup){};

TEST(KnownRecipientsGroup, WhatIsReadOnceMore) {
  KnownRecipients known;
  const QuarantineRecord alices = record("a1", "alice", "a.smith@example.org");
  const QuarantineRecord nameless = record("b1", "", "bob@example.org");
  known.remember("box", 1, &alices);
  known.remember("box", 2, &nameless);
  known.remember("box", 3, nullptr);
  struct Row {
    const char *box;
    std::uint32_t uid;
    const char *user;
    const char *id;
    bool of_no_use;
  };
  const Row rows[] = {
      {"box", 1, "alice", "", false},  {"box", 1, "alice", "a1", false},
      {"box", 1, "alice", "a2", true}, {"box", 1, "bob", "", true},
      {"box", 1, "bob", "a1", true},   {"box", 2, "bob", "", false},
      {"box", 2, "alice", "", true},   {"box", 3, "alice", "", true},
      {"box", 4, "alice", "", false},  {"other", 1, "bob", "", false},
  };
  for (const Row &row : rows)
    CHECK_EQUAL(row.of_no_use, known.is_of_no_use(row.box, row.uid, row.user, row.id));
}
