// Bytes that stand in text as base64 or as digits, in pieces of any size.
#include "scanner/content/encoded-text.h"

#include "scanner/base/scan-limits.h"
#include "tests/unit/test-tools.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;
using namespace std::string_literals;

namespace {

std::string chance(std::size_t size) {
  std::mt19937 numbers(25);
  std::string bytes;
  for (std::size_t i = 0; i < size; i++)
    bytes += static_cast<char>(numbers() & 0xffU);
  return bytes;
}

std::string hex(const std::string &bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : bytes)
    (text += digits[byte >> 4U]) += digits[byte & 15U];
  return text;
}

std::string lines(const std::string &text, std::size_t width, const std::string &end) {
  std::string all;
  for (std::size_t at = 0; at < text.size(); at += width)
    all += text.substr(at, width) + end;
  return all;
}

const std::string words = "Some words of a letter, and what goes with it: "s;

std::string many_words() {
  std::string text;
  for (unsigned i = 0; i < 40; i++)
    text += words;
  return text;
}

} // namespace

TEST_GROUP(EncodedTexts) {
  Limits limits;

  std::string look(const std::string &text, std::size_t piece) {
    Inspection inspection(limits, test_tools());
    Place place;
    place.path = "1";
    std::string found;
    {
      EncodedText encoded(inspection, place, UnreadPieces::Of::text);
      for (std::size_t at = 0; at < text.size(); at += piece) {
        std::string part = text.substr(at, piece);
        encoded.feed({reinterpret_cast<const unsigned char *>(part.data()), part.size()});
      }
      encoded.finish();
      found = encoded.looks_encrypted() ? "encrypted" : encoded.has_sealed() ? "sealed" : "";
    }
    for (const Uninspectable &part : inspection.finish(text.size()).uninspectable)
      found += part.reason;
    return found;
  }

  // The same in pieces of any size.
  std::string found_in(const std::string &text) {
    std::string whole = look(text, text.size());
    for (std::size_t piece : {1U, 700U, 5000U})
      STRCMP_EQUAL_TEXT(whole.c_str(), look(text, piece).c_str(), text.substr(0, 80).c_str());
    return whole;
  }
};

TEST(EncodedTexts, EncryptedBytesAreSeen) {
  std::string bytes = chance(6000);
  for (const std::string &encoded :
       {base64(bytes), lines(base64(bytes), 76, "\r\n"), lines(base64(bytes), 64, "\n"), hex(bytes),
        lines(hex(bytes), 64, "\n")}) {
    for (const std::string &before : {""s, many_words(), "Hello\n\n"s, "key = \""s})
      STRCMP_EQUAL_TEXT("encrypted", found_in(before + encoded + "\"\n" + many_words()).c_str(),
                        before.c_str());
  }
}

TEST(EncodedTexts, OrdinaryTextsAreNot) {
  std::string name(60'000, 'a');
  for (std::size_t i = 0; i < name.size(); i++)
    name[i] = static_cast<char>('a' + i * i % 23);
  for (const std::string &text :
       {many_words(), name, lines(name, 9, "\n"), lines(base64(many_words()), 76, "\n"),
        lines(hex(many_words() + many_words() + many_words()), 76, "\n"), base64(chance(3000)),
        lines(base64(chance(1500)), 64, "\n-----END\n-----BEGIN\n"), base64("wOF2" + chance(9000)),
        base64("\x78\x9c" + chance(9000)), base64("\x89PNG\r\n\x1a\n" + chance(9000))})
    STRCMP_EQUAL_TEXT("", found_in(text).c_str(), text.substr(0, 80).c_str());
}

TEST(EncodedTexts, WhatTheBytesAreIsLookedInto) {
  std::string salted = "Salted__" + chance(1200);
  for (const std::string &before : {""s, many_words(), "Hello\n\n"s, "Version: GnuPG\r\n\r\n"s})
    STRCMP_EQUAL_TEXT("sealed",
                      found_in(before + lines(base64(salted), 64, "\r\n") + "=\n").c_str(),
                      before.c_str());
  // A message of OpenPGP: a session key, and data behind it.
  std::string message = "\x8c\x0d\4\x09\3\x08"s + chance(8) + "\xff\xd2\xc0\x80\1"s + chance(900);
  STRCMP_EQUAL("sealed", found_in(lines(base64(message), 64, "\n")).c_str());
}
