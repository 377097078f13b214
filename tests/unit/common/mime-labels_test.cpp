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

TEST(MimeLabels, ArmorWords) {
  for (const char *line : {"-----BEGIN PGP MESSAGE-----", "> -----BEGIN PGP MESSAGE-----\r",
                           "x -----BEGIN PGP MESSAGE----- y"})
    CHECK_TEXT(armor_words(line) == "PGP MESSAGE", line);
  CHECK(armor_words("BEGIN PGP MESSAGE").empty());
  CHECK(is_pgp_armor("PGP PUBLIC KEY BLOCK") && !is_pgp_armor("CMS"));
  CHECK(is_pgp_message_armor("PGP MESSAGE, PART 1/2"));
  CHECK(is_pgp_message_armor("PGP ARMORED FILE"));
  CHECK(!is_pgp_message_armor("PGP SIGNED MESSAGE"));
  CHECK(is_cms_armor("CMS OBJECT") && is_cms_armor("PKCS7") && !is_cms_armor("CERTIFICATE"));
  CHECK(is_encrypted_armor("AGE ENCRYPTED FILE") && !is_encrypted_armor("ENCRYPTED PRIVATE KEY"));
}
