#include "scanner/cms/content-digests.h"

#include "common/sha256.h"

#include <CppUTest/TestHarness.h>
#include <array>
#include <openssl/evp.h>
#include <string>

using namespace smime;

namespace {

Bytes bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

// What the chain has for that digest.
std::string digest_in(const ContentDigests &digests, int nid) {
  for (BIO *at = digests.chain(); at != nullptr; at = BIO_next(at)) {
    EVP_MD_CTX *context = nullptr;
    if (BIO_method_type(at) != BIO_TYPE_MD || BIO_get_md_ctx(at, &context) <= 0 ||
        EVP_MD_get_type(EVP_MD_CTX_get0_md(context)) != nid)
      continue;
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned size = 0;
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    EVP_MD_CTX_copy_ex(copy, context);
    EVP_DigestFinal_ex(copy, value.data(), &size);
    EVP_MD_CTX_free(copy);
    return {reinterpret_cast<const char *>(value.data()), size};
  }
  return {};
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), value.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char *>(value.data()), size};
}

// As the plugin computes it of a protected part.
std::string digest_of(std::string_view text) {
  CanonicalSha256 sha256;
  sha256.update(bytes(text));
  return to_hex(sha256.result());
}

struct Lines {
  std::string_view text;
  std::string_view canonical;
};

const Lines lines[] = {
    {"", ""},
    {"\n", "\r\n"},
    {"\r\n", "\r\n"},
    {"\r", "\r"},
    {"\r\r\n", "\r\r\n"},
    {"\n\n", "\r\n\r\n"},
    {"\n\r\n\n", "\r\n\r\n\r\n"},
    {"a\nb\r\nc\rd\n\re", "a\r\nb\r\nc\rd\r\n\re"},
    {"\r\n\r", "\r\n\r"},
    {"no end", "no end"},
    {std::string_view("\0\n\0", 3), std::string_view("\0\r\n\0", 4)},
};

struct Micalg {
  const char *value;
  const char *names;
};

const Micalg micalgs[] = {
    {"sha-256", "SHA256"},
    {"sha256", "SHA256"},
    {"sha1", "SHA1, SHA256"},
    {"sha-512", "SHA512, SHA256"},
    {"sha-384", "SHA384, SHA256"},
    {"md5", "MD5, SHA256"},
    {"sha1, sha-512", "SHA1, SHA512, SHA256"},
    {"sha1,sha1", "SHA1, SHA256"},
    {"x", "SHA1, SHA256, SHA384, SHA512"},
    {"", "SHA1, SHA256, SHA384, SHA512"},
    {",,,", "SHA1, SHA256, SHA384, SHA512"},
    {"sha1,md5,sha-224,sha-256,sha-384,sha-512", "SHA1, MD5, SHA224, SHA256"},
};

} // namespace

TEST_GROUP(ContentDigests){};

TEST(ContentDigests, LinesInEveryTwoPieces) {
  for (const Lines &one : lines) {
    for (std::size_t at = 0; at <= one.text.size(); at++) {
      ContentDigests digests = ContentDigests::for_micalg("sha-256");
      digests.update_lines(bytes(one.text.substr(0, at)));
      digests.update_lines({});
      digests.update_lines(bytes(one.text.substr(at)));
      CHECK_TEXT(sha256(one.canonical) == digest_in(digests, NID_sha256),
                 (std::string(one.text) + " at " + std::to_string(at)).c_str());
    }
  }
}

TEST(ContentDigests, LinesByteByByte) {
  for (const Lines &one : lines) {
    ContentDigests digests = ContentDigests::for_micalg("sha-256");
    for (std::size_t at = 0; at < one.text.size(); at++)
      digests.update_lines(bytes(one.text.substr(at, 1)));
    CHECK(sha256(one.canonical) == digest_in(digests, NID_sha256));
  }
}

