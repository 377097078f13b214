#include "plugin/rules/roles.h"

#include "plugin/rules/settings.h"

#include <CppUTest/TestHarness.h>
#include <string>
#include <vector>

using namespace smime;

namespace {

struct BadRole {
  const char *text;
  const char *word;
};

// Each error names the setting and the word.
const BadRole bad_roles[] = {
    {"", "reviewer="},
    {"may=list", "reviewer="},
    {"reviewer=anna", "may="},
    {"reviewer=anna may=", "may"},
    {"reviewer= may=list", "reviewer"},
    {"reviewer=anna, may=list", "\"anna,\" is no value for reviewer"},
    {"reviewer=anna,,ben may=list", "anna,,ben"},
    {"reviewer=!anna may=list", "!anna"},
    {"reviewer=anna may=list,relase", "list,relase"},
    {"reviewer=anna may=List", "List"},
    {"reviewer=anna may=all", "preview, show, release, reject, delete, download, policy"},
    {"reviewer=anna may=list class=encrypt", "encrypt"},
    {"reviewer=anna may=list class=encrypted,sgined", "sgined"},
    {"reviewer=anna may=list class=!encrypted", "!encrypted"},
    {"reviewer=anna may=list to=", "to"},
    {"reviewer=anna may=list to=!*@a.example", "!*@a.example"},
    {"reviewer=anna may=list rule=", "rule"},
    {"reviewer=anna may=list from=a@b", "unknown key \"from\" (known: reviewer, to, class, rule"},
    {"reviewer=anna may=list may=release", "may= is given twice"},
    {"reviewer=anna reviewer=ben may=list", "reviewer= is given twice"},
    {"reviewer=\"anna may=list", "not closed"},
    {"reviewer=anna list", "list"},
    {"reviewer=\"a\x01na\" may=list", "reviewer"},
};

const char *const texts[] = {
    "reviewer=anna may=list,show,release,delete",
    "reviewer=ben,*@sales.example to=*@sales.example may=list,show,reject",
    "reviewer=ben class=encrypted,pgp-encrypted may=release",
    "reviewer=carl rule=smime_rule2,strict may=list",
};

Settings settings_with_roles() {
  NamedValues values{{"smime_reviewers", "chief"},
                     {"smime_reviewers_all_mail", "boss"},
                     {"smime_rule2", "action=quarantine"},
                     {"smime_rule strict", "action=reject"}};
  std::string name = "smime_role";
  for (const char *text : texts) {
    values.emplace_back(name, text);
    name = "smime_role" + std::to_string(values.size() - 3);
  }
  return parse_settings(values);
}

const ClassSet encrypted(MessageClass::encrypted);
const ClassSet plain(MessageClass::plain);

struct Case {
  const char *name;
  HeldFacts held;
  // In the order of Act: list preview show release reject delete download policy.
  const char *acts;
};

// "." for what is not allowed.
const Case cases[] = {
    {"chief", {"a@b", "a", nullptr, ""}, "lpsrjdop"},
    {"boss", {"a@b", "a", nullptr, ""}, "lpsrjdop"},
    {"anna", {"a@b", "a", nullptr, ""}, "l.sr.d.."},
    // Neither case nor a pattern in the name makes another's name of it.
    {"Anna", {"a@b", "a", &plain, ""}, "........"},
    {"Chief", {"a@b", "a", &plain, ""}, "........"},
    {"*", {"a@b", "a", &plain, ""}, "........"},
    {"", {"a@b", "a", &plain, ""}, "........"},
    {"anna ", {"a@b", "a", &plain, ""}, "........"},
    {"an?a", {"a@b", "a", &plain, ""}, "........"},
    {"anna,ben", {"a@sales.example", "a", &encrypted, ""}, "........"},
    {"chief boss", {"a@b", "a", &plain, ""}, "........"},
    // Limits.
    {"ben", {"x@hr.example", "x", &plain, ""}, "........"},
    {"ben", {"x@sales.example", "x", &plain, ""}, "l.s.j..."},
    {"ben", {"X@SALES.example", "x", &plain, ""}, "l.s.j..."},
    {"ben", {"", "x@sales.example", &plain, ""}, "l.s.j..."},
    {"ben", {"x@sales.example.org", "x", &plain, ""}, "........"},
    {"ben", {"x@hr.example", "x", &encrypted, ""}, "...r...."},
    {"ben", {"x@sales.example", "x", &encrypted, ""}, "l.srj..."},
    {"ben", {"x@hr.example", "x", nullptr, ""}, "........"},
    {"eve@sales.example", {"x@sales.example", "x", &encrypted, ""}, "l.s.j..."},
    {"eve@hr.example", {"x@sales.example", "x", &encrypted, ""}, "........"},
    {"carl", {"a@b", "a", &plain, "smime_rule2: action=quarantine"}, "l......."},
    {"carl", {"a@b", "a", &plain, "smime_rule2"}, "l......."},
    {"carl", {"a@b", "a", &plain, "smime_rule strict: action=quarantine"}, "l......."},
    {"carl", {"a@b", "a", &plain, "smime_rule20: action=quarantine"}, "........"},
    {"carl",
     {"a@b", "a", &plain, "smime_rule: reason=\"smime_rule2: \" action=quarantine"},
     "........"},
    {"carl", {"a@b", "a", &plain, "smime_rule stricter: action=quarantine"}, "........"},
    {"carl", {"a@b", "a", &plain, ""}, "........"},
};

std::string letters(Acts acts) {
  std::string text;
  for (char letter : std::string("lpsrjdop"))
    text += acts.has(static_cast<Act>(text.size())) ? letter : '.';
  return text;
}

} // namespace

