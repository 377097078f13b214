#include "common/sha256.h"

#include <CppUTest/TestHarness.h>
#include <string_view>

using namespace smime;

namespace {

std::span<const unsigned char> bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string digest(std::string_view text, std::size_t piece, LineEnds *ends = nullptr) {
  CanonicalSha256 sha256;
  for (std::size_t at = 0; at < text.size(); at += piece)
    sha256.update(bytes(text.substr(at, piece)));
  std::string result = to_hex(sha256.result());
  if (ends != nullptr)
    *ends = sha256.line_ends();
  return result;
}

std::string plain_digest(std::string_view text) {
  Sha256 sha256;
  sha256.update(bytes(text));
  return to_hex(sha256.result());
}

} // namespace

TEST_GROUP(Sha256){};

TEST(Sha256, KnownAnswer) {
  // FIPS 180-2 appendix B.1
  STRCMP_EQUAL("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
               plain_digest("abc").c_str());
}

TEST(Sha256, CanonicalFormWhateverThePieces) {
  struct Case {
    std::string_view text;
    std::string_view canonical;
  };
  using namespace std::string_view_literals;
  for (const Case &c :
       {Case{"", ""}, Case{"a", "a"}, Case{"a\nb\n", "a\r\nb\r\n"},
        Case{"a\r\nb\r\n", "a\r\nb\r\n"}, Case{"\n\n", "\r\n\r\n"}, Case{"a\r\r\nb", "a\r\nb"},
        Case{"a\rb", "a\rb"}, Case{"a\rb\r", "a\rb"}, Case{"\r\r\r", ""}, Case{"a\n\r\r", "a\r\n"},
        Case{"\r\r\n\r\n\n", "\r\n\r\n\r\n"}, Case{"a\0b\n"sv, "a\0b\r\n"sv}}) {
    for (std::size_t piece : {1, 2, 3, 100})
      STRCMP_EQUAL(plain_digest(c.canonical).c_str(), digest(c.text, piece).c_str());
  }
}

TEST(Sha256, LongInputsPassTheBuffer) {
  std::string lf;
  std::string crlf;
  for (int i = 0; i < 5000; i++) {
    lf += std::string(static_cast<std::size_t>(i % 90), 'x') + "\n";
    crlf += std::string(static_cast<std::size_t>(i % 90), 'x') + "\r\n";
  }
  std::string run(100000, 'y');
  for (std::size_t piece : {7, 8192, 1000000}) {
    STRCMP_EQUAL(plain_digest(crlf + run).c_str(), digest(lf + run, piece).c_str());
    STRCMP_EQUAL(plain_digest(crlf + run).c_str(), digest(crlf + run, piece).c_str());
  }
}

TEST(Sha256, LineEndsAreTold) {
  using namespace std::string_view_literals;
  for (std::size_t piece : {1, 100}) {
    LineEnds ends;
    (void)digest("a\r\nb\r\n", piece, &ends);
    CHECK(ends.crlf && !ends.bare_lf && !ends.doubled_cr && !ends.nul);
    (void)digest("a\nb\0"sv, piece, &ends);
    CHECK(!ends.crlf && ends.bare_lf && !ends.doubled_cr && ends.nul);
    (void)digest("a\r\r\n", piece, &ends);
    CHECK(!ends.crlf && !ends.bare_lf && ends.doubled_cr && !ends.last_cr);
    (void)digest("a\rb\r\n", piece, &ends);
    CHECK(!ends.last_cr);
    (void)digest("a\r\nb\r", piece, &ends);
    CHECK(ends.crlf && !ends.doubled_cr && ends.last_cr);
  }
}

TEST(Sha256, HexAndBack) {
  Digest digest;
  for (std::size_t at = 0; at < digest.size(); at++)
    digest[at] = static_cast<unsigned char>(at * 7 + 9);
  std::string hex = to_hex(digest);
  CHECK(digest_from_hex(hex) == digest);
  CHECK_FALSE(digest_from_hex(""));
  CHECK_FALSE(digest_from_hex(hex.substr(1)));
  CHECK_FALSE(digest_from_hex(hex + "0"));
  hex[3] = 'g';
  CHECK_FALSE(digest_from_hex(hex));
  hex[3] = 'A';
  CHECK_FALSE(digest_from_hex(hex));
}
