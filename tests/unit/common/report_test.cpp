#include "common/report.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include <CppUTest/TestHarness.h>

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
  Signer signer;
  signer.path = "1";
  signer.subject = "CN=Alice,O=Example";
  signer.email = {"alice@example.org", "a@example.org"};
  signer.issuer = "CN=CA";
  signer.serial = "0A";
  signer.digest = "sha256";
  signer.signing_time = "2026-11-24T12:00:00Z";
  signer.sha256 = "abcd";
  signer.certificate = "MIIB";
  report.signers.push_back(signer);
  report.signature_errors.push_back({"digest-mismatch", "1", "It was changed.", "Ask again."});
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

TEST(Report, SignersAndTheirErrorsRoundTrip) {
  auto read = report_from_json(to_json(sample()), error);
  LONGS_EQUAL(1, read->signers.size());
  const Signer &signer = read->signers[0];
  STRCMP_EQUAL("CN=Alice,O=Example", signer.subject.c_str());
  LONGS_EQUAL(2, signer.email.size());
  STRCMP_EQUAL("a@example.org", signer.email[1].c_str());
  STRCMP_EQUAL("0A", signer.serial.c_str());
  STRCMP_EQUAL("2026-11-24T12:00:00Z", signer.signing_time.c_str());
  STRCMP_EQUAL("MIIB", signer.certificate.c_str());
  LONGS_EQUAL(1, read->signature_errors.size());
  STRCMP_EQUAL("digest-mismatch", read->signature_errors[0].code.c_str());
  STRCMP_EQUAL("Ask again.", read->signature_errors[0].remedy.c_str());
}

// Of what a scanner that went over may write, no more than the bounds is taken.
TEST(Report, ListsAndTextsThatAreReadAreBounded) {
  nlohmann::json signer{{"email", std::vector<std::string>(100, "a@example.org")}};
  std::vector<nlohmann::json> signers(50, signer);
  signers[0]["certificate"] = std::string(max_report_certificate + 1, 'A');
  signers[0]["subject"] = std::string(1000000, 'x');
  signers[1]["certificate"] = std::string(max_report_certificate, 'A');
  nlohmann::json problem{{"code", "a"}, {"path", "b"}, {"text", std::string(10000, 'c')}};
  nlohmann::json hostile{{"class", {"signed"}},
                         {"scan", {{"verdict", "clean"}}},
                         {"signature",
                          {{"status", "signed"},
                           {"signers", signers},
                           {"errors", std::vector<nlohmann::json>(1000, problem)}}}};
  auto read = report_from_json(hostile.dump(), error);
  CHECK_TEXT(read.has_value(), error.c_str());
  LONGS_EQUAL(Report::max_signers, read->signers.size());
  LONGS_EQUAL(Signer::max_email, read->signers[0].email.size());
  LONGS_EQUAL(max_report_text, read->signers[0].subject.size());
  LONGS_EQUAL(0, read->signers[0].certificate.size());
  LONGS_EQUAL(max_report_certificate, read->signers[1].certificate.size());
  LONGS_EQUAL(Report::max_list, read->signature_errors.size());
  LONGS_EQUAL(max_report_text, read->signature_errors[0].text.size());
}

TEST(Report, SignersOfAnotherShapeAreNone) {
  const std::string head =
      R"({"class":["signed"],"scan":{"verdict":"clean"},"signature":{"status":"signed",)";
  for (const char *rest : {R"("signers":1,"errors":{}}})", R"("signers":[1],"errors":[null]}})",
                           R"("signers":"a","errors":["x"]}})"}) {
    auto read = report_from_json(head + rest, error);
    CHECK_TEXT(read.has_value(), error.c_str());
    LONGS_EQUAL(0, read->signers.size());
    LONGS_EQUAL(0, read->signature_errors.size());
  }
  auto read = report_from_json(
      head + R"("signers":[{"email":{"a":"b"},"subject":7,"serial":["1"]}],"errors":[{}]}})",
      error);
  LONGS_EQUAL(1, read->signers.size());
  LONGS_EQUAL(0, read->signers[0].email.size());
  STRCMP_EQUAL("", read->signers[0].subject.c_str());
}