TEST_GROUP(Roles){};

TEST(Roles, WrongOnesNameSettingAndWord) {
  for (const BadRole &bad : bad_roles) {
    std::string error;
    Role role = parse_role("smime_role7", bad.text, error);
    STRCMP_CONTAINS("smime_role7: ", error.c_str());
    STRCMP_CONTAINS_TEXT(bad.word, error.c_str(), bad.text);
    CHECK_TEXT(role.may.empty(), bad.text);
  }
}

TEST(Roles, WhoMayDoWhatWithWhich) {
  Settings settings = settings_with_roles();
  CHECK(settings.errors.empty());
  LONGS_EQUAL(4, settings.roles.size());
  for (const Case &c : cases)
    STRCMP_EQUAL_TEXT(c.acts, letters(acts_on(settings, c.name, c.held)).c_str(), c.name);
}

TEST(Roles, LimitedOnesAreNotAboutAll) {
  Settings settings = settings_with_roles();
  STRCMP_EQUAL("l.sr.d..", letters(acts_on_all(settings, "anna")).c_str());
  STRCMP_EQUAL("........", letters(acts_on_all(settings, "ben")).c_str());
  STRCMP_EQUAL("l.srj...", letters(acts_on_any(settings, "ben")).c_str());
  STRCMP_EQUAL("lpsrjdop", letters(acts_on_all(settings, "boss")).c_str());
  for (const char *name : {"anna", "ben", "carl", "chief", "boss", "eve@sales.example"})
    CHECK_TEXT(is_named_reviewer(settings, name), name);
  for (const char *name : {"Anna", "", "*", "dora", "eve@sales.exampl"})
    CHECK_FALSE_TEXT(is_named_reviewer(settings, name), name);
}

TEST(Roles, AWrongSettingClosesAllButItsNamesStayReviewers) {
  Settings settings = parse_settings({{"smime_reviewers", "chief"},
                                      {"smime_role", "may=lst reviewer=anna"},
                                      {"smime_role2", "garbage reviewer=ben may=list"},
                                      {"smime_role3", "reviewer=carl may=list"}});
  LONGS_EQUAL(2, settings.errors.size());
  for (const char *name : {"anna", "ben", "carl"}) {
    CHECK_TEXT(is_named_reviewer(settings, name), name);
    CHECK_TEXT(acts_on_any(settings, name).empty(), name);
  }
  STRCMP_EQUAL("lpsrjdop", letters(acts_on_all(settings, "chief")).c_str());
}

TEST(Roles, MisspeltSettingsAreErrors) {
  for (const char *name : {"smime_role0", "smime_role1", "smime_role01", "smime_roles",
                           "smime_rolex", "smime_role-2"}) {
    Settings settings = parse_settings({{name, "reviewer=anna may=list"}});
    LONGS_EQUAL_TEXT(1, settings.errors.size(), name);
    LONGS_EQUAL_TEXT(0, settings.roles.size(), name);
  }
  Settings named = parse_settings({{"smime_role front", "reviewer=anna may=list"}});
  CHECK(named.errors.empty());
  STRCMP_EQUAL("smime_role front", named.roles[0].setting.c_str());
}