// What is not in canonical form is left to who reads it again: the plugin takes
// CR CR LF for one line end, and has to know of NUL and bare LF.
TEST(ContentDigests, Sha256OfCanonicalForm) {
  for (const Lines &one : lines) {
    bool canonical = one.text == one.canonical && one.text.find("\r\r\n") == std::string::npos &&
                     one.text.find('\0') == std::string::npos && !one.text.ends_with('\r');
    for (std::size_t at = 0; at <= one.text.size(); at++) {
      ContentDigests digests = ContentDigests::for_micalg("sha-512");
      digests.update_lines(bytes(one.text.substr(0, at)));
      digests.update_lines(bytes(one.text.substr(at)));
      auto found = digests.sha256_of_canonical();
      CHECK_EQUAL(canonical, found.has_value());
      if (found)
        STRCMP_EQUAL(digest_of(one.text).c_str(), found->c_str());
    }
  }
  for (std::string_view text : {"a\r\r\n", "a\r\n\r\r\nb"}) {
    ContentDigests digests = ContentDigests::for_micalg("sha-256");
    for (std::size_t at = 0; at < text.size(); at++)
      digests.update_lines(bytes(text.substr(at, 1)));
    CHECK_FALSE(digests.sha256_of_canonical());
  }
  // Not the first of a chain, and none at all.
  ContentDigests both = ContentDigests::for_micalg("sha1");
  both.update_lines(bytes("a\r\n"));
  STRCMP_EQUAL(digest_of("a\r\n").c_str(), both.sha256_of_canonical().value_or("").c_str());
  CHECK_FALSE(ContentDigests::for_micalg("sha1,md5,sha-224,sha-384").sha256_of_canonical());
}

TEST(ContentDigests, OneThatNobodyNamed) {
  for (std::size_t size : {0U, 1U, 1000U, 1024U * 1024U, 1024U * 1024U + 1}) {
    ContentDigests digests = ContentDigests::for_micalg("sha-512");
    std::string text(size, 'x');
    digests.update(bytes(text));
    bool is_kept = size <= 1024U * 1024U;
    CHECK_EQUAL(is_kept, digests.compute(NID_sha384));
    CHECK_EQUAL(is_kept, digests.has(NID_sha384));
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), value.data(), &length, EVP_sha384(), nullptr);
    std::string expected(reinterpret_cast<const char *>(value.data()), length);
    CHECK(digest_in(digests, NID_sha384) == (is_kept ? expected : std::string()));
    // The others are as they were.
    CHECK(sha256(text) == digest_in(digests, NID_sha256));
    CHECK(digests.compute(NID_sha256));
    CHECK_FALSE(digests.compute(NID_undef));
  }
}

TEST(ContentDigests, BytesAsTheyAre) {
  ContentDigests digests = ContentDigests::for_micalg("sha-256");
  digests.update(bytes("a\nb"));
  CHECK(sha256("a\nb") == digest_in(digests, NID_sha256));
  std::string large(3 * 1024 * 1024 + 1, 'x');
  ContentDigests more = ContentDigests::for_micalg("sha-256");
  more.update(bytes(large));
  CHECK(sha256(large) == digest_in(more, NID_sha256));
}

TEST(ContentDigests, Micalg) {
  for (const Micalg &one : micalgs)
    STRCMP_EQUAL_TEXT(one.names, ContentDigests::for_micalg(one.value).names().c_str(), one.value);
}

TEST(ContentDigests, SignedData) {
  using namespace std::string_view_literals;
  static constexpr std::string_view sha512_alone =
      "\x02\x01\x01\x31\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv;
  STRCMP_EQUAL("SHA512", ContentDigests::for_signed_data(bytes(sha512_alone)).names().c_str());
  // None, cut off, or no DER: those that are usual.
  for (std::string_view text : {"\x02\x01\x01\x31\x00"sv, sha512_alone.substr(0, 12), "x"sv, ""sv,
                                "\x02\x01\x01\x31\x84\xff\xff\xff\xff"sv})
    STRCMP_EQUAL("SHA1, SHA256, SHA384, SHA512",
                 ContentDigests::for_signed_data(bytes(text)).names().c_str());
}

TEST(ContentDigests, AttributesAsContent) {
  struct Set {
    std::string text;
    bool expected;
  };
  for (const Set &one : {Set{std::string("\x31\x03"
                                         "abc"),
                             true},
                         {"\x31\x03"
                          "ab",
                          false},
                         {"\x31\x03"
                          "abcd",
                          false},
                         {"1. One\r\n", false},
                         {"", false},
                         {"1", false},
                         {std::string("\x31\x82\x01\0", 4) + std::string(256, 'x'), true},
                         {"\x30\x03"
                          "abc",
                          false},
                         {std::string("\x31\x80\0\0", 4), false}}) {
    for (std::size_t at = 0; at <= one.text.size(); at++) {
      ContentDigests digests = ContentDigests::for_micalg("sha-256");
      digests.update(bytes(std::string_view(one.text).substr(0, at)));
      digests.update(bytes(std::string_view(one.text).substr(at)));
      CHECK_EQUAL_TEXT(one.expected, digests.is_set(), one.text.c_str());
    }
  }
}
