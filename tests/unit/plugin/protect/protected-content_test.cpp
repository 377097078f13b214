#include "plugin/protect/protected-content.h"

#include "plugin/dovecot/ptr.h"

#include <CppUTest/TestHarness.h>
#include <algorithm>
#include <iterator>

using namespace smime;

namespace {

ProtectedContent find(const std::string &text, const std::vector<std::string> &extra = {}) {
  StreamPtr input(i_stream_create_from_data(text.data(), text.size()));
  ProtectedContent content;
  std::string error;
  CHECK_TEXT(find_protected(input.get(), extra, content, error), error.c_str());
  return content;
}

std::string paths(const ProtectedContent &content) {
  std::string all;
  for (const ProtectedPart &part : content.parts)
    all += (all.empty() ? "" : " ") + part.path;
  return all;
}

const std::string signed_message =
    "From: a\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; "
    "boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b\r\n"
    "Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "MIIB\r\n--b--\r\n";

std::string replaced(std::string text, const std::string &what, const std::string &with) {
  auto at = text.find(what);
  CHECK(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

} // namespace

TEST_GROUP(ProtectedContent){};

TEST(ProtectedContent, SignedPartWithItsHeaderAndTheSignature) {
  auto content = find(signed_message);
  STRCMP_EQUAL("1 2", paths(content).c_str());
  std::string part = signed_message.substr(content.parts[0].offset, content.parts[0].size);
  STRCMP_EQUAL("Content-Type: text/plain\r\n\r\ntext", part.c_str());
  std::string signature = signed_message.substr(content.parts[1].offset, content.parts[1].size);
  STRCMP_EQUAL("MIIB", signature.c_str());
}

TEST(ProtectedContent, PlainMailHasNone) {
  CHECK(find("From: a\r\n\r\nThis speaks of -----BEGIN PGP MESSAGE----- in a line\r\n").empty());
  CHECK(find("").empty());
}

TEST(ProtectedContent, EveryKindOfLabel) {
  for (std::string header :
       {"application/pkcs7-mime; smime-type=enveloped-data", "application/x-pkcs7-mime",
        "application/octet-stream; name=\"smime.p7m\"",
        "application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=smime.P7M"})
    STRCMP_EQUAL("1", paths(find("Content-Type: " + header + "\r\n\r\nMIIB\r\n")).c_str());
  STRCMP_EQUAL("1", paths(find("From: a\n\nhello\n-----BEGIN PGP MESSAGE-----\n")).c_str());
  auto encrypted = find("Content-Type: multipart/encrypted; boundary=b\n\n--b\n"
                        "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
                        "Content-Type: application/octet-stream\n\nx\n--b--\n");
  UNSIGNED_LONGS_EQUAL(2, encrypted.parts.size());
  STRCMP_EQUAL("", encrypted.parts[0].path.c_str());
  STRCMP_EQUAL("1", encrypted.parts[1].path.c_str());
}

TEST(ProtectedContent, NestedInMultipartAndMessage) {
  std::string outer = "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nhi\r\n--o\r\n"
                      "Content-Type: message/rfc822\r\n\r\n" +
                      signed_message + "\r\n--o--\r\n";
  STRCMP_EQUAL("2.1 2.2", paths(find(outer)).c_str());
}

TEST(ProtectedContent, ExtraPartsAreNotLabelled) {
  std::string text = "Content-Type: application/octet-stream\r\n\r\nMIIB\r\n";
  auto content = find(text, {"1"});
  STRCMP_EQUAL("1", paths(content).c_str());
  CHECK_FALSE(content.combined().has_value());
}

// Which parts are protected is not known: all are. The labels count as before.
TEST(ProtectedContent, TheWholeBody) {
  const std::string text = "From: a\r\nContent-Type: text/plain\r\n\r\nbody\r\n";
  auto content = find(text, {whole_body});
  LONGS_EQUAL(1, content.parts.size());
  STRCMP_EQUAL("body", text.substr(content.parts[0].offset, content.parts[0].size).c_str());
  CHECK_FALSE(content.combined().has_value());
  CHECK(find_lost_part(content, find(replaced(text, "body", "Body"), {whole_body})) != nullptr);
  CHECK(find_lost_part(content, find(replaced(text, "From: a", "From: b"), {whole_body})) ==
        nullptr);
  auto with_labels = find(signed_message, {whole_body});
  LONGS_EQUAL(3, with_labels.parts.size());
  CHECK(with_labels.combined() == find(signed_message).combined());
}

TEST(ProtectedContent, LossIsFound) {
  auto original = find(signed_message);
  POINTERS_EQUAL(nullptr, find_lost_part(original, original));
  std::string lf = signed_message;
  std::erase(lf, '\r');
  POINTERS_EQUAL(nullptr, find_lost_part(original, find(lf)));
  CHECK(original.combined() == find(lf).combined());
  // What is around the signed part may change.
  POINTERS_EQUAL(nullptr,
                 find_lost_part(original, find("X: y\r\n" + signed_message + "epilogue\r\n")));
  struct Case {
    std::string what;
    std::string with;
    std::string lost;
  };
  for (const Case &c :
       {Case{"\r\ntext", "\r\ntexT", "1"}, Case{"text/plain", "text/html", "1"},
        Case{"MIIB", "MIIC", "2"}, Case{"multipart/signed", "multipart/mixed", "1"},
        Case{"base64", "8bit", "2"}, Case{"--b--", "--b\r\n\r\nfooter\r\n--b--", "1"}}) {
    const ProtectedPart *lost =
        find_lost_part(original, find(replaced(signed_message, c.what, c.with)));
    CHECK_TEXT(lost != nullptr, c.what.c_str());
    STRCMP_EQUAL(c.lost.c_str(), lost->path.c_str());
  }
}

TEST(ProtectedContent, AnAddedLastLineEndIsNoLoss) {
  std::string text = "Content-Type: application/pkcs7-mime\n\nMIIB";
  POINTERS_EQUAL(nullptr, find_lost_part(find(text), find(text + "\n")));
  text = "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: binary\n\nMIIB";
  CHECK(find_lost_part(find(text), find(text + "\n")) != nullptr);
}

TEST(ProtectedContent, NonCanonicalBytes) {
  CHECK_FALSE(find(signed_message).non_canonical);
  CHECK(find(replaced(signed_message, "\r\ntext", "\r\nte\nxt")).non_canonical);
  CHECK(find(replaced(signed_message, "\r\ntext", "\r\nte\r\r\nxt")).non_canonical);
  CHECK(find(replaced(signed_message, "\r\ntext", std::string("\r\nte\0xt", 7))).non_canonical);
  std::string lf = signed_message;
  std::erase(lf, '\r');
  CHECK_FALSE(find(lf).non_canonical);
}

TEST(ProtectedContent, MorePartsThanAreCountedAreOne) {
  std::string text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 1500; i++)
    text += "--b\r\nContent-Type: application/pkcs7-mime\r\n\r\nMIIB\r\n";
  auto content = find(text + "--b--\r\n");
  UNSIGNED_LONGS_EQUAL(1, content.parts.size());
  auto changed = find(text + "x--b--\r\n");
  CHECK(find_lost_part(content, changed) != nullptr);
}

// Where lib-mail stops giving values of fields, a label is not seen.
TEST(ProtectedContent, BehindMoreHeaderThanIsReadAllIs) {
  std::string filling;
  while (filling.size() < 11U * 1024 * 1024)
    filling += "X-Filling: " + std::string(980, 'x') + "\r\n";
  std::string body =
      "--b\r\n" + filling + "Content-Type: application/pkcs7-mime\r\n\r\nMIIB\r\n--b--\r\n";
  std::string head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  auto content = find(head + body);
  LONGS_EQUAL(1, content.parts.size());
  STRCMP_EQUAL("", content.parts[0].path.c_str());
  LONGS_EQUAL(head.size(), content.parts[0].offset);
  CHECK(content.parts[0].labelled);
  auto changed = find(head + replaced(body, "MIIB", "MIIC"));
  CHECK(find_lost_part(content, changed) != nullptr);
  CHECK(find_lost_part(content, find("X-Seen: 1\r\n" + head + body)) == nullptr);
}

// As it came, and as a storage has it.
TEST(ProtectedContent, HeaderIsCountedAlikeWithAllLineEnds) {
  std::string filling;
  while (filling.size() < 8U * 1024 * 1024 + 512 * 1024)
    filling += "X: y\r\n";
  std::string came = filling + "Content-Type: application/pkcs7-mime\r\n\r\nMIIB\r\n";
  std::string stored;
  std::copy_if(came.begin(), came.end(), std::back_inserter(stored),
               [](char c) { return c != '\r'; });
  CHECK(stored.size() < 8U * 1024 * 1024);
  CHECK(find(came).combined() == find(stored).combined());
  STRCMP_EQUAL(find(came).parts[0].kind.c_str(), find(stored).parts[0].kind.c_str());
}