// What is not where it belongs counts for nothing, and is no way to an entry that is
// not there.
TEST(Report, FieldsInOtherPlacesAreNone) {
  const std::string head =
      R"({"class":["signed"],"scan":{"verdict":"clean"},"signature":{"status":"signed"})";
  for (const char *rest : {R"("layers.path":"1")",
                           R"("layers":{"path":"1"})",
                           R"("layers":[[{"path":"1"}]])",
                           R"("signature.signers.email":["a"])",
                           R"("other":{"layers":[{"path":"1"}]})",
                           R"("other":{"class":["plain"],"scan":{"verdict":"infected"}})",
                           R"("other":["plain",{"class":["plain"]},["clean"]])",
                           R"("":{"layers":[{"path":"1"}]})",
                           R"("":"1")",
                           R"("scan.verdict":"infected")",
                           R"("protected":{"offset":1})",
                           R"("protected.size":1)",
                           R"("encryption":[{"content":"a"}])",
                           R"("errors":"a")",
                           R"("size":-1)",
                           R"("size":1.5)",
                           R"("size":"1")",
                           R"("file":null)",
                           R"("file":["a"])",
                           R"("uninspectable":[1,"a",null,true,[]])"}) {
    auto read = report_from_json(head + "," + rest + "}", error);
    CHECK_TEXT(read.has_value(), rest);
    STRCMP_EQUAL(to_json(*report_from_json(head + "}", error)).c_str(), to_json(*read).c_str());
  }
}

TEST(Report, ClassesOfAnotherShapeAreNoReport) {
  const std::string rest = R"(,"scan":{"verdict":"clean"},"signature":{"status":"signed"}})";
  CHECK(report_from_json(R"({"class":["signed"])" + rest, error).has_value());
  for (const char *classes :
       {R"("signed")", R"([["signed"]])", R"([{"a":"signed"}])", R"(["signed",1])",
        R"(["signed",null])", R"(["signed",true])", R"(["signed",1.5])", R"(["signed",-1])",
        R"({"class":["signed"]})", R"([])"})
    CHECK_TEXT(!report_from_json(R"({"class":)" + std::string(classes) + rest, error), classes);
  CHECK_FALSE(report_from_json("[" + (R"({"class":["signed"])" + rest) + "]", error).has_value());
  CHECK_FALSE(report_from_json(R"({"class":["signed"])" + rest + "x", error).has_value());
}

TEST(Report, WhatEachReportHasOnceIsNotThereTwice) {
  const std::string head =
      R"({"class":["plain"],"scan":{"verdict":"clean"},"signature":{"status":"unknown"})";
  CHECK(report_from_json(head + "}", error).has_value());
  for (const char *more :
       {R"("class":["plain"])", R"("class":5)", R"("scan":5)", R"("scan":{"verdict":7})",
        R"("scan":[{"verdict":"infected"}])", R"("scan":{})", R"("signature":{})",
        R"("signature":"signed")", R"("class":null)", R"("scan":null)", R"("signature":true)"})
    CHECK_TEXT(!report_from_json(head + "," + more + "}", error), more);
  for (
      const char *text :
      {R"({"class":["plain"],"scan":{"verdict":"clean","verdict":"clean"},"signature":{"status":"unknown"}})",
       R"({"class":["plain"],"scan":{"verdict":["clean"]},"signature":{"status":"unknown"}})",
       R"({"class":["plain"],"scan":{"verdict":"clean"},"signature":{"status":{"a":"unknown"}}})",
       R"({"class":["plain"],"scan":{"verdict":"clean"},"signature":{"status":1}})"})
    CHECK_TEXT(!report_from_json(text, error), text);
}

// Each character that JSON or a header field could trip over comes back.
TEST(Report, TextsAreEscaped) {
  Report report = sample();
  for (int c = 0; c < 256; c++) {
    std::string text = c < 0x80 ? std::string(1, static_cast<char>(c))
                                : std::string{static_cast<char>(0xc0 | c >> 6),
                                              static_cast<char>(0x80 | (c & 0x3f))};
    report.uninspectable[0].name = "a" + text + "b";
    std::string json = to_json(report);
    CHECK(std::all_of(json.begin(), json.end(), [](char d) { return d >= 0x20 && d < 0x7f; }));
    auto read = report_from_json(json, error);
    CHECK_TEXT(read.has_value(), error.c_str());
    CHECK(read->uninspectable[0].name == "a" + text + "b");
  }
  report.uninspectable[0].name = "a\xffz";
  STRCMP_EQUAL("a\xef\xbf\xbdz",
               report_from_json(to_json(report), error)->uninspectable[0].name.c_str());
}

