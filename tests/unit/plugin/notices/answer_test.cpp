#include "plugin/notices/answer.h"

#include <CppUTest/TestHarness.h>
#include <utility>

using namespace smime;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

AnswerFacts facts_of(const Fields &fields) {
  AnswerFacts facts;
  facts.complete = true;
  for (const auto &[name, value] : fields) {
    if (concerns_answers(name))
      take_field(name, value, facts);
  }
  return facts;
}

bool answers(const Fields &fields, const std::string &sender = "bob@example.com") {
  return may_tell_sender(sender, "alice@example.org", facts_of(fields));
}

const std::string own_id = "<0123456789abcdef0123456789abcdef.others@imap.example.org>";

} // namespace

TEST_GROUP(Answer){};

TEST(Answer, APersonIsTold) {
  CHECK_TRUE(answers({}));
  CHECK_TRUE(
      answers({{"Subject", "List-Id: x"}, {"Auto-Submitted", "No"}, {"Precedence", "first"}}));
  CHECK_TRUE(answers({{"auto-submitted", " no (a person)"}, {"Message-ID", "<1@example.com>"}}));
}

TEST(Answer, NoMachineIsTold) {
  for (const char *value : {"auto-generated", "Auto-Replied; owner-email=x", "", "nothing"})
    CHECK_FALSE(answers({{"AUTO-SUBMITTED", value}}));
  // One that says no takes nothing back.
  CHECK_FALSE(answers({{"Auto-Submitted", "auto-replied"}, {"Auto-Submitted", "no"}}));
}

TEST(Answer, NoListIsTold) {
  for (const char *value : {"bulk", "List", " JUNK "})
    CHECK_FALSE(answers({{"Precedence", value}}));
  for (const char *name : {"List-Id", "list-unsubscribe", "List-Post"})
    CHECK_FALSE(answers({{name, "x"}}));
}

TEST(Answer, NoProgramIsTold) {
  for (const char *sender :
       {"<>", "", "bob", "MAILER-DAEMON@example.com", "Postmaster@example.com",
        "owner-list@example.com", "list-owner@example.com", "list-Request@example.com",
        "list-bounces+alice=example.org@example.com", "bounce-12@example.com",
        "no-reply@example.com", "\"a b\"@example.com", "-oQ@example.com", "a@b@example.com",
        "alice@example.org", "ALICE@example.org"})
    CHECK_FALSE_TEXT(answers({}, sender), sender);
  CHECK_TRUE(answers({}, "homeowner@example.com"));
  CHECK_TRUE(answers({}, "first.last+tag@mail.example.com"));
}

TEST(Answer, WhoseHeaderWasNotReadToItsEndIsNotTold) {
  AnswerFacts facts;
  CHECK_FALSE(may_tell_sender("bob@example.com", "alice@example.org", facts));
}

TEST(Answer, AddressesAreToldOfWhateverIsHeld) {
  std::vector<std::string> addresses{"help@example.org", "desk@example.org"};
  for (const char *sender : {"bob@example.com", "<>"})
    CHECK_TRUE(may_tell_addresses(
        sender, "alice@example.org", addresses,
        facts_of({{"Auto-Submitted", "auto-generated"}, {"Precedence", "bulk"}})));
  // A sender cannot keep his mail from them by a Message-ID alone.
  CHECK_TRUE(may_tell_addresses("bob@example.com", "alice@example.org", addresses,
                                facts_of({{"Message-ID", own_id}})));
}

TEST(Answer, NoNoticeMakesTheNext) {
  std::vector<std::string> addresses{"help@example.org", "desk@example.org"};
  CHECK_FALSE(may_tell_addresses("bob@example.com", "Desk@example.org", addresses, facts_of({})));
  AnswerFacts ours = facts_of({{"Message-ID", own_id}, {"Auto-Submitted", "auto-generated"}});
  CHECK_TRUE(ours.is_notice);
  CHECK_FALSE(may_tell_addresses("<>", "other@example.org", addresses, ours));
  for (const char *id :
       {"", "<", "0123456789abcdef0123456789abcdef.others@x", "<0123456789abcdef.others@x>",
        "<0123456789abcdef0123456789abcdeX.others@x>",
        "<0123456789abcdef0123456789abcdef.notice@x>"})
    CHECK_FALSE(facts_of({{"Message-ID", id}}).is_notice);
}
