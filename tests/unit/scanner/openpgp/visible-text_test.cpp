#include "scanner/openpgp/visible-text.h"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

Bytes as_bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string seen(const std::string &text, std::size_t piece) {
  VisibleText visible;
  std::string result;
  for (std::size_t at = 0; at < text.size(); at += piece)
    visible.add(as_bytes(text.substr(at, piece)), result);
  visible.finish(result);
  return result;
}

} // namespace

TEST_GROUP(VisibleTextGroup){};

TEST(VisibleTextGroup, WhatIsSeen) {
  const struct {
    const char *name;
    std::string text;
    const char *seen;
  } cases[] = {
      {"as it is", "Some text\r\nin lines", "Some text\r\nin lines"},
      {"a tag", "a<b>b</b>c", "abc"},
      {"a tag that ends a line", "a<br>b<BR/>c<div class='x'>d</div>", "a\nb\nc\nd\n"},
      {"no tag", "1 < 2 > 1", "1 < 2 > 1"},
      {"a tag without an end", "a <b", "a <b"},
      {"what is looked for is no tag", "<x\n-----BEGIN>", "\nx\n-----BEGIN\n"},
      {"entities", "&#45;&#x2d;&#X2D;&#45;-&nbsp;B&shy;E&Tab;", "----- BE\t"},
      {"an entity without its end", "&#45-&#45 x", "--- x"},
      {"no entity", "a & b &amp; c &unknown; &", "a & b & c &unknown; &"},
      {"in an attribute", "<i value='-----BEGIN X&#10;ab'>", "\ni value='-----BEGIN X\nab'\n"},
      {"other dashes", "&minus;\xe2\x80\x90\xe2\x80\x94\xef\xbc\x8d", "-----"},
      {"a no-break space", "\xc2\xa0x\xe2\x80\xafy", " x y"},
      {"no width",
       "a\xe2\x80\x8b"
       "b\xef\xbb\xbf"
       "c\xc2\xad"
       "d",
       "abcd"},
      {"other letters", "\xc3\xa4\xe2\x82\xac\xe4\xb8\xad", "\xc3\xa4\xe2\x82\xac\xe4\xb8\xad"},
      {"a letter of another charset", "\xa0\xe2x", "\xa0\xe2x"},
      {"control characters",
       std::string("a\0b\7c\x7f"
                   "d",
                   7),
       "abcd"},
      {"in UTF-16", std::string("<\0b\0>\0a\0\n\0", 10), "a\n"},
  };
  for (const auto &c : cases) {
    for (std::size_t piece : {std::size_t{1}, std::size_t{3}, c.text.size()})
      STRCMP_EQUAL_TEXT(c.seen, seen(c.text, piece).c_str(), c.name);
  }
}

TEST(VisibleTextGroup, WhatIsPlainIsSeenAsItIs) {
  for (unsigned byte = 0; byte < 256; byte++) {
    for (std::size_t size : {1U, 63U, 64U, 65U, 200U}) {
      std::string text(size, 'a');
      text[size / 2] = static_cast<char>(byte);
      bool is_plain = VisibleText::look(as_bytes(text)).is_plain;
      CHECK(is_plain == ((byte >= ' ' && byte < 0x7f && byte != '<' && byte != '&') ||
                         byte == '\t' || byte == '\r' || byte == '\n'));
      CHECK(!is_plain || seen(text, size) == text);
    }
  }
}