TEST(Roles, NamesThatSomebodyGives) {
  CHECK(is_reviewer_name("anna@example.org"));
  CHECK(is_reviewer_name("J\xc3\xb6rg"));
  CHECK_FALSE(is_reviewer_name(""));
  CHECK_FALSE(is_reviewer_name("anna\nroot"));
  // Kept as "J?rg" with any other such byte, and shown as "anna".
  CHECK_FALSE(is_reviewer_name("J\xf6rg"));
  CHECK_FALSE(is_reviewer_name("an\xe2\x80\x8bna"));
  CHECK_FALSE(is_reviewer_name(std::string("anna\0root", 9)));
  CHECK_FALSE(is_reviewer_name(std::string(321, 'a')));
}

TEST(Roles, NoneCountsWhileASettingIsWrong) {
  NamedValues values{{"smime_rule2", "action=quarantine"},
                     {"smime_role", "reviewer=anna may=list rule=smime_rule2"},
                     {"smime_reviewers", "chief"},
                     {"smime_nonsense", ""}};
  Settings settings = parse_settings(values);
  // Which is not to be taken for a name without any.
  for (const char *name : {"anna", "nobody"})
    CHECK(are_roles_void(settings, name));
  CHECK_FALSE(are_roles_void(settings, "chief"));
  values.pop_back();
  CHECK_FALSE(are_roles_void(parse_settings(values), "anna"));
}

// It may be a rule of a mailbox's block, or of another user's userdb: mail goes on.
TEST(Roles, OneForARuleThatIsNotThereIsToldOf) {
  Settings settings =
      parse_settings({{"smime_rule2", "action=quarantine"},
                      {"smime_role", "reviewer=anna may=list rule=smime_rule2,smime_rule"},
                      {"smime_role2", "reviewer=ben may=list rule=scanner"}});
  CHECK(settings.errors.empty());
  auto missing = missing_rules_of_roles(settings);
  CHECK_EQUAL(1U, missing.size());
  STRCMP_EQUAL("smime_role: rule=smime_rule: there is no rule of this name",
               missing.front().c_str());
}

TEST(Roles, AReleaseMayWantSeveralNames) {
  Settings settings =
      parse_settings({{"smime_reviewers", "chief"},
                      {"smime_role", "reviewer=anna,ben may=list,release approvals=2"},
                      {"smime_role2", "reviewer=ben to=b@x may=release"},
                      {"smime_role3", "reviewer=carl may=list"},
                      {"smime_role4", "reviewer=dora to=b@x may=release approvals=3"}});
  CHECK_TRUE(settings.errors.empty());
  HeldFacts of_a{"a@x", "a", nullptr, "smime_rule: action=quarantine"};
  HeldFacts of_b{"b@x", "b", nullptr, "smime_rule: action=quarantine"};
  LONGS_EQUAL(1, approvals_for(settings, "chief", of_a));
  LONGS_EQUAL(2, approvals_for(settings, "anna", of_a));
  LONGS_EQUAL(2, approvals_for(settings, "ben", of_a));
  LONGS_EQUAL(1, approvals_for(settings, "ben", of_b));
  LONGS_EQUAL(0, approvals_for(settings, "carl", of_a));
  LONGS_EQUAL(0, approvals_for(settings, "dora", of_a));
  LONGS_EQUAL(3, approvals_for(settings, "dora", of_b));
  LONGS_EQUAL(0, approvals_for(settings, "", of_a));
  LONGS_EQUAL(2, approvals_for_all(settings, "ben"));
  LONGS_EQUAL(0, approvals_for_all(settings, "dora"));
}

TEST(Roles, WrongApprovalsAreTold) {
  for (const char *value : {"0", "10", "-1", "two", "2x"}) {
    std::string error;
    (void)parse_role("smime_role", std::string("reviewer=a may=release approvals=") + value, error);
    STRCMP_CONTAINS("is no value for approvals (a number from 1 to 9)", error.c_str());
  }
  std::string error;
  (void)parse_role("smime_role", "reviewer=a may=list approvals=2", error);
  STRCMP_CONTAINS("approvals= goes with may=release", error.c_str());
}
