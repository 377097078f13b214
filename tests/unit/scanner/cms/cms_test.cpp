#include "scanner/cms/cms.h"

#include "tests/unit/data.h"

#include <CppUTest/TestHarness.h>
#include <openssl/evp.h>
#include <string>
#include <vector>

using namespace smime;

namespace {

using Object = std::vector<unsigned char>;

// The decoded body of a base64 message.
Object object_of(const std::string &file) {
  std::string message = read_data(file);
  std::string body;
  for (char c : message.substr(message.find("\r\n\r\n") + 4)) {
    if (c != '\r' && c != '\n')
      body += c;
  }
  Object bytes(body.size());
  int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char *>(body.data()),
                             static_cast<int>(body.size()));
  CHECK(size > 0);
  std::size_t padding = body.ends_with("==") ? 2 : body.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

struct Case {
  const char *file;
  CmsType type;
  bool has_content;
};

const Case cases[] = {
    {"enveloped.eml", CmsType::enveloped_data, false},
    {"auth-enveloped.eml", CmsType::auth_enveloped_data, false},
    {"opaque-signed.eml", CmsType::signed_data, true},
    {"certs-only.eml", CmsType::signed_data, false},
    {"compressed.eml", CmsType::compressed_data, false},
};

} // namespace

TEST_GROUP(Cms){};

TEST(Cms, TypesOfWholeObjects) {
  for (const Case &c : cases) {
    Object object = object_of(c.file);
    CmsFacts facts = inspect_cms(object, true);
    CHECK_TEXT(facts.type == c.type, c.file);
    CHECK_TEXT(facts.parsed, c.file);
    CHECK_TEXT(facts.has_content == c.has_content, c.file);
    CHECK_TEXT(looks_like_cms({object.data(), 64}), c.file);
  }
  CHECK(inspect_cms(object_of("opaque-signed.eml"), true).has_signers);
  CHECK_FALSE(inspect_cms(object_of("certs-only.eml"), true).has_signers);
}

TEST(Cms, BeginningsTellTheSame) {
  for (const Case &c : cases) {
    Object object = object_of(c.file);
    object.resize(80);
    CmsFacts facts = inspect_cms(object, false);
    CHECK_TEXT(facts.type == c.type, c.file);
    CHECK_TEXT(facts.has_content == c.has_content, c.file);
    CHECK_FALSE(facts.parsed);
  }
}

TEST(Cms, DamagedObjectsKeepTheirType) {
  Object object = object_of("enveloped.eml");
  object.resize(object.size() / 2);
  CmsFacts facts = inspect_cms(object, true);
  CHECK(facts.type == CmsType::enveloped_data);
  CHECK_FALSE(facts.parsed);
}

TEST(Cms, EveryTruncationAndBitFlipIsSurvived) {
  for (const Case &c : cases) {
    Object object = object_of(c.file);
    for (std::size_t length = 0; length < object.size(); length += 1 + length / 64) {
      (void)inspect_cms({object.data(), length}, true);
      (void)looks_like_cms({object.data(), length});
    }
    for (std::size_t i = 0; i < 64; i++) {
      Object damaged = object;
      damaged[i] ^= 0x80;
      (void)inspect_cms(damaged, true);
      (void)inspect_cms(damaged, false);
    }
  }
}

TEST(Cms, OtherBytesAreNone) {
  for (const char *text : {"", "0", "hello", "PK\x03\x04", "\x30\x80", "\x30\x03\x06\x01\x2a",
                           "\x30\x84\xff\xff\xff\xff\x06\x09", "\x30\x82\x01"}) {
    std::string bytes(text);
    CmsFacts facts =
        inspect_cms({reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size()}, true);
    CHECK_TEXT(facts.type == CmsType::none || facts.type == CmsType::other, text);
    CHECK_FALSE(
        looks_like_cms({reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size()}));
  }
}
