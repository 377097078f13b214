#include "plugin/quarantine/rights.h"

#include "plugin/rules/settings.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(Rights) {
  Settings settings =
      parse_settings({{"smime_rule2", "class=encrypted action=quarantine"},
                      {"smime_role", "reviewer=anna to=*@a.example class=encrypted may=list"},
                      {"smime_role2", "reviewer=ben rule=smime_rule2 may=list,release"}});
  RegisterRow row;

  void setup() override {
    CHECK_TEXT(settings.errors.empty(), settings.errors.empty() ? "" : settings.errors[0].c_str());
    row.user = "carla";
    row.to = "carla@a.example";
    row.classes = "encrypted opaque-signed";
    row.rule = "smime_rule2: class=encrypted action=quarantine";
  }
};

TEST(Rights, OfARowOfTheRegister) {
  CHECK(acts_on(settings, "anna", row).has(Act::list));
  CHECK_FALSE(acts_on(settings, "anna", row).has(Act::release));
  CHECK(acts_on(settings, "ben", row).has(Act::release));
  CHECK(acts_on(settings, "carla", row).empty());
  row.to = "carla@b.example";
  CHECK(acts_on(settings, "anna", row).empty());
  row.rule = "smime_rule22: class=encrypted";
  CHECK(acts_on(settings, "ben", row).empty());
}

TEST(Rights, ClassesThatAreNotKnownAreNone) {
  for (const char *classes : {"", "encrypted blue", "opaque-signed"}) {
    row.classes = classes;
    CHECK_TEXT(acts_on(settings, "anna", row).empty(), classes);
  }
  row.classes = "opaque-signed encrypted";
  CHECK_FALSE(acts_on(settings, "anna", row).empty());
}

TEST(Rights, TheRolesOfAName) {
  LONGS_EQUAL(1, roles_of(settings, "anna").size());
  LONGS_EQUAL(0, roles_of(settings, "Anna").size());
  settings.reviewers = {"anna"};
  LONGS_EQUAL(0, roles_of(settings, "anna").size());
  settings.errors = {"wrong"};
  LONGS_EQUAL(0, roles_of(settings, "ben").size());
}
