#include "plugin/quarantine/overview.h"

#include <nlohmann/json.hpp>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {
using Json = nlohmann::json;
using Values = std::vector<std::string>;
constexpr std::int64_t now = 1796006640; // 2026-11-30T02:44:00Z
constexpr std::int64_t day = 86400;
} // namespace

// A database that gives the same groups, or rows in pages.
TEST_GROUP(Overview) {
  std::map<std::string, std::vector<Values>> groups;
  std::vector<Values> rows;
  std::size_t given = 0;
  // The first row comes again and again.
  bool endless = false;
  std::string error;
  Overview overview{now, 3};

  AskDatabase asking() {
    return [this](const SqlStatement &statement, const auto &take, std::string &) {
      if (statement.text.starts_with("SELECT id, username, sender")) {
        for (std::size_t i = 0; i < 1000 && (endless || given < rows.size()); i++)
          take(rows[endless ? 0 : given++]);
        return true;
      }
      for (const auto &[beginning, values] : groups) {
        if (statement.text.starts_with(beginning)) {
          for (const Values &each : values)
            take(each);
        }
      }
      return true;
    };
  }
  Json json() { return Json::parse(overview.to_json()); }

  void add_row(const std::string &to, const std::string &state, std::int64_t held,
               std::int64_t changed, const std::string &rule = "one: x") {
    rows.push_back({std::string(32, 'a'), "alice", "s@example.com", to, "encrypted", "encrypted",
                    rule, std::to_string(held), state, std::to_string(changed * 1000000)});
  }
};

TEST(Overview, GroupsBecomeJson) {
  groups["SELECT reason, domain"] = {{"encrypted", "example.org", "5", "1796000000"},
                                     {"virus", "example.org", "2", "1795000000"}};
  groups["SELECT held / 86400"] = {{std::to_string(now / day), "7"}, {"1", "9"}};
  groups["SELECT changed"] = {{std::to_string(now / day - 1), "released", "3"},
                              {std::to_string(now / day), "gone", "8"}};
  groups["SELECT sender"] = {{"a@example.com", "4"}};
  groups["SELECT rule"] = {{"smime_rule: a", "released", "97"},
                           {"smime_rule: a", "requested", "1"},
                           {"smime_rule: b", "held", "1"},
                           {"smime_rule: b", "deleted", "1"}};
  CHECK_TRUE(overview.count_all(asking(), error));
  Json all = json();
  LONGS_EQUAL(5, all["waiting"][0]["count"].get<int>());
  STRCMP_EQUAL("virus", all["by_reason"][1]["reason"].get<std::string>().c_str());
  LONGS_EQUAL(7, all["by_domain"][0]["count"].get<int>());
  STRCMP_EQUAL(R"("2026-11-18T11:06:40Z")", all["by_domain"][0]["oldest"].dump().c_str());
  LONGS_EQUAL(3, all["days"].size());
  STRCMP_EQUAL(R"("2026-11-30")", all["days"][2]["day"].dump().c_str());
  LONGS_EQUAL(7, all["days"][2]["held"].get<int>());
  LONGS_EQUAL(3, all["days"][1]["released"].get<int>());
  LONGS_EQUAL(1, all["rules"].size());
  STRCMP_EQUAL(R"({"deleted":1,"expired":0,"held":100,"open":2,"rejected":0,"released":97,)"
               R"("rule":"smime_rule"})",
               all["rules"][0].dump().c_str());
  STRCMP_EQUAL(R"([{"count":4,"from":"a@example.com"}])", all["senders"].dump().c_str());
  CHECK_FALSE(all["truncated"].get<bool>());
}

TEST(Overview, RowsCountIfTheyAreThere) {
  add_row("a@example.org", "held", now - 100 * day, now - 100 * day);
  add_row("b@other.example", "held", now, now);
  add_row("a@example.org", "released", now - 9 * day, now - day);
  add_row("a@example.org", "deleted", now - day, now, "two: y");
  auto keep = [](const RegisterRow &row) { return row.to.ends_with("@example.org"); };
  CHECK_TRUE(overview.count_rows(asking(), {}, keep, error));
  Json all = json();
  LONGS_EQUAL(1, all["waiting"].size());
  LONGS_EQUAL(1, all["days"][1]["released"].get<int>());
  LONGS_EQUAL(1, all["days"][1]["held"].get<int>());
  LONGS_EQUAL(1, all["days"][2]["deleted"].get<int>());
  LONGS_EQUAL(1, all["rules"].size());
  LONGS_EQUAL(1, all["senders"][0]["count"].get<int>());
  CHECK_EQUAL(std::string::npos, overview.to_json().find("other.example"));
}

TEST(Overview, ManyRowsAreSaidToBeMore) {
  endless = true;
  add_row("a@example.org", "held", now, now);
  CHECK_TRUE(overview.count_rows(
      asking(), {}, [](const RegisterRow &) { return true; }, error));
  Json all = json();
  CHECK_TRUE(all["truncated"].get<bool>());
  LONGS_EQUAL(max_overview_rows, all["waiting"][0]["count"].get<std::size_t>());
}
