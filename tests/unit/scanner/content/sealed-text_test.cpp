// Encrypted text of the web, in pieces of any size, and text that is like it.
#include "scanner/content/sealed-text.h"

#include <algorithm>
#include <string>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

bool is_sealed(const std::string &text) {
  auto in_pieces = [&](std::size_t piece) {
    SealedText sealed;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      std::string part = text.substr(at, piece);
      sealed.feed({reinterpret_cast<const unsigned char *>(part.data()), part.size()});
    }
    return sealed.found();
  };
  bool whole = in_pieces(std::max<std::size_t>(1, text.size()));
  for (std::size_t piece : {1U, 3U, 64U, 200U})
    CHECK_EQUAL_TEXT(whole, in_pieces(piece), text.c_str());
  return whole;
}

const std::string word = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ." + std::string(80, 'k') +
                         ".48V1_ALb6US04U3b." + std::string(90, 'c') + ".XFBoMYUZodetZdvTiFvSkQ";
const std::string json = R"({"protected":"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0","encrypted_key":"a",)" +
                         std::string(300, ' ') + R"("iv":"b","ciphertext":"c","tag":"d"})";
const std::string xml = "<?xml version=\"1.0\"?><a><xenc:EncryptedData xmlns:xenc=\""
                        "http://www.w3.org/2001/04/xmlenc#\"><xenc:CipherData><xenc:CipherValue>" +
                        std::string(200, 'A') + "</xenc:CipherValue></xenc:CipherData>";

} // namespace

TEST_GROUP(SealedTexts){};

TEST(SealedTexts, IsFound) {
  for (const std::string &text : {word, json, xml}) {
    CHECK_TEXT(is_sealed(text), text.c_str());
    CHECK_TEXT(is_sealed("\xef\xbb\xbf\r\n " + text + "\r\n"), text.c_str());
  }
}

TEST(SealedTexts, IsFoundBehindADocumentType) {
  CHECK(is_sealed("<!DOCTYPE a [<!ELEMENT a ANY>]>\n" + xml));
  CHECK(is_sealed("<!DOCTYPE a SYSTEM \"http://example.org/html.dtd\">\n" + xml));
  // A browser shows text.
  CHECK(!is_sealed("<!doctype HTML>\n<p>" + xml));
}

TEST(SealedTexts, OtherTextIsNone) {
  CHECK(!is_sealed(""));
  // A signed one has two dots.
  CHECK(!is_sealed("eyJhbGciOiJIUzI1NiJ9." + std::string(80, 'p') + "." + std::string(40, 's')));
  CHECK(!is_sealed("Follow this link: https://example.org/?token=" + word));
  CHECK(!is_sealed(word + " is what it looks like, isn't it?"));
  CHECK(!is_sealed(R"({"iv":"b","tag":"d","text":")" + std::string(200, 'x') + "\"}"));
  // What a server is able to do.
  CHECK(!is_sealed("<?xml version=\"1.0\"?><md:EntityDescriptor><md:EncryptionMethod Algorithm=\""
                   "http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/></md:EntityDescriptor>"));
}
