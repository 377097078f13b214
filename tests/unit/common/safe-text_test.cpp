#include "common/safe-text.h"

#include <CppUTest/TestHarness.h>
#include <array>
#include <cstdint>
#include <vector>

using namespace smime;

namespace {

struct Named {
  const char *name;
  std::string (*function)(std::string_view);
};

std::string ascii(std::string_view text) { return header_ascii(text); }

const std::vector<Named> functions{
    {"terminal_text", terminal_text}, {"terminal_lines", terminal_lines},
    {"log_text", log_text},           {"mail_text", mail_text},
    {"html_text", html_text},         {"reply_text", reply_text},
    {"header_text", header_text},     {"header_ascii", ascii},
    {"header_line", header_line}};

std::string utf8(std::uint32_t code) {
  std::string text;
  if (code < 0x80)
    return {static_cast<char>(code)};
  if (code < 0x800)
    text += static_cast<char>(0xc0 | (code >> 6));
  else if (code < 0x10000)
    text += static_cast<char>(0xe0 | (code >> 12));
  else
    text += static_cast<char>(0xf0 | (code >> 18));
  if (code >= 0x10000)
    text += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
  if (code >= 0x800)
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
  return text + static_cast<char>(0x80 | (code & 0x3f));
}

bool has(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_GROUP(SafeText){};

TEST(SafeText, WhatIsReadStays) {
  const std::string text = "An invoice (R\xc3\xa9sum\xc3\xa9).pdf \xe4\xb8\xad \xf0\x9f\x94\x92";
  for (const Named &one : functions) {
    if (one.function == ascii)
      continue;
    STRCMP_EQUAL_TEXT(text.c_str(), one.function(text).c_str(), one.name);
  }
  STRCMP_EQUAL("R\\xc3\\xa9sum\\xc3\\xa9", ascii("R\xc3\xa9sum\xc3\xa9").c_str());
}

TEST(SafeText, EveryByteAlone) {
  for (unsigned byte = 0; byte < 256; byte++) {
    std::string text = "a" + std::string(1, static_cast<char>(byte)) + "b";
    bool printable = byte >= 0x20 && byte < 0x7f;
    for (const Named &one : functions) {
      std::string safe = one.function(text);
      bool is_line = byte == '\n' || byte == '\t';
      if (is_line && (one.function == terminal_lines || one.function == header_line))
        continue;
      for (unsigned char c : safe)
        CHECK_TEXT(c >= 0x20 && c < 0x7f, one.name);
      CHECK_EQUAL_TEXT(printable, !has(safe, "\\x"), one.name);
    }
  }
}

TEST(SafeText, WhatIsNotSeenOrTurnsTextRoundIsShown) {
  std::vector<std::uint32_t> codes{0x61c,  0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028,
                                   0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066,
                                   0x2067, 0x2068, 0x2069, 0xfeff, 0xad,   0xe0041};
  for (std::uint32_t code = 0x80; code < 0xa0; code++)
    codes.push_back(code);
  for (std::uint32_t code : codes) {
    for (const Named &one : functions) {
      std::string safe = one.function("a" + utf8(code) + "b");
      CHECK_TEXT(!has(safe, utf8(code)), one.name);
      CHECK_TEXT(has(safe, "a\\x") && safe.ends_with("b"), one.name);
    }
  }
}

TEST(SafeText, WhatIsNoUtf8) {
  // Overlong, a surrogate, above U+10FFFF, cut short, no beginning.
  for (const char *text : {"\xc0\x9b", "\xe0\x80\x9b", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xe2\x80", "\xf0\x9f\x94", "\x9b", "\xff"}) {
    for (const Named &one : functions) {
      for (unsigned char c : one.function(text))
        CHECK_TEXT(c < 0x7f, one.name);
    }
  }
  STRCMP_EQUAL("\\xe2\xc3\xa4", terminal_text("\xe2\xc3\xa4").c_str());
}

TEST(SafeText, LinesStayWhereThereAreLines) {
  STRCMP_EQUAL("a\tb\nc\r\nd\\x0de", terminal_lines("a\tb\nc\r\nd\re").c_str());
  STRCMP_EQUAL("a\\x09b\\x0ac\\x0d\\x0ad", terminal_text("a\tb\nc\r\nd").c_str());
}

TEST(SafeText, TwiceIsOnce) {
  for (const char *text : {"\x1b[0m", "\\x1b", "a\\b", "\xff\\"}) {
    STRCMP_EQUAL(terminal_text(text).c_str(), terminal_text(terminal_text(text)).c_str());
    STRCMP_EQUAL(log_text(text).c_str(), log_text(terminal_text(text)).c_str());
  }
}

TEST(SafeText, AHeaderValueComesBack) {
  for (const char *text :
       {"\x1b\\x1b", "\\x5cx1b", "\\", "\\x", "\\x1", "\\xGG", "\\X1b", "C:\\temp"})
    STRCMP_EQUAL(text, text_of_header(header_text(text)).c_str());
  STRCMP_EQUAL("C:\\temp", header_text("C:\\temp").c_str());
}

TEST(SafeText, MarkupIsNone) {
  STRCMP_EQUAL("&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;",
               html_text("<a href=\"x\" b='y'>&").c_str());
}

TEST(SafeText, AReplyHasNoCodeOfOurs) {
  STRCMP_EQUAL("\\x5bALERT] x", reply_text("[ALERT] x").c_str());
  STRCMP_EQUAL("a [b]", reply_text("a [b]").c_str());
}

TEST(SafeText, LongTextIsCutBetweenCharacters) {
  std::string text;
  while (text.size() < 3 * max_log_text)
    text += "\xe2\x82\xac\x1b";
  struct Bound {
    std::string (*function)(std::string_view);
    std::size_t most;
  };
  for (const Bound &bound : std::initializer_list<Bound>{{log_text, max_log_text},
                                                         {mail_text, max_mail_text},
                                                         {reply_text, max_reply_text},
                                                         {ascii, max_mail_text},
                                                         {header_line, max_header_line}}) {
    std::string cut = bound.function(text);
    CHECK(cut.ends_with("..."));
    CHECK(cut.size() <= bound.most + 3);
    CHECK(cut.size() > bound.most - 16);
    std::string whole = cut.substr(0, cut.size() - 3);
    CHECK(terminal_text(whole) == whole);
  }
  CHECK(terminal_text(text).size() > text.size());
}
