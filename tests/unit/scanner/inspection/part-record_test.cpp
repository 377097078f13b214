// What is shown of a message's inside (smime-scanner --inspect --parts --text).
#include "common/inside.h"
#include "common/sha256.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/content/inspect-stream.h"
#include "tests/unit/data.h"
#include "tests/unit/test-tools.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

std::string digest(std::string_view bytes) {
  Sha256 sha256;
  sha256.update({reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size()});
  return to_hex(sha256.result());
}

} // namespace

TEST_GROUP(Inside) {
  Limits limits;
  bool html = false;

  Inside inside_of(const std::string &message) {
    Inside inside;
    Tools tools = test_tools();
    tools.inside = &inside;
    tools.wants_text = true;
    tools.wants_html = html;
    istream *input = i_stream_create_from_data(message.data(), message.size());
    std::string error;
    CHECK(inspect_stream(input, limits, tools, error).has_value());
    i_stream_unref(&input);
    return inside;
  }

  InsidePart only_part(const std::string &message) {
    Inside inside = inside_of(message);
    LONGS_EQUAL(1, inside.parts.size());
    return inside.parts.empty() ? InsidePart() : inside.parts[0];
  }
};

TEST(Inside, AText) {
  InsidePart part = only_part("Content-Type: text/plain; charset=ISO-8859-1\r\n"
                              "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n");
  STRCMP_EQUAL("1", part.path.c_str());
  STRCMP_EQUAL("text/plain", part.type.c_str());
  STRCMP_EQUAL("read", part.state.c_str());
  STRCMP_EQUAL("Gr\xc3\xbc\xc3\x9f"
               "e\r\n",
               part.text->c_str());
  LONGS_EQUAL(7, *part.size);
  STRCMP_EQUAL(digest("Gr\xfc\xdf"
                      "e\r\n")
                   .c_str(),
               part.sha256.c_str());
  CHECK(!part.text_cut && !part.html);
}

TEST(Inside, PartsInTheirOrder) {
  Inside inside =
      inside_of("Subject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
                "--a\r\nContent-Type: text/plain\r\n\r\none\r\n"
                "--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\ntwo\r\n"
                "--a\r\nContent-Type: application/pdf; name=\"=?utf-8?q?=C3=BC=2Epdf?=\"\r\n\r\n"
                "no pdf\r\n--a\r\nContent-Type: image/png\r\n\r\n\r\n--a--\r\n");
  std::string paths;
  for (const InsidePart &part : inside.parts)
    paths += part.path + ":" + part.kind + " ";
  STRCMP_EQUAL(":multipart 1:text 2:mail 2.1:text 3:text 4:empty ", paths.c_str());
  STRCMP_EQUAL("opened", inside.parts[0].state.c_str());
  CHECK(!inside.parts[0].size.has_value());
  STRCMP_EQUAL(digest("Subject: y\r\n\r\ntwo").c_str(), inside.parts[2].sha256.c_str());
  STRCMP_EQUAL("\xc3\xbc.pdf", inside.parts[4].name.c_str());
  STRCMP_EQUAL("application/pdf", inside.parts[4].declared.c_str());
  STRCMP_EQUAL("text/plain", inside.parts[4].type.c_str());
  LONGS_EQUAL(0, *inside.parts[5].size);
}

TEST(Inside, Html) {
  const std::string message = "Content-Type: text/html; charset=utf-8\r\n\r\n"
                              "<script>x()</script><a href=https://e.example/>Bank</a>";
  InsidePart part = only_part(message);
  STRCMP_EQUAL("Bank <https://e.example/>", part.text->c_str());
  CHECK(!part.html.has_value());
  html = true;
  part = only_part(message);
  CHECK(part.html->starts_with("<script>"));
}

TEST(Inside, TextsAreBounded) {
  std::string message = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
  for (int i = 0; i < 10; i++)
    message += "--a\r\n\r\n" + std::string(100000, 'x') + "\r\n";
  Inside inside = inside_of(message + "--a--\r\n");
  std::size_t total = 0;
  for (std::size_t i = 1; i < inside.parts.size(); i++) {
    total += inside.parts[i].text->size();
    CHECK(inside.parts[i].text_cut && inside.parts[i].text->size() <= max_part_text);
    LONGS_EQUAL(100000, *inside.parts[i].size);
  }
  LONGS_EQUAL(max_part_texts, total);
}

TEST(Inside, WhatIsNoTextIsNotShown) {
  InsidePart part = only_part("Content-Type: application/octet-stream\r\n"
                              "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAAN\r\n");
  CHECK(!part.text.has_value());
  // What is labelled as text is shown as that by mail clients.
  part = only_part("Content-Type: text/plain\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAAN\r\n");
  CHECK(part.text.has_value());
}

TEST(Inside, EncryptedParts) {
  Inside inside = inside_of(
      "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=a\r\n"
      "\r\n--a\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
      "--a\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n"
      "--a--\r\n");
  LONGS_EQUAL(3, inside.parts.size());
  for (const InsidePart &part : inside.parts) {
    STRCMP_EQUAL("named", part.state.c_str());
    STRCMP_EQUAL("pgp-encrypted", part.by.c_str());
  }
  LONGS_EQUAL(10, *inside.parts[1].size);
  STRCMP_EQUAL(digest("-----BEGIN PGP MESSAGE-----").c_str(), inside.parts[2].sha256.c_str());
}

TEST(Inside, Header) {
  Inside inside = inside_of("Subject: =?utf-8?q?=C3=BC?=\r\n  b\r\nX-Odd: \xff\r\n"
                            "X-Long: " +
                            std::string(10000, 'l') + "\r\nno field\r\n\r\nbody\r\n");
  LONGS_EQUAL(4, inside.header.size());
  STRCMP_EQUAL("Subject", inside.header[0].name.c_str());
  STRCMP_EQUAL("\xc3\xbc  b", inside.header[0].value.c_str());
  STRCMP_EQUAL("\xc3\xbf", inside.header[1].value.c_str());
  LONGS_EQUAL(10000, inside.header[2].value.size());
  std::string many;
  for (int i = 0; i < 2000; i++)
    many += "X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
  inside = inside_of(many + "\r\n");
  LONGS_EQUAL(max_header_fields, inside.header.size());
  LONGS_EQUAL(1500, inside.header_dropped);
}

TEST(Inside, Blanks) {
  for (std::size_t size : {std::size_t{3}, std::size_t{100}}) {
    InsidePart part = only_part("Content-Type: text/plain\r\n\r\n" + std::string(size, ' '));
    STRCMP_EQUAL("read", part.state.c_str());
    LONGS_EQUAL(size, *part.size);
  }
}
