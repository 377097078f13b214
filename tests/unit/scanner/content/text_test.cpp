// What text has in it: each way to write armor, in each place of a text.
#include "scanner/content/content.h"
#include "tests/unit/test-tools.h"

#include <string>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

Bytes as_bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

// gpg --symmetric
const std::string encrypted = "jA0ECQMCEKA+xrYD0K7/0kUBIV1fGkkGl2hXqoxo+L9b5JnUg14AoAdI//rF9u1z\n"
                              "O774e8643BO5DIiXus1I3o+2qHuXuYINLEAYvTL9vFhlN5KErmU=\n"
                              "=zuro\n";
// A literal packet, "text".
const std::string literal = "ywpiAAAAAAB0ZXh0\n";

std::string armored(const std::string &words, const std::string &payload) {
  return "-----BEGIN " + words + "-----\n\n" + payload + "-----END " + words + "-----\n";
}

std::string with_lines(const std::string &text, const std::string &before,
                       const std::string &behind) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    result += before + text.substr(at, end - at) + behind;
    at = end + 1;
  }
  return result;
}

std::string in_utf16(const std::string &text, bool big_endian) {
  std::string result;
  for (char c : text)
    result += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  return result;
}

std::string with_byte_at(std::string text, std::size_t at, char byte) {
  return text.insert(at, 1, byte);
}

} // namespace

TEST_GROUP(Text) {
  Limits limits;

  Report read(const std::string &text, bool labelled = true, std::size_t piece = 100000) {
    Inspection inspection(limits, test_tools());
    {
      Place place;
      place.path = "1";
      place.type = labelled ? "text/plain" : "application/octet-stream";
      place.is_text = labelled;
      Content content(inspection, place);
      for (std::size_t at = 0; at < text.size(); at += piece)
        content.feed(as_bytes(text.substr(at, piece)));
      content.finish();
    }
    return inspection.finish(text.size());
  }
  std::string classes(const std::string &text, bool labelled = true) {
    return join_class_names(read(text, labelled).classes);
  }
  void is_encrypted(const std::string &text) {
    for (bool labelled : {true, false})
      CHECK_TEXT(read(text, labelled).classes.has(MessageClass::pgp_encrypted),
                 text.substr(0, 200).c_str());
  }
  void is_plain(const std::string &text) {
    for (bool labelled : {true, false}) {
      Report report = read(text, labelled);
      STRCMP_EQUAL_TEXT("plain", join_class_names(report.classes).c_str(), text.c_str());
      CHECK_TEXT(report.uninspectable.empty(), text.c_str());
    }
  }
};

TEST(Text, EveryLabelThatGpgDecrypts) {
  for (const char *words : {"PGP MESSAGE", "PGP ARMORED FILE", "PGP PUBLIC KEY BLOCK",
                            "PGP SIGNATURE", "PGP PRIVATE KEY BLOCK", "PGP SECRET KEY BLOCK",
                            "PGP MESSAGE, PART 1/2", "PGP MESSAGE, PART 2", "PGP ANYTHING"}) {
    const std::string text = armored(words, encrypted);
    for (const std::string &variant :
         {text, "Hello\n" + text, with_lines(text, "> ", "\r\n"), with_lines(text, "", "<br>"),
          with_lines(text, "* ", "\n"), with_lines("Hi\n" + text, "", "\r"), "Hello " + text,
          "\7\n" + text, in_utf16("\n" + text, true),
          "\xff\xfe" + in_utf16("Hello there, \n" + text, false)})
      is_encrypted(variant);
  }
}

TEST(Text, OneOddByteAnywhere) {
  const std::string text = "Hello Bob,\r\n\r\n" + armored("PGP MESSAGE", encrypted) + "\r\nBye\r\n";
  for (char byte : {'\0', '\1', '\7', '\x7f', '\x1b'}) {
    for (std::size_t at = 0; at < text.size(); at += 3)
      CHECK_TEXT(read(with_byte_at(text, at, byte)).classes.has(MessageClass::pgp_encrypted),
                 with_byte_at(text, at, '#').c_str());
  }
}

TEST(Text, WhoQuotesHasWordsOfHisOwn) {
  const std::string text = armored("PGP MESSAGE", encrypted);
  for (const char *prefix : {"bob> ", "12: ", "[12:03] <bob> ", "% ", "// ", "   3  "})
    is_encrypted(with_lines("Hello\n" + text, prefix, "\n"));
}

TEST(Text, InEbcdic) {
  is_encrypted(
      "\xc8\x89\x25\x60\x60\x60\x60\x60\xc2\xc5\xc7\xc9\xd5\x40\xd7\xc7\xd7\x40\xd4\xc5\xe2"
      "\xe2\xc1\xc7\xc5\x60\x60\x60\x60\x60\x25\x25\x91\xc1\xf0\xc5");
}

TEST(Text, WhatAnyoneCanReadIsNotEncrypted) {
  is_plain(armored("PGP MESSAGE", literal));
  STRCMP_EQUAL("pgp-signed", classes("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n" +
                                     armored("PGP SIGNATURE", "iQEz\n"))
                                 .c_str());
  is_encrypted("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" +
               with_lines(armored("PGP MESSAGE", encrypted), "- ", "\n"));
}

