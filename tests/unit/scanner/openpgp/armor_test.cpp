#include "scanner/openpgp/armor.h"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

// Writes down what was found.
class Found : public ArmorSink {
public:
  bool armor_begins(const ArmorLabel &label) override {
    text += "[" + label.words + (label.at_line_start ? "" : "?") + ":";
    return label.words != "PGP SIGNED MESSAGE";
  }
  void armor_line() override {}
  void armor_payload(Bytes base64) override { text.append(base64.begin(), base64.end()); }
  void armor_word(Bytes base64) override { words.emplace_back(base64.begin(), base64.end()); }
  void armor_ends() override { text += "]"; }
  void mark_found(TextMark) override { marks++; }

  std::string text;
  std::vector<std::string> words;
  int marks = 0;
};

Bytes as_bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

Found find(const std::string &text, std::size_t piece) {
  Found found;
  ArmorFinder finder(found);
  for (std::size_t at = 0; at < text.size(); at += piece)
    finder.feed(as_bytes(text.substr(at, piece)));
  finder.finish();
  return found;
}

void finds(const char *expected, const std::string &text) {
  for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100000}})
    STRCMP_EQUAL_TEXT(expected, find(text, piece).text.c_str(), text.substr(0, 300).c_str());
}

const std::string payload = "hQEMA4iQigeZEl+OAQgAkb+mFHIdp30Imon+7Vdh5KC6A7RQz8SOmef5+xsO2Y0a\n"
                            "RnYEOHaxzbIOVznKbIBMsNCmuJp2V8VQWM7rQV4W6zoun5eq7i9tjx2+hmBhgPJr\n"
                            "CC9O2FqQSuM=\n";
const std::string armor =
    "-----BEGIN PGP MESSAGE-----\n\n" + payload + "=MVCB\n-----END PGP MESSAGE-----\n";
const std::string expected =
    "[PGP MESSAGE:hQEMA4iQigeZEl+OAQgAkb+mFHIdp30Imon+7Vdh5KC6A7RQz8SOmef5+xsO2Y0a"
    "RnYEOHaxzbIOVznKbIBMsNCmuJp2V8VQWM7rQV4W6zoun5eq7i9tjx2+hmBhgPJr"
    "CC9O2FqQSuM=]";

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

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), by), at += by.size();
  return text;
}

} // namespace

TEST_GROUP(Armor){};

TEST(Armor, EveryDecorationInEveryPlace) {
  const std::vector<std::string> armors{
      armor,
      with_lines(armor, "", "\r\n"),
      with_lines(armor, "", "\r"),
      with_lines(armor, "", " \t\r\n"),
      with_lines(armor, "> ", "\r\n"),
      with_lines(armor, "* ", "\n"),
      with_lines(armor, "> > | ", "\n"),
      with_lines(armor, "\xc2\xa0\xc2\xa0", "\n"),
      with_lines(armor, "\xa0", "\n"),
      with_lines(armor, "\xe2\x80\x8b", "\n"),
      with_lines(armor, "", "<br>"),
      with_lines(armor, "", "<br />\r\n"),
      with_lines(armor, "<div>", "</div>"),
      with_lines(armor, "<p><span class=\"x\">", "</span></p>"),
      with_lines(armor, "&nbsp;", "\n"),
      with_lines(armor, "&gt; ", "\n"),
      replaced(replaced(armor, "-----BEGIN", "- -----BEGIN"), "-----END", "- -----END"),
      replaced(armor, "-", "&#45;"),
      replaced(armor, "PGP", "PG\7P"),
      replaced(armor, "BEGIN PGP", "BEGIN\xc2\xa0PGP"),
      replaced(armor, "BEGIN PGP", "BEGIN<i> </i>PGP"),
      replaced(armor, "+", "&#x2b;"),
      replaced(armor, "MESSAGE-----\n\n", "MESSAGE-----\nVersion: GnuPG v2\nComment: x\n\n"),
      replaced(armor, "MESSAGE-----\n\n", "MESSAGE----- "),
      replaced(armor, "=MVCB\n", ""),
      replaced(armor, "\n", " "),
      with_lines(armor, "", std::string("\0\n", 2)),
      "\xef\xbb\xbf" + armor,
  };
  const std::vector<std::string> befores{"",
                                         "Hello,\n",
                                         "Hello\r",
                                         "<html><body>Hi<br>",
                                         std::string(300, 'x') + "\n",
                                         std::string(40000, 'y') + "\n",
                                         "\xe4\xb8\xad\xe6\x96\x87\n",
                                         "\7\n",
                                         std::string("\0\n", 2),
                                         "-----BEGIN\n",
                                         "-----BEGIN X\n",
                                         "-- \n"};
  for (const std::string &before : befores) {
    for (const std::string &text : armors)
      finds(expected.c_str(), before + text);
  }
}

