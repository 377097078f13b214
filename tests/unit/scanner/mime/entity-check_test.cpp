#include "scanner/mime/entity-check.h"

#include <algorithm>
#include <ctime>
#include <random>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

bool is_well_formed(std::string_view text, std::size_t step = 100000) {
  static const Limits limits;
  EntityCheck check(limits);
  for (std::size_t at = 0; at < text.size(); at += step)
    check.feed(bytes_of(text.substr(at, step)));
  check.finish();
  return check.is_well_formed();
}

const std::string text_part = "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
                              "e\r\n";
const std::string base64_part = "Content-Type: application/pdf; name=\"a.pdf\"\r\n"
                                "Content-Transfer-Encoding: base64\r\n"
                                "Content-Disposition: attachment;\r\n filename=\"a.pdf\"\r\n\r\n"
                                "QUJDQUJDQUJDQUJD\r\nQUJDQQ==\r\n";

std::string mixed(const std::string &one, const std::string &other,
                  const std::string &end = "--b=_1--\r\n") {
  return "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"b=_1\"\r\n\r\n"
         "This is a multi-part message in MIME format.\r\n--b=_1\r\n" +
         one + "\r\n--b=_1\r\n" + other + "\r\n" + end;
}

// What honest software makes.
std::vector<std::pair<const char *, std::string>> honest() {
  std::string lf = mixed(text_part, base64_part);
  for (std::size_t at; (at = lf.find("\r\n")) != std::string::npos;)
    lf.erase(at, 1);
  using namespace std::string_literals;
  return {
      {"openssl -text", "Content-Type: text/plain\r\n\r\nhello\r\n"},
      {"no line end at the end", "Content-Type: text/plain\r\n\r\nhello"},
      {"8bit text", text_part},
      {"sloppy 8bit text", "Content-Type: text/plain; charset=UTF-8\r\n\r\nGr\xc3\xbc\xc3\x9f"
                           "e\r\n"},
      {"attachment", base64_part},
      {"mixed", mixed(text_part, base64_part)},
      {"mixed, with an epilogue", mixed(text_part, base64_part, "--b=_1--\r\n\r\nend\r\n")},
      {"mixed, without a last line end", mixed(text_part, base64_part, "--b=_1--")},
      {"mixed in mixed",
       mixed("Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n" + text_part +
                 "\r\n--i\r\nContent-Type: text/html\r\n\r\n<b>\r\n"
                 "--i--\r\n",
             base64_part)},
      {"line feeds", lf},
      {"protected header", "Content-Type: text/plain; protected-headers=\"v1\"\r\n"
                           "From: a@example.org\r\nSubject: =?utf-8?q?=C3=A4?=\r\n\r\nx\r\n"},
      {"quoted-printable",
       "Content-Type: text/plain; charset=iso-8859-1\r\n"
       "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4 soft=\r\n end\r\n"},
      {"binary", "Content-Type: application/octet-stream\r\n"
                 "Content-Transfer-Encoding: binary\r\n\r\n\0\x01\xff\r\r\n"s},
      {"forwarded", mixed("Content-Type: message/rfc822\r\n\r\nFrom: b@example.org\r\nSubject: "
                          "\xc3\xa4\r\n\r\nbody\r\n",
                          base64_part)},
      {"no body", "Content-Type: text/plain\r\n\r\n"},
  };
}

std::int64_t processor_time() {
  timespec now{};
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// The least of some, which is nearest to the work itself.
std::int64_t time_of_check(const std::string &text) {
  std::int64_t least = INT64_MAX;
  for (int round = 0; round < 5; round++) {
    auto begin = processor_time();
    (void)is_well_formed(text);
    least = std::min(least, processor_time() - begin);
  }
  return least;
}

} // namespace

TEST_GROUP(EntityCheck){};

TEST(EntityCheck, HonestMail) {
  for (const auto &[name, text] : honest()) {
    CHECK_TEXT(is_well_formed(text), name);
    for (std::size_t step : {1, 7, 64})
      CHECK_TEXT(is_well_formed(text, step), name);
  }
}

