#include "scanner/openpgp/packets.h"

#include <string>
#include <vector>
#include <zlib.h>

#include <CppUTest/TestHarness.h>

using namespace smime;
using namespace std::string_literals;

namespace {

Bytes as_bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string number(std::uint64_t value, unsigned size) {
  std::string text;
  for (unsigned i = size; i-- > 0;)
    text += static_cast<char>(value >> (8 * i));
  return text;
}

// A packet with its length in each form that there is.
std::vector<std::string> forms_of(unsigned tag, const std::string &body) {
  std::string head(1, static_cast<char>(0xc0U | tag));
  std::vector<std::string> forms{head + "\xff" + number(body.size(), 4) + body};
  if (body.size() < 192)
    forms.push_back(head + number(body.size(), 1) + body);
  else
    forms.push_back(head + number(0xc000 + body.size() - 192, 2) + body);
  // In pieces, the last of which may be empty.
  forms.push_back(head + "\xe1" + body.substr(0, 2) + "\xe0" + body.substr(2, 1) +
                  number(body.size() - 3, 1) + body.substr(3));
  if (tag < 16) {
    for (unsigned kind = 0; kind < 3; kind++)
      forms.push_back(std::string(1, static_cast<char>(0x80U | tag << 2U | kind)) +
                      number(body.size(), 1U << kind) + body);
  }
  return forms;
}

class Written : public PacketSink {
public:
  void packet_begins(PacketTag tag) override {
    text += std::to_string(static_cast<int>(tag)) + ":";
  }
  void packet_body(Bytes bytes) override { text.append(bytes.begin(), bytes.end()); }
  void packet_ends(bool whole) override { text += whole ? ";" : "!"; }
  std::string text;
};

std::string read(const std::string &bytes, std::size_t piece) {
  Written sink;
  PacketStream stream(sink);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    stream.feed(as_bytes(bytes.substr(at, piece)));
  stream.finish();
  return sink.text + (stream.is_damaged() ? "damaged" : "");
}

const std::string session = "\x04\x09\x03\x02sixteen bytes....."s;
const std::string encrypted = "\1"s + std::string(60, 'e');
const std::string literal = "b\0\0\0\0\0text"s;

PgpGuess guess(const std::string &bytes) { return guess_openpgp(as_bytes(bytes)); }

std::string new_packet(unsigned tag, const std::string &body) { return forms_of(tag, body)[0]; }

} // namespace

TEST_GROUP(Packets){};

TEST(Packets, EveryFormOfALength) {
  for (const std::string &form : forms_of(11, "abcdefg")) {
    for (std::size_t piece : {1U, 2U, 3U, 100U}) {
      STRCMP_EQUAL("11:abcdefg;", read(form, piece).c_str());
      STRCMP_EQUAL("11:abcdefg;11:abcdefg;", read(form + form, piece).c_str());
    }
    for (std::size_t end = 1; end < form.size(); end++)
      CHECK(read(form.substr(0, end), 1).ends_with("damaged"));
  }
  std::string large(5000, 'x');
  STRCMP_EQUAL(("11:" + large + ";").c_str(), read(forms_of(11, large)[1], 33).c_str());
  // Until the end of all.
  STRCMP_EQUAL("8:abc;", read("\xa3"s + "abc", 1).c_str());
  STRCMP_EQUAL("10:;", read("\xca\0"s, 1).c_str());
  STRCMP_EQUAL("", read("", 1).c_str());
  STRCMP_EQUAL("11:abcdefg;damaged", read(forms_of(11, "abcdefg")[0] + "no packet", 4).c_str());
  STRCMP_EQUAL("damaged", read("\xc0\1x"s, 1).c_str());
}

TEST(Packets, EncryptedInEveryForm) {
  const std::string marker = "\xca\3PGP"s;
  const std::string padding = "\xd5\4abcd"s;
  const std::string unknown = "\xe9\5abcde"s;
  for (unsigned tag : {9U, 18U, 20U}) {
    for (const std::string &key : forms_of(3, session)) {
      for (const std::string &data : forms_of(tag, encrypted)) {
        if (key == forms_of(3, session)[2]) // no session key comes in pieces
          continue;
        for (const std::string &before :
             {""s, marker, padding, unknown, padding + marker + unknown})
          CHECK(guess(before + key + data) == PgpGuess::encrypted);
        CHECK(guess(key + padding + key + data) == PgpGuess::encrypted);
      }
    }
  }
  CHECK(guess(new_packet(18, encrypted)) == PgpGuess::encrypted);
  CHECK(guess(new_packet(9, encrypted)) == PgpGuess::none);
}

TEST(Packets, WhatAnyoneCanRead) {
  for (const std::string &form : forms_of(11, literal))
    CHECK(guess(form) == PgpGuess::message);
  CHECK(guess("\xcb\x0c" + literal.substr(0, 9)) == PgpGuess::message);
  const std::string one_pass = "\x90\x0d\x03\x00\x0a\x01"s + "12345678" + "\1";
  CHECK(guess(one_pass) == PgpGuess::message);
  const std::string signature = "\x04\x00\x01\x0a\0\6"s + std::string(40, 's');
  CHECK(guess(new_packet(2, signature)) == PgpGuess::other);
  CHECK(guess(new_packet(2, signature) + new_packet(11, literal)) == PgpGuess::message);
  const std::string key = "\x04\x65\x00\x00\x00\x01"s + std::string(40, 'k');
  CHECK(guess(new_packet(6, key)) == PgpGuess::other);
  CHECK(guess(new_packet(6, key) + new_packet(3, session) + new_packet(18, encrypted)) ==
        PgpGuess::encrypted);
}

TEST(Packets, CompressedByWhatComesOut) {
  std::string inside = new_packet(11, literal);
  std::string packed(200, '\0');
  uLongf size = packed.size();
  CHECK(compress(reinterpret_cast<Bytef *>(packed.data()), &size,
                 reinterpret_cast<const Bytef *>(inside.data()), inside.size()) == Z_OK);
  packed.resize(size);
  CHECK(guess("\xa3\2" + packed) == PgpGuess::message);
  CHECK(guess("\xa3\1" + packed.substr(2)) == PgpGuess::message);
  CHECK(guess("\xa3\0"s + inside) == PgpGuess::message);
  // Damaged behind what tells: a stored block, and then a block of no type.
  const std::string stored = "\0"s + static_cast<char>(inside.size()) + "\0"s +
                             static_cast<char>(~inside.size()) + "\xff" + inside;
  CHECK(guess("\xa3\1"s + stored + "\7nothing of this can be inflated") == PgpGuess::message);
  CHECK(guess("\xa3\2" + packed.substr(2)) == PgpGuess::none);
  CHECK(guess("\xa3\3" + packed) == PgpGuess::none);
  CHECK(guess("\xa3\x09" + packed) == PgpGuess::none);
  CHECK(guess("\xa3\0plain text"s) == PgpGuess::none);
}

TEST(Packets, OtherFilesAreNone) {
  for (const std::string &bytes :
       {""s, "plain text"s, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s, "\xff\xd8\xff\xe0\0\x10JFIF"s,
        "\xef\xbb\xbfText"s, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"s,
        "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"s, "\xfe\xff\0a\0b\0c"s, "\xca\xfe\xba\xbe\0\0\0\2"s,
        "\xa9 2026 by somebody"s, "\x85"s, "\xc1"s})
    CHECK_TEXT(guess(bytes) == PgpGuess::none, bytes.c_str());
}