TEST(Armor, BehindTextOnItsLineIsNoLineStart) {
  finds(("[PGP MESSAGE?:" + expected.substr(expected.find(':') + 1)).c_str(), "Hello " + armor);
  finds("[PGP MESSAGE?:]", "It says -----BEGIN PGP MESSAGE-----");
}

TEST(Armor, Labels) {
  finds("[PGP MESSAGE, PART 1/2:abcd]", "-----BEGIN PGP MESSAGE, PART 1/2-----\n\nabcd\n");
  finds("[PGP ARMORED FILE:abcd]", "-----BEGIN PGP ARMORED FILE-----\n\nabcd\n");
  finds("[CMS OBJECT:MIIB]", "-----BEGIN CMS OBJECT-----\nMIIB\n-----END CMS OBJECT-----\nmore\n");
  finds(
      "[PGP SIGNED MESSAGE:[PGP MESSAGE:abcd]",
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -----BEGIN PGP MESSAGE-----\n\nabcd\n"
      "- -----END PGP MESSAGE-----\n");
  finds("[A:ab][B:cd]", "-----BEGIN A-----\nab\n-----BEGIN B-----\ncd\n");
  for (const char *none :
       {"BEGIN PGP MESSAGE", "-----BEGIN", "-----BEGIN -----", "-----BEGINNING-----",
        "-----BEGIN PGP MESSAGE", "-BEGIN PGP MESSAGE-----"})
    finds("", none);
}

TEST(Armor, ALongLineIsReadInPieces) {
  std::string line(100000, 'A');
  finds(("[X:" + line + "]").c_str(), "-----BEGIN X-----\n" + line + "\n-----END X-----\n");
  finds(("[X:" + line + "]").c_str(), "-----BEGIN X----- " + line + "-----END X-----");
}

TEST(Armor, WordsStandApart) {
  Found found = find(with_lines(armor, "12:34 bob: ", "\n"), 1000);
  CHECK(found.words.size() >= 2);
  STRCMP_EQUAL(payload.substr(0, 64).c_str(), found.words[0].c_str());
}

TEST(Armor, MarksOfOtherPrograms) {
  const std::string salted = "U2FsdGVkX18Msic7E7YuKOJ7vrLQ5pXqhyTm8aB4xIg=";
  for (const std::string &text :
       {salted, "Hi,\n" + salted + "\n", "> " + salted, "<p>" + salted + "</p>", "\7\n" + salted,
        std::string("$ANSIBLE_VAULT;1.1;AES256\n3131"),
        std::string("key: !vault |\n  $ANSIBLE_VAULT;1.2;"),
        std::string("pw: ENC[AES256_GCM,data:abc]"), std::string("pw: ENC[PKCS7,MIIBiQ")}) {
    for (std::size_t piece : {std::size_t{1}, std::size_t{1000}})
      CHECK_TEXT(find(text, piece).marks > 0, text.c_str());
  }
  CHECK(find("BEGIN SALTPACK ENCRYPTED MESSAGE. kcJn5brvybfNjz6", 9).marks > 0);
  for (const char *text : {"see U2FsdGVkX1 there", "U2FsdGVkX1", "the header $ANSIBLE_VAULT;1.1 is",
                           "ENC[", "SALTPACK"})
    CHECK_TEXT(find(text, 1000).marks == 0, text);
}