TEST(EntityCheck, Faults) {
  using namespace std::string_literals;
  const std::vector<std::pair<const char *, std::string>> cases{
      {"nothing", ""},
      {"no header", "hello\r\n"},
      {"no type", "Subject: x\r\n\r\nhello\r\n"},
      {"an empty header", "\r\nhello\r\n"},
      {"no end of header", "Content-Type: text/plain\r\n"},
      {"DER", "\x30\x80\x06\x09"s},
      {"a line that is no field", "Content-Type: text/plain\r\nno field\r\n\r\nx\r\n"},
      {"blank before the colon", "Content-Type : text/plain\r\n\r\nx\r\n"},
      {"control in a value", "Content-Type: text/plain\r\nX: \x01\r\n\r\nx\r\n"},
      {"NUL in a value", "Content-Type: text/plain\r\nX: \0\r\n\r\nx\r\n"s},
      {"no UTF-8 in a value", "Content-Type: text/plain\r\nX: \xe4\r\n\r\nx\r\n"},
      {"CR in a value", "Content-Type: text/plain\r\nX: a\rb\r\n\r\nx\r\n"},
      {"a type that is none", "Content-Type: ?\r\n\r\nx\r\n"},
      {"two types", "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n"},
      {"a type twice", "Content-Type: text/plain\r\nContent-Type: text/plain\r\n\r\nx\r\n"},
      {"two encodings", "Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\nx\r\n"},
      {"two charsets", "Content-Type: text/plain; charset=utf-8; charset=x\r\n\r\nx\r\n"},
      {"unknown encoding", "Content-Type: text/plain\r\nContent-Transfer-Encoding: x\r\n\r\nx\r\n"},
      {"8 bit in 7", "Content-Type: text/plain\r\n\r\n\xc3\xa4\r\n"},
      {"not of the charset", "Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n"},
      {"cut in a character", "Content-Type: text/plain; charset=utf-8\r\n\r\n\xc3"},
      {"NUL", "Content-Type: text/plain\r\n\r\n\0"s},
      {"no boundary parameter", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"},
      {"no part", "Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n--b--\r\n"},
      {"not closed", mixed(text_part, base64_part, "")},
      {"closed by half", mixed(text_part, base64_part, "--b=_1-\r\n")},
      {"a boundary that goes on",
       mixed(text_part, base64_part, "--b=_1 x\r\n\r\nx\r\n--b=_1--\r\n")},
      {"bytes in the preamble", mixed(text_part, base64_part).replace(100, 1, "\xff")},
      {"bytes in the epilogue", mixed(text_part, base64_part, "--b=_1--\r\n\x01")},
      {"encoded multipart",
       "Content-Transfer-Encoding: base64\r\n" + mixed(text_part, base64_part)},
      {"wrong part", mixed(text_part, base64_part + "!\r\n")},
      {"wrong header of a part", mixed("x\x01: y\r\n" + text_part, base64_part)},
  };
  for (const auto &[name, text] : cases) {
    CHECK_TEXT(!is_well_formed(text), name);
    CHECK_TEXT(!is_well_formed(text, 1), name);
  }
}

TEST(EntityCheck, OverTheBounds) {
  Limits limits;
  limits.max_parts = 2;
  EntityCheck check(limits);
  check.feed(bytes_of(mixed(text_part, base64_part)));
  check.finish();
  CHECK_FALSE(check.is_well_formed());
}

// What a changed block of ciphertext becomes: 16 random bytes, anywhere but in binary
// content, of which nothing can be told.
TEST(EntityCheck, RandomBlocks) {
  std::mt19937 random(20261124);
  unsigned passed = 0;
  unsigned tried = 0;
  for (const auto &[name, text] : honest()) {
    if (std::string_view(name) == "binary")
      continue;
    for (std::size_t at = 0; at + 16 <= text.size(); at += 16) {
      for (int round = 0; round < 20; round++) {
        std::string changed = text;
        for (std::size_t i = 0; i < 16; i++)
          changed[at + i] = static_cast<char>(random());
        passed += is_well_formed(changed);
        tried++;
      }
    }
  }
  CHECK(tried > 2000);
  LONGS_EQUAL(0, passed);
}

// All of it is looked at, whatever is wrong and wherever, so that the time does not tell. In
// processor time; a way out at the first fault takes next to none.
TEST(EntityCheck, TheSameWork) {
  std::string text = text_part;
  while (text.size() < 1000000)
    text += "A line of some text that goes on and on, up to the end of the line.\r\n";
  auto whole = time_of_check(text);
  for (std::size_t at : {std::size_t{3}, std::size_t{200}, text.size() / 2, text.size() - 20}) {
    std::string changed = text;
    changed.replace(at, 16, "\x01\xff\x80\x02\x1f\x7f\xfe\xc0\x01\xff\x80\x02\x1f\x7f\xfe\xc0");
    CHECK_FALSE(is_well_formed(changed));
    auto time = time_of_check(changed);
    std::string told =
        std::to_string(at) + ": " + std::to_string(time) + " of " + std::to_string(whole);
    CHECK_TEXT(time < 2 * whole && whole < 2 * time, told.c_str());
  }
}