namespace {

// Texts of which each byte takes as much JSON as it can, and others.
std::vector<std::string> worst_texts() {
  std::string every_byte;
  for (int c = 0; c < 256; c++)
    every_byte += static_cast<char>(c);
  std::vector<std::string> units{"x",
                                 "\"",
                                 "\\",
                                 "\x01",
                                 "\xff",
                                 "\xf0\x9f\x92\xa9",
                                 "\xe2\x82",
                                 "\xed\xa0\xbd",
                                 "\xc3\xa4",
                                 every_byte,
                                 "a\xf0\x9f\x92\xa9\xff"};
  std::vector<std::string> texts;
  for (const std::string &unit : units) {
    std::string text;
    while (text.size() < 20000)
      text += unit;
    texts.push_back(text);
  }
  return texts;
}

// Each list as full as it can be, and each text that of make().
Report full_report(const std::function<std::string()> &make) {
  Report report;
  report.file = make();
  for (int i = 0; i < 12; i++)
    report.classes.add(static_cast<MessageClass>(i));
  report.size = UINT64_MAX;
  report.signature = SignatureStatus::encrypted_signed_verified;
  report.strength = Strength::strong;
  report.content_encryption = make();
  report.recipient_count = UINT64_MAX;
  report.scan = ScanVerdict::uninspectable;
  report.scan_engine = make();
  report.scan_name = make();
  for (std::size_t i = 0; i < Report::max_list; i++) {
    report.layers.push_back({make(), make(), make(), make()});
    report.errors.push_back({make(), make(), make(), make()});
    report.recipients.push_back({make(), make(), make(), make()});
    report.uninspectable.push_back({make(), make(), make(), make()});
    report.protected_entities.push_back({make(), UINT64_MAX, UINT64_MAX, make()});
  }
  for (std::size_t i = 0; i < Report::max_signature_errors; i++)
    report.signature_errors.push_back({make(), make(), make(), make()});
  for (std::size_t i = 0; i < Report::max_signers; i++) {
    Signer signer{make(), make(), {},
                  make(), make(), make(),
                  make(), make(), std::string(max_report_certificate, 'A')};
    for (std::size_t j = 0; j < Signer::max_email; j++)
      signer.email.push_back(make());
    report.signers.push_back(std::move(signer));
  }
  return report;
}

std::size_t entries_of(const Report &report) {
  return report.layers.size() + report.errors.size() + report.recipients.size() +
         report.uninspectable.size() + report.protected_entities.size() +
         report.signature_errors.size() + report.signers.size();
}

// What is in any report, however much is left out of it.
void check_written(const Report &report) {
  std::string json = to_json(report);
  CHECK(json.size() <= max_report_size);
  CHECK(std::all_of(json.begin(), json.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
  std::string error;
  auto read = report_from_json(json, error);
  CHECK_TEXT(read.has_value(), error.c_str());
  CHECK(read->classes == report.classes);
  CHECK(read->signature == report.signature);
  CHECK(read->scan == report.scan);
  CHECK(read->size == report.size);
  bool tells_encryption = report.classes.intersects(any_encrypted_classes);
  CHECK(!tells_encryption || read->recipient_count == report.recipient_count);
  CHECK(read->uninspectable.empty() == report.uninspectable.empty());
  CHECK(read->layers.empty() == report.layers.empty());
  CHECK(read->errors.empty() == report.errors.empty());
  CHECK(read->signature_errors.empty() == report.signature_errors.empty());
  // Nothing is left out without being counted.
  std::size_t unwritten = tells_encryption ? 0 : report.recipients.size();
  CHECK(read->dropped >= report.dropped + entries_of(report) - unwritten - entries_of(*read));
  LONGS_EQUAL(report.protected_entities.size() - read->protected_entities.size(),
              read->protected_dropped - report.protected_dropped);
  // A protected entity is there as it is, or not at all.
  for (const ProtectedEntity &entity : read->protected_entities)
    CHECK(std::any_of(report.protected_entities.begin(), report.protected_entities.end(),
                      [&](const ProtectedEntity &other) {
                        return other.path == entity.path && other.offset == entity.offset &&
                               other.size == entity.size;
                      }));
  // Once written, it does not change.
  STRCMP_EQUAL(json.c_str(), to_json(*read).c_str());
}

} // namespace

TEST(Report, NoReportIsTooLarge) {
  for (const std::string &text : worst_texts())
    check_written(full_report([&] { return text; }));
  // Nothing is cut that is as long as it may be.
  for (std::size_t size : {0, 1, 40, 200, 255, 511, 512, 513, 1024, 2048})
    check_written(full_report([&] { return std::string(size, 'x'); }));
}

TEST(Report, RandomReportsAreReadBack) {
  std::mt19937 random(20);
  auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  auto text = [&] {
    static const std::vector<std::string> texts = worst_texts();
    const std::string &chosen = texts[below(static_cast<unsigned>(texts.size()))];
    unsigned begin = below(300);
    return chosen.substr(begin, below(10) == 0 ? below(20000) : below(120));
  };
  for (int round = 0; round < 60; round++) {
    Report report = full_report(text);
    auto shorten = [&](auto &list) { list.resize(below(static_cast<unsigned>(list.size()) + 1)); };
    shorten(report.layers);
    shorten(report.errors);
    shorten(report.recipients);
    shorten(report.uninspectable);
    shorten(report.protected_entities);
    shorten(report.signature_errors);
    shorten(report.signers);
    for (ProtectedEntity &entity : report.protected_entities) {
      if (below(4) != 0)
        entity.path = "1." + std::to_string(below(1000));
    }
    report.classes = MessageClass::plain;
    for (int i = 0; i < 12; i++) {
      if (below(2) == 0)
        report.classes.add(static_cast<MessageClass>(i));
    }
    report.scan = static_cast<ScanVerdict>(below(5));
    report.signature = static_cast<SignatureStatus>(below(6));
    report.dropped = below(3);
    report.protected_dropped = below(3);
    report.recipient_count = std::max<std::uint64_t>(below(200), report.recipients.size());
    check_written(report);
  }
}

// More entries than any reader takes are counted as well.
TEST(Report, LongListsAreCounted) {
  Report report = sample();
  report.uninspectable.assign(1000, {"1", "malformed", "a/b", "c"});
  report.signers.assign(20, report.signers[0]);
  auto read = report_from_json(to_json(report), error);
  LONGS_EQUAL(Report::max_list, read->uninspectable.size());
  LONGS_EQUAL(Report::max_signers, read->signers.size());
  LONGS_EQUAL(1000 - Report::max_list + 20 - Report::max_signers, read->dropped);
}

TEST(Report, TextsThatAreCutSayIt) {
  Report report = sample();
  report.uninspectable[0].name = std::string(300, 'n') + "\xc3\xa4" + std::string(300, 'm');
  auto read = report_from_json(to_json(report), error);
  CHECK(read->uninspectable[0].name.starts_with(std::string(300, 'n') + "\xc3\xa4mmm"));
  CHECK(read->uninspectable[0].name.ends_with("m[...]"));
  LONGS_EQUAL(0, read->dropped);
}

TEST(Report, CertificatesGiveWayToTheirSigners) {
  Report report = sample();
  report.signers.assign(8, report.signers[0]);
  for (Signer &signer : report.signers)
    signer.certificate.assign(max_report_certificate, 'A');
  auto read = report_from_json(to_json(report), error);
  LONGS_EQUAL(8, read->signers.size());
  LONGS_EQUAL(max_report_certificate, read->signers[0].certificate.size());
  LONGS_EQUAL(0, read->signers[7].certificate.size());
  CHECK(read->dropped > 0);
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
        "{\"class\":[\"nonsense\"],\"signature\":{\"status\":\"unknown\"},\"scan\":{\"verdict\":"
        "\"clean\"}}",
        "{\"class\":[\"plain\"],\"signature\":{\"status\":\"good\"},\"scan\":{\"verdict\":"
        "\"clean\"}}",
        "{\"class\":[\"plain\"],\"signature\":{\"status\":\"unknown\"},\"scan\":{\"verdict\":"
        "\"ok\"}}",
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
