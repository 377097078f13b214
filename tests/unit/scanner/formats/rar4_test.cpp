#include "scanner/formats/rar4.h"

#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

TEST_GROUP(Rar4){};

TEST(Rar4, EncryptionIsSeenInPieces) {
  for (const auto &[file, encrypted] :
       {std::pair{"files/libarchive/test_read_format_rar_encryption_data.rar", true},
        {"files/libarchive/test_read_format_rar4_encrypted_filenames.rar", true},
        {"files/rarfile/rar3-comment-psw.rar", true},
        {"files/rarfile/rar202-comment-psw.rar", true},
        {"files/rarfile/rar3-solid.rar", false},
        {"files/libarchive/test_read_format_rar5_solid_encrypted.rar", false}}) {
    std::string content = read_data(file);
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, content.size()}) {
      Rar4Headers headers;
      for (std::size_t at = 0; at < content.size(); at += piece) {
        std::string_view text = std::string_view(content).substr(at, piece);
        headers.feed({reinterpret_cast<const unsigned char *>(text.data()), text.size()});
      }
      CHECK_TEXT(headers.encrypted() == encrypted, file);
      CHECK(!headers.is_volume());
    }
  }
}

TEST(Rar4, WhereItEndsAndWhatLibarchiveDoesNotKnow) {
  for (const auto &[file, old_comment] : {std::pair{"files/rarfile/rar3-solid.rar", false},
                                          {"files/rarfile/rar202-comment-nopsw.rar", true}}) {
    std::string content = read_data(file);
    Rar4Headers headers;
    headers.feed({reinterpret_cast<const unsigned char *>(content.data()), content.size()});
    CHECK_TEXT(headers.has_old_comment() == old_comment, file);
    CHECK_TEXT(old_comment || headers.end() == content.size(), file);
  }
}
