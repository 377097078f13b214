#include "plugin/register/row.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(RegisterRow){static RegisterRow row(){RegisterRow row;
row.id = "0123456789abcdef0123456789abcdef";
row.time = 1700000000;
row.changed = 1700000000000001;
row.user = "alice";
row.subject = "Gr\xc3\xbc\xc3\x9f"
              "e";
row.size = 5;
return row;
}

static std::string error_of(const std::string &line) {
  std::string error;
  return row_from_line(line, error) ? "" : error;
}
}
;

TEST(RegisterRow, ALineIsReadAsItWasWritten) {
  RegisterRow written = row();
  written.state = HeldState::rejected;
  written.who = "root";
  written.why = "no";
  written.attachments = "[{\"type\":\"a/b\"}]";
  std::string error;
  auto read = row_from_line(to_line(written), error);
  CHECK(read.has_value());
  CHECK_EQUAL(written.id, read->id);
  CHECK_EQUAL(written.subject, read->subject);
  CHECK_EQUAL(written.attachments, read->attachments);
  CHECK(read->state == HeldState::rejected);
  CHECK(read->time == written.time && read->changed == written.changed && read->size == 5);
  CHECK_FALSE(read->is_delivery);
}

TEST(RegisterRow, EachStateHasItsName) {
  for (int i = 0; i <= static_cast<int>(HeldState::gone); i++) {
    auto state = static_cast<HeldState>(i);
    CHECK(held_state_from_name(name_of(state)) == state);
    CHECK_EQUAL(i <= 1, is_in_quarantine(state));
  }
  CHECK_FALSE(held_state_from_name("delivery").has_value());
}

TEST(RegisterRow, TextsAreBoundedAndHarmless) {
  RegisterRow hostile = row();
  hostile.subject = std::string(100000, '\xff') + std::string("\0x", 2);
  hostile.findings = std::string(100000, 'f');
  hostile.why = std::string("a\0b\n'\"\\", 7);
  std::string line = to_line(hostile);
  CHECK(line.size() < max_row_line);
  CHECK(line.find('\n') == std::string::npos);
  std::string error;
  auto read = row_from_line(line, error);
  CHECK(read.has_value());
  CHECK(read->subject.size() <= 3 * max_row_subject);
  CHECK(read->why.find('\0') == std::string::npos);
  CHECK_EQUAL(std::string("a\xef\xbf\xbd"
                          "b\n'\"\\"),
              read->why);
}

TEST(RegisterRow, OfALongAddressTheDomainStays) {
  RegisterRow hidden = row();
  hidden.to = address_for_row("alice+" + std::string(600, 'a') + "@example.org");
  hidden.from = address_for_row("\"" + std::string(600, '@') + "\"@partner.example");
  std::string error;
  auto read = row_from_line(to_line(hidden), error);
  CHECK_EQUAL(std::string("alice+") + std::string(54, 'a') + "...@example.org", read->to);
  CHECK_EQUAL(std::string("partner.example"), recipient_domain(read->from));
  CHECK_EQUAL(std::string("bob@example.org"), address_for_row("bob@example.org"));
  CHECK_EQUAL(std::string(300, 'x'), address_for_row(std::string(300, 'x')));
}

// Whatever a row has in it, its line is one that is read.
TEST(RegisterRow, TheLongestRowFits) {
  RegisterRow longest = row();
  for (auto text :
       {&RegisterRow::user, &RegisterRow::mailbox, &RegisterRow::from, &RegisterRow::to,
        &RegisterRow::subject, &RegisterRow::classes, &RegisterRow::status, &RegisterRow::findings,
        &RegisterRow::strength, &RegisterRow::reason, &RegisterRow::rule, &RegisterRow::action,
        &RegisterRow::attachments, &RegisterRow::digest, &RegisterRow::who, &RegisterRow::why}) {
    for (int i = 0; i < 20000; i++)
      longest.*text += "\xc3\xbc";
  }
  CHECK(to_line(longest).size() <= max_row_line);
  CHECK_EQUAL("", error_of(to_line(longest)));
}

TEST(RegisterRow, AnythingElseIsRefused) {
  std::string good = to_line(row());
  CHECK_EQUAL("", error_of(good));
  for (const char *line : {"", "{", "[]", "null", "5", "\"x\"", "{}", "{\"state\":5}"})
    CHECK(!error_of(line).empty());
  auto with = [&](const std::string &from, const std::string &to) {
    std::string changed = good;
    auto at = changed.find(from);
    CHECK(at != std::string::npos);
    return error_of(changed.replace(at, from.size(), to));
  };
  CHECK(!with("\"held\"", "\"lost\"").empty());
  CHECK(!with("\"version\":1", "\"version\":2").empty());
  CHECK(!with("\"user\":\"alice\"", "\"user\":5").empty());
  CHECK(!with("\"user\":\"alice\"", "\"user\":\"\"").empty());
  CHECK(!with("0123456789abcdef0", "0123456789ABCDEF0").empty());
  CHECK(!with("\"size\":5", "\"size\":-5").empty());
  CHECK(!with("\"size\":5", "\"size\":99999999999999999999").empty());
  CHECK(!with("\"size\":5", "\"size\":\"5\"").empty());
  CHECK(!error_of(good + std::string(max_row_line, ' ')).empty());
}

TEST(RegisterRow, AReportIsDescribed) {
  Report report;
  report.classes = ClassSet(MessageClass::encrypted);
  report.size = 77;
  report.errors = {{"odd", "", "", ""}, {"odd", "", "", ""}};
  for (int i = 0; i < 200; i++)
    report.uninspectable.push_back({"2", "encrypted-archive", "application/zip", "a\".zip"});
  RegisterRow described = row();
  describe(described, report);
  CHECK_EQUAL("encrypted", described.classes);
  CHECK_EQUAL("odd encrypted-archive", described.findings);
  CHECK(described.attachments.starts_with("[{\"name\":\"a\\\".zip\",\"type\":\"application/zip\""));
  CHECK(described.attachments.ends_with("}]"));
  CHECK(described.attachments.size() <= max_row_list);
  CHECK(described.size == 77);
}

TEST(RegisterRow, TheDomainIsBehindTheLastAt) {
  CHECK_EQUAL("example.org", recipient_domain("a@b@Example.ORG"));
  CHECK_EQUAL("", recipient_domain("<>"));
}
