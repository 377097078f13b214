#include "scanner/openpgp/message.h"

#include "scanner/content/content.h"
#include "tests/unit/test-tools.h"

#include <bzlib.h>
#include <functional>
#include <string>
#include <zlib.h>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;
using namespace std::string_literals;

namespace {

Bytes as_bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string packet(unsigned tag, const std::string &body) {
  std::string length{static_cast<char>(body.size() >> 24), static_cast<char>(body.size() >> 16),
                     static_cast<char>(body.size() >> 8), static_cast<char>(body.size())};
  return std::string(1, static_cast<char>(0xc0U | tag)) + "\xff" + length + body;
}

std::string literal(const std::string &content) { return packet(11, "b\4nameDATE"s + content); }

std::string zlib(const std::string &text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  CHECK(compress(reinterpret_cast<Bytef *>(out.data()), &size,
                 reinterpret_cast<const Bytef *>(text.data()), text.size()) == Z_OK);
  return "\2" + out.substr(0, size);
}

// The same without header and checksum.
std::string zip(const std::string &text) {
  std::string out = zlib(text);
  return "\1" + out.substr(3, out.size() - 7);
}

std::string bzip2(const std::string &text) {
  auto size = static_cast<unsigned>(text.size() + text.size() / 50 + 1000);
  std::string out(size, '\0');
  CHECK(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char *>(text.data()),
                                 static_cast<unsigned>(text.size()), 9, 0, 0) == BZ_OK);
  return "\3" + out.substr(0, size);
}

const std::string one_pass = packet(4, "\x03\x00\x0a\x01"
                                       "12345678\1"s);
const std::string signature = packet(2, "\x04\x00\x01\x0a\0\0\0\0"s + std::string(40, 's'));
const std::string session = packet(3, "\x04\x09\x03\x02sixteen bytes"s);
const std::string encrypted = packet(18, "\1" + std::string(60, 'e'));
const std::string locked = std::string("PK\3\4\x14\0\1\0\0\0", 10) + std::string(100, 'x');

} // namespace

TEST_GROUP(PgpMessageGroup) {
  Limits limits;

  Report read(const std::string &bytes, std::size_t piece = 100000) {
    Inspection inspection(limits, test_tools());
    {
      Place place;
      place.path = "2";
      Content content(inspection, place);
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        content.feed(as_bytes(bytes.substr(at, piece)));
      content.finish();
    }
    return inspection.finish(bytes.size());
  }
  // The classes, and the reasons why something was not looked into.
  std::string outcome(const std::string &bytes, std::size_t piece = 100000) {
    Report report = read(bytes, piece);
    std::string text = join_class_names(report.classes);
    for (const Uninspectable &part : report.uninspectable)
      text += " " + part.path + ":" + part.reason;
    return text;
  }
  void reads(const char *expected, const std::string &bytes) {
    for (std::size_t piece : {1U, 50U, 100000U})
      STRCMP_EQUAL(expected, outcome(bytes, piece).c_str());
  }
};

TEST(PgpMessageGroup, WhatAnyoneCanReadIsOpened) {
  const std::string kinds[] = {literal(locked),
                               packet(10, "PGP") + literal(locked),
                               packet(21, "padding") + literal(locked),
                               packet(8, "\0"s + literal(locked)),
                               packet(8, zip(literal(locked))),
                               packet(8, zlib(literal(locked))),
                               packet(8, bzip2(literal(locked))),
                               packet(8, zlib(packet(8, bzip2(literal(locked)))))};
  for (const std::string &bytes : kinds) {
    reads("encrypted-archive 2/1:encrypted-archive", bytes);
    reads("pgp-signed encrypted-archive 2/1:encrypted-archive", one_pass + bytes + signature);
    reads("pgp-signed encrypted-archive 2/1:encrypted-archive", signature + bytes);
  }
  reads("pgp-signed", one_pass + literal("Hello") + signature);
  reads("pgp-signed", packet(8, zip(one_pass + literal("Hello") + signature)));
  reads("plain", literal("Hello"));
  reads("plain", literal(""));
  reads("plain", signature);
}

TEST(PgpMessageGroup, EncryptedWhereverItIs) {
  const char *expected = "pgp-encrypted 2:pgp-encrypted";
  reads(expected, session + encrypted);
  reads(expected,
        packet(21, std::string(3000, 'p')).substr(0, 0) + packet(10, "PGP") + session + encrypted);
  reads(expected, packet(8, zlib(session + encrypted)));
  reads(expected, literal("Hello") + session + encrypted);
  reads("pgp-encrypted 2:pgp-encrypted", signature + session + encrypted);
}

TEST(PgpMessageGroup, DamageIsNamed) {
  std::string whole = packet(8, zlib(literal(std::string(500, 'a') + "b")));
  reads("plain 2:malformed", whole.substr(0, whole.size() - 3));
  reads("plain 2:malformed", literal("Hello") + "no packet");
  std::string changed = whole;
  changed[changed.size() - 2] ^= 1; // the checksum
  reads("plain 2:malformed", changed);
  reads("plain 2:unsupported-compression",
        one_pass.substr(0, 0) + literal("x") + packet(8, "\x09what"));
}

TEST(PgpMessageGroup, ABombMeetsTheBound) {
  limits.max_expanded_size = 1000000;
  STRCMP_EQUAL(
      "malformed 2:limit-exceeded",
      outcome(packet(8, zlib(packet(8, bzip2(literal(std::string(3000000, 'a'))))))).c_str());
  limits.max_expanded_size = 100000000;
  std::string nested = literal("x");
  for (int i = 0; i < 40; i++)
    nested = packet(8, "\0"s + nested);
  STRCMP_EQUAL("malformed 2:limit-exceeded", outcome(nested).c_str());
}
