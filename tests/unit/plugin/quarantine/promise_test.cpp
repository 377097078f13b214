#include "plugin/quarantine/promise.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

// 2026-11-01T00:00:00Z
constexpr std::int64_t november = 1793491200;

std::optional<Promise> promise(const char *rule, const char *time = "2026-11-01T00:00:00Z") {
  QuarantineRecord record;
  record.rule = rule;
  record.time = time;
  return promise_of(record);
}

} // namespace

TEST_GROUP(Promise){};

TEST(Promise, IsWhatTheRuleSaid) {
  auto held = promise("smime_rule2: class=any-encrypted hold=30d then=release warn=1w "
                      "action=quarantine");
  CHECK(held.has_value());
  CHECK(held->until == november + 30 * 86400);
  CHECK(held->then == Then::release);
  CHECK(held->warn == november + 23 * 86400);
  CHECK(held->act() == Act::release);
  CHECK(held->is_due(november + 30 * 86400));
  CHECK_FALSE(held->is_due(november + 30 * 86400 - 1));
  auto named = promise("smime_rule out: reason=\"a: b\" hold=12h then=delete action=quarantine");
  CHECK(named->until == november + 12 * 3600);
  CHECK(named->then == Then::remove);
  CHECK(named->act() == Act::remove);
  CHECK_FALSE(named->warn.has_value());
  CHECK(promise("smime_rule: hold=1w then=reject action=quarantine")->act() == Act::reject);
}

TEST(Promise, IsNoneWhereThatIsNotClear) {
  for (const char *rule :
       {"", "scanner", "smime_scanner_failure=quarantine",
        "smime_rule: class=any-encrypted action=quarantine",
        "smime_rule: hold=1d action=quarantine", "smime_rule: hold=1d then=delete",
        "smime_rule: hold=1d then=delete action=quarantine x",
        "smime_rule:hold=1d then=delete action=quarantine",
        "smime_rule: reason=\"hold=1d then=delete\" action=quarantine"})
    CHECK_FALSE_TEXT(promise(rule).has_value(), rule);
  for (const char *time : {"", "2026-11-01", "2026-11-01T00:00:00", "2026-13-01T00:00:00Z",
                           "2026-11-31T00:00:00Z", "2026-11-01T00:00:00Zx", "today"})
    CHECK_FALSE_TEXT(promise("smime_rule: hold=1d then=delete action=quarantine", time).has_value(),
                     time);
}

TEST(Promise, TimesAreReadAsTheyAreWritten) {
  for (std::int64_t seconds : {std::int64_t{0}, november, std::int64_t{4102444799}})
    CHECK(parse_time(format_time(seconds)) == seconds);
}

TEST(Promise, IsKeptLongerAndNeverShorter) {
  QuarantineRecord record;
  record.time = format_time(november);
  record.rule = "smime_rule: hold=30d then=delete warn=1w action=quarantine";
  auto longer = promise_of(record, november + 40 * 86400);
  CHECK(longer->until == november + 40 * 86400);
  CHECK(longer->warn == november + 33 * 86400);
  for (std::int64_t kept : {std::int64_t{0}, november + 86400})
    CHECK(promise_of(record, kept)->until == november + 30 * 86400);
  record.rule = "smime_rule: action=quarantine";
  CHECK_FALSE(promise_of(record, november + 40 * 86400).has_value());
}
