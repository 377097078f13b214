#include "common/mime-labels.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(MimeLabels){};

TEST(MimeLabels, Types) {
  CHECK_TRUE(is_cms_type("application/pkcs7-mime"));
  CHECK_TRUE(is_cms_type("application/x-pkcs7-mime"));
  CHECK_FALSE(is_cms_type("application/pkcs7-signature"));
  CHECK_FALSE(is_cms_type("text/pkcs7-mime"));
  CHECK_FALSE(is_cms_type(""));
  CHECK_TRUE(is_cms_signature_type("application/pkcs7-signature"));
  CHECK_TRUE(is_cms_signature_type("application/x-pkcs7-signature"));
  CHECK_FALSE(is_cms_signature_type("application/pkcs7-signatures"));
}

TEST(MimeLabels, Names) {
  for (const char *name : {"smime.p7m", "SMIME.P7S", ".p7c", "a.b.P7z"})
    CHECK_TRUE_TEXT(is_cms_name(name), name);
  for (const char *name : {"", "p7m", "smime.p7", "smime.p7m.txt"})
    CHECK_FALSE_TEXT(is_cms_name(name), name);
}

// What a file is stands at the end of its name, however long that is.
TEST(MimeLabels, ALongNameKeepsItsEnding) {
  for (std::size_t size : {250U, 255U, 256U, 300U, 5000U}) {
    std::string shorter = shortened_name(std::string(size, 'n') + ".p7m", 255);
    CHECK(shorter.size() <= 255);
    CHECK_TRUE(is_cms_name(shorter));
    CHECK_TRUE(shorter.starts_with("nnn"));
  }
  STRCMP_EQUAL("short.eml", shortened_name("short.eml", 255).c_str());
  STRCMP_EQUAL("sh", shortened_name("short.eml", 2).c_str());
}
