#include "plugin/protect/marker-search.h"

#include <CppUTest/TestHarness.h>

using smime::MarkerSearch;

namespace {

bool found(std::string_view text, std::size_t piece) {
  MarkerSearch search;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    std::string_view part = text.substr(at, piece);
    search.update({reinterpret_cast<const unsigned char *>(part.data()), part.size()});
  }
  return search.found();
}

} // namespace

TEST_GROUP(MarkerSearch){};

TEST(MarkerSearch, EveryMarkerInAnyPiecesAndCase) {
  for (std::string_view marker :
       {"application/pkcs7-mime", "APPLICATION/X-PKCS7-SIGNATURE", "application/pgp-encrypted",
        "Application/PGP-Signature", "-----BEGIN PGP MESSAGE-----", "Multipart/Signed",
        "multipart/ENCRYPTED", "name=smime.P7M", "Multipart/ signed", "multipart/(a)signed",
        "multipart/\r\n signed", "filename*0=smi; filename*1=me.p", "NAME*0*=utf-8''smime.",
        "multipart /signed", "multipart / Signed", "multipart / encrypted", "message/rfc822"}) {
    std::string text = std::string(1000, '-') + std::string(marker) + std::string(500, '/');
    for (std::size_t piece : {1, 5, 64, 4096})
      CHECK_TEXT(found(text, piece), std::string(marker).c_str());
  }
}

TEST(MarkerSearch, OrdinaryMailHasNone) {
  for (std::size_t piece : {1, 64, 4096})
    CHECK_FALSE(
        found("Content-Type: multipart/mixed\r\n\r\n----- a p7 pkcs 7 - multipart or signed, / "
              "BEGIN PGP image/png application/pdf p-7",
              piece));
}

TEST(MarkerSearch, AMessageInAMessageIsNoLabelOfItself) {
  std::string_view text = "Content-Type: message/rfc822\r\n\r\n";
  MarkerSearch search;
  search.update({reinterpret_cast<const unsigned char *>(text.data()), text.size()});
  CHECK(search.found());
  CHECK_FALSE(search.found_label());
  text = "a .p7m";
  search.update({reinterpret_cast<const unsigned char *>(text.data()), text.size()});
  CHECK(search.found_label());
}
