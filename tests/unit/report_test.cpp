#include "report.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

Report sample() {
  Report report;
  report.file = "a.eml";
  report.size = 12345;
  report.classes = MessageClass::signed_;
  report.classes.add(MessageClass::encrypted);
  report.layers.push_back({"1", "signed", "sha-256", ""});
  report.signature = SignatureStatus::signed_;
  report.strength = Strength::weak;
  report.uninspectable.push_back({"2", "smime-encrypted", "application/pkcs7-mime", "a.p7m"});
  report.scan = ScanVerdict::uninspectable;
  report.protected_entities.push_back({"1", 100, 2000, "ab"});
  report.content_encryption = "aes-256-gcm";
  report.recipients.push_back({"CN=A", "0F", "", "rsaOaep"});
  report.errors.push_back({"no-signer", "1", "text", "remedy"});
  return report;
}

} // namespace

TEST_GROUP(Report) { std::string error; };

TEST(Report, RoundTrip) {
  auto read = report_from_json(to_json(sample()), error);
  CHECK_TEXT(read.has_value(), error.c_str());
  CHECK(read->classes == sample().classes);
  CHECK(read->signature == SignatureStatus::signed_);
  CHECK(read->scan == ScanVerdict::uninspectable);
  CHECK(read->strength == Strength::weak);
  LONGS_EQUAL(12345, read->size);
  LONGS_EQUAL(1, read->layers.size());
  STRCMP_EQUAL("sha-256", read->layers[0].micalg.c_str());
  STRCMP_EQUAL("a.p7m", read->uninspectable.at(0).name.c_str());
  LONGS_EQUAL(2000, read->protected_entities.at(0).size);
  STRCMP_EQUAL("no-signer", read->errors.at(0).code.c_str());
  STRCMP_EQUAL(to_json(sample()).c_str(), to_json(*read).c_str());
}

TEST(Report, OneAsciiLineWhateverTheNames) {
  Report report = sample();
  report.uninspectable[0].name = "n\xc3\xa4me\r\n\x01\xff\"";
  std::string json = to_json(report);
  for (char c : json)
    CHECK(c >= 0x20 && c < 0x7f);
  CHECK(report_from_json(json, error).has_value());
}

TEST(Report, NothingButACompleteReportIsOne) {
  for (const char *text :
       {"", "null", "[]", "{}", "{\"class\":[]}", "{\"class\":\"plain\"}",
        "{\"class\":[\"plain\"]}", "{\"class\":[1],\"signature\":{},\"scan\":{}}",
        "{\"class\":[\"nonsense\"],\"signature\":{\"status\":\"unknown\"},\"scan\":{\"verdict\":\"clean\"}}",
        "{\"class\":[\"plain\"],\"signature\":{\"status\":\"good\"},\"scan\":{\"verdict\":\"clean\"}}",
        "{\"class\":[\"plain\"],\"signature\":{\"status\":\"unknown\"},\"scan\":{\"verdict\":\"ok\"}}",
        "{\"class\":[\"plain\"],\"signature\":[],\"scan\":[]}"}) {
    error.clear();
    CHECK_TEXT(!report_from_json(text, error), text);
    CHECK_FALSE(error.empty());
  }
  std::string whole = to_json(sample());
  for (std::size_t length = 0; length < whole.size(); length++)
    CHECK_FALSE(report_from_json(whole.substr(0, length), error).has_value());
}

TEST(Report, DeepNestingIsNoProblem) {
  CHECK_FALSE(report_from_json(std::string(200000, '['), error).has_value());
}

TEST(Report, EveryNameReadsBack) {
  for (int i = 0; i < 12; i++) {
    auto c = static_cast<MessageClass>(i);
    CHECK(class_from_name(name_of(c)) == c);
  }
  STRCMP_EQUAL("signed encrypted", join_class_names(sample().classes).c_str());
}