TEST(Text, ALineOfASignatureIsNoMessage) {
  // A signature whose second line looks like a session key packet.
  std::string packet = std::string("\xc2\xff\0\0\0\x90\4\0\1\x0a\0\0", 12) + std::string(36, 's') +
                       std::string("\x84\x20\3", 3) + std::string(99, 's');
  const std::string lines = base64(packet);
  std::string narrow;
  for (char c : lines) {
    if (c == '\r' || c == '\n')
      continue;
    narrow += c;
    if (narrow.size() % 65 == 64)
      narrow += '\n';
  }
  is_plain(armored("PGP SIGNATURE", narrow + "\n"));
}

TEST(Text, WithoutSenseTheLabelCounts) {
  is_encrypted(armored("PGP MESSAGE", "abc\n"));
  // Somebody writes about it.
  is_plain("-----BEGIN PGP MESSAGE-----\n");
  is_plain("-----BEGIN PGP MESSAGE-----\nand then come letters, up to\n"
           "-----END PGP MESSAGE-----\n");
  is_plain("<p>-----BEGIN PGP MESSAGE-----</p>");
  is_plain(armored("PGP MESSAGE", "...\n") + armored("PGP MESSAGE", "[encrypted text here]\n"));
  is_plain("It says -----BEGIN PGP MESSAGE----- there.\n");
  is_plain(armored("PGP PUBLIC KEY BLOCK", "abcd\n"));
  is_plain("Begin with BEGIN, and end with -- END.\n");
  is_plain(armored("CERTIFICATE", "MIIB\n") + armored("ENCRYPTED PRIVATE KEY", "MIIB\n"));
}

TEST(Text, CmsUnderAnyLabel) {
  std::string cms = read_data("enveloped.eml");
  cms.erase(0, cms.find("\r\n\r\n") + 4);
  for (const char *words : {"PKCS7", "CMS", "PKCS #7 SIGNED DATA", "ENCRYPTED MESSAGE",
                            "SIGNED MESSAGE", "CMS OBJECT", "ANYTHING"}) {
    for (const std::string &text :
         {armored(words, cms), with_lines("Hi\n" + armored(words, cms), "> ", "\n"),
          with_lines("Hi\n" + armored(words, cms), "[12:03] <bob> ", "\n"),
          "see " + armored(words, cms)})
      STRCMP_EQUAL_TEXT("encrypted", classes(text).c_str(), words);
  }
  STRCMP_EQUAL("encrypted", classes(cms).c_str());
  STRCMP_EQUAL("malformed", classes(armored("CMS", "abcd\n")).c_str());
}

TEST(Text, EncryptedTextOfOtherPrograms) {
  for (const std::string &text :
       {armored("AGE ENCRYPTED FILE", "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSAuLi4=\n"),
        "Hi\n" + with_lines(armored("AGE ENCRYPTED FILE", "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+\n"),
                            "> ", "\n"),
        std::string("U2FsdGVkX18Msic7E7YuKOJ7vrLQ5pXqhyTm8aB4xIg=\n"),
        std::string("Hello\r\n\r\nU2FsdGVkX18Msic7E7YuKOJ7vrLQ5pXqhyTm8aB4xIg=\r\n"),
        std::string("$ANSIBLE_VAULT;1.1;AES256\n3131\n"),
        std::string("a: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    3131\n")}) {
    Report report = read(text);
    LONGS_EQUAL(1, report.uninspectable.size());
    STRCMP_EQUAL("encrypted-file", report.uninspectable.at(0).reason.c_str());
  }
}

TEST(Text, FilesThatBeginAsProgramsWriteThem) {
  using namespace std::string_literals;
  const std::string rest(200, '\x9c');
  for (const std::string &file :
       {"AES\2\0\0"s, "AES\0\7"s, "age-encryption.org/v1\n-> X25519 "s,
        "\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5"s, "\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5"s, "Salted__"s,
        "LUKS\xba\xbe\0\2"s, "\xeb\x58\x90-FVE-FS-"s, "\0GITCRYPT\0"s,
        "\xc0\xb9\x07\x2e\x4f\x93\xf1\x46\xa0\x15\x79\x2c\xa1\xd9\xe8\x21"s}) {
    for (bool labelled : {true, false}) {
      Report report = read(file + rest, labelled);
      LONGS_EQUAL(1, report.uninspectable.size());
      STRCMP_EQUAL("encrypted-file", report.uninspectable.at(0).reason.c_str());
    }
  }
  is_plain("AES is an algorithm.\n");
  is_plain("Salted peanuts\n");
}

TEST(Text, PiecesMakeNoDifference) {
  const std::string text = std::string(20000, 'x') + "\n" + armored("PGP MESSAGE", encrypted);
  for (std::size_t piece : {1U, 100U, 16384U})
    CHECK(read(text, true, piece).classes.has(MessageClass::pgp_encrypted));
}
