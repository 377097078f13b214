#include "plugin/operator/metrics.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(Metrics) {
  MetricsFacts facts;

  std::string text() const { return format_metrics(facts, 1000); }
};

TEST(Metrics, WithoutAnythingThereIsTheTime) {
  STRCMP_EQUAL("# HELP smime_metrics_time_seconds When this was found out, since the epoch.\n"
               "# TYPE smime_metrics_time_seconds gauge\n"
               "smime_metrics_time_seconds 1000\n"
               "# EOF\n",
               text().c_str());
}

// So that an alert has something to look at before the first message is held.
TEST(Metrics, NothingHeldIsZero) {
  facts.all.emplace();
  STRCMP_CONTAINS("\nsmime_held_messages{state=\"held\"} 0\n"
                  "smime_held_messages{state=\"requested\"} 0\n",
                  text().c_str());
  STRCMP_CONTAINS("\nsmime_held_oldest_wait_seconds{state=\"held\"} 0\n", text().c_str());
}

TEST(Metrics, CountsAndWaits) {
  facts.all = HeldCount{3, 1, 400, 990};
  facts.by_reason.add("Encrypted", {2, 1, 500, 990});
  facts.by_reason.add("", {1, 0, 400, 0});
  facts.by_domain.add("b.example", {1, 0, 1001, 0});
  for (const char *line :
       {"smime_held_messages{state=\"held\"} 3\n", "smime_held_messages{state=\"requested\"} 1\n",
        "smime_held_oldest_wait_seconds{state=\"held\"} 600\n",
        "smime_held_oldest_wait_seconds{state=\"requested\"} 10\n",
        "smime_held_by_reason_messages{reason=\"Encrypted\",state=\"held\"} 2\n",
        "smime_held_by_reason_oldest_wait_seconds{reason=\"Encrypted\",state=\"requested\"} 10\n",
        "smime_held_by_reason_messages{reason=\"none\",state=\"held\"} 1\n",
        // A clock went back.
        "smime_held_by_domain_oldest_wait_seconds{domain=\"b.example\",state=\"held\"} 0\n"})
    STRCMP_CONTAINS(line, text().c_str());
}

TEST(Metrics, ValuesAreHarmless) {
  facts.all.emplace();
  facts.by_domain.add("a\"} 1\nx{b=\"\\", {1, 0, 0, 0});
  facts.by_domain.add(std::string("\xff\0", 2), {1, 0, 0, 0});
  STRCMP_CONTAINS("{domain=\"a\\\"} 1\\\\x0ax{b=\\\"\\\\\",state=\"held\"} 1\n", text().c_str());
  STRCMP_CONTAINS("{domain=\"\\\\xff\\\\x00\",state=\"held\"} 1\n", text().c_str());
}

TEST(Metrics, TwoThatAreCutAlikeAreOne) {
  std::string start(max_label_size + 10, 'a');
  facts.by_domain.add(start + "b", {1, 0, 5, 0});
  facts.by_domain.add(start + "c", {2, 0, 3, 0});
  auto top = facts.by_domain.top();
  CHECK_EQUAL(1U, top.size());
  CHECK_EQUAL(3U, top.begin()->second.held);
  CHECK_EQUAL(3, top.begin()->second.oldest_held);
}

TEST(Metrics, ALabelHasSoManyValues) {
  for (unsigned i = 1; i <= 50; i++)
    facts.by_domain.add("d" + std::to_string(i), {i, 0, i, 0});
  facts.by_domain.add(other_label, {1000, 0, 2000, 0});
  facts.by_domain.add_rest({0, 1, 0, 7});
  facts.by_domain.add_rest({});
  auto top = facts.by_domain.top();
  CHECK_EQUAL(max_label_values + 1, top.size());
  CHECK(top.contains("d50"));
  CHECK(top.contains("d31"));
  CHECK_FALSE(top.contains("d30"));
  // The rest has the oldest of all, and none is lost.
  CHECK_EQUAL(1000U + 30U * 31U / 2U, top[other_label].held);
  CHECK_EQUAL(1, top[other_label].oldest_held);
  CHECK_EQUAL(7, top[other_label].oldest_request);
}

TEST(Metrics, ARegisterThatIsDown) {
  facts.has_register = true;
  STRCMP_CONTAINS("smime_register_up 0\n", text().c_str());
  STRCMP_CONTAINS("smime_register_spool_up 0\n", text().c_str());
  CHECK(text().find("smime_held") == std::string::npos);
  facts.spool_rows = 4;
  facts.spool_oldest = 900;
  facts.spool_refused = 2;
  facts.register_up = true;
  for (const char *line :
       {"smime_register_up 1\n", "smime_register_spool_rows 4\n",
        "smime_register_spool_oldest_wait_seconds 100\n", "smime_register_spool_refused_files 2\n"})
    STRCMP_CONTAINS(line, text().c_str());
}
