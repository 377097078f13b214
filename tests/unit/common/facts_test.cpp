#include "common/facts.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(Facts) {
  ObjectFacts object{"anchor",  "ca.pem",
                     "",        "CN=Root",
                     "CN=Root", "01",
                     "AA",      "AA",
                     "00ff",    100,
                     200,       {"a@example.org"},
                     "",        "http://crl.example.org/",
                     "MAo=",    {{"certificate-expired", "", "It expired.", "Get another."}}};
  std::string error;
};

TEST(Facts, HealthComesBackAsItWas) {
  HealthFacts facts;
  facts.version = "1";
  facts.config = "/etc/x.conf";
  facts.timeout = 25;
  facts.max_document_size = 5;
  facts.max_opened_size = 6;
  facts.trusted_users = {"vmail"};
  facts.clamd = {"/run/clamd"};
  facts.paths = {{"escrow_key", "/key", 0644, 7, ""}};
  facts.report_certificates = true;
  facts.trust = {"/trust", "soft", {object}, {{"trust-file-invalid", "x", "y", "z"}}, ""};
  auto read = health_facts_from_json(to_json(facts), error);
  CHECK(read.has_value());
  STRCMP_EQUAL("/run/clamd", read->clamd.at(0).c_str());
  LONGS_EQUAL(0644, read->paths.at(0).mode);
  CHECK(read->report_certificates);
  const ObjectFacts &back = read->trust.objects.at(0);
  STRCMP_EQUAL("CN=Root", back.subject.c_str());
  STRCMP_EQUAL("a@example.org", back.email.at(0).c_str());
  STRCMP_EQUAL("Get another.", back.problems.at(0).remedy.c_str());
  LONGS_EQUAL(200, back.not_after);
  STRCMP_EQUAL("x", read->trust.problems.at(0).path.c_str());
}

TEST(Facts, AFileComesBackAsItWas) {
  auto read = file_facts_from_json(to_json(FileFacts{"f\xff\"\n", {object, object}, ""}), error);
  CHECK(read.has_value());
  LONGS_EQUAL(2, read->objects.size());
}

TEST(Facts, NothingElseIsTaken) {
  std::string good = to_json(FileFacts{"f", {object}, ""});
  for (const char *word : {"\"kind\":\"anchor\"", "\"not_after\":200",
                           "\"email\":[\"a@example.org\"]", "\"error\":\"\"", "\"problems\":["}) {
    std::string text = good;
    auto at = text.find(word);
    CHECK_TEXT(at != std::string::npos, word);
    std::string other(word);
    other.replace(0, other.find(':') + 1, "\"other\":");
    text.replace(at, std::string(word).size(), other);
    CHECK_FALSE_TEXT(file_facts_from_json(text, error), word);
    STRCMP_CONTAINS("usable", error.c_str());
  }
  for (const char *text : {"", "{}", "[]", "null", "{\"file\":1}", "no JSON"}) {
    CHECK_FALSE_TEXT(file_facts_from_json(text, error), text);
    CHECK_FALSE_TEXT(health_facts_from_json(text, error), text);
    CHECK_FALSE_TEXT(store_facts_from_json(text, error), text);
  }
}

TEST(Facts, ListsAreBounded) {
  object.email.assign(max_fact_list + 1, "a@example.org");
  CHECK_FALSE(file_facts_from_json(to_json(FileFacts{"f", {object}, ""}), error));
}
