#include "scanner/formats/encrypted-file.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace smime {
namespace {

using namespace std::string_view_literals;

// Versions 0 to 3 (https://www.aescrypt.com/aes_file_format.html); the byte behind it is reserved
// in all but the first.
bool is_aes_crypt(Bytes prefix) {
  if (prefix.size() < 5)
    return false;
  return prefix[3] == 0 ? prefix[4] < 16 : prefix[3] <= 3 && prefix[4] == 0;
}

// The fourth line says what encrypts it.
bool is_encrypted_android_backup(Bytes prefix) {
  return as_text(prefix).substr(0, 40).find("\nAES-256\n") != std::string_view::npos;
}

// What begins as encrypted files do may be a text about them.
bool is_no_text(Bytes prefix) {
  return std::any_of(prefix.begin(), prefix.end(), [](unsigned char c) {
    return c >= 0x80 || (c < 0x20 && c != '\t' && c != '\r' && c != '\n');
  });
}

bool is_age(Bytes prefix) {
  std::string_view text = as_text(prefix);
  auto end = text.find('\n');
  return end != std::string_view::npos && text.substr(end + 1).starts_with("->");
}

bool is_vault(Bytes prefix) {
  return as_text(prefix).substr(0, 60).find(";AES") != std::string_view::npos;
}

// RFC 5958 section 3: an algorithm of PKCS #5 or PKCS #12 (RFC 8018, RFC 7292) in a sequence of its
// own, then the key.
bool is_encrypted_key(Bytes prefix) {
  constexpr std::array identifiers{"\x2a\x86\x48\x86\xf7\x0d\x01\x05"sv,
                                   "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"sv};
  // Tags and lengths in front of the identifier.
  constexpr std::size_t least = 6;
  constexpr std::size_t most = 13;
  std::string_view text = as_text(prefix);
  return text.starts_with('\x30') &&
         std::any_of(identifiers.begin(), identifiers.end(), [&](std::string_view identifier) {
           std::size_t at = text.substr(0, most + identifier.size()).find(identifier);
           return at != text.npos && at >= least && text[at - 2] == 6 &&
                  (text[at - 4] == '\x30' || text[at - 5] == '\x30');
         });
}

KindRow row(std::string_view name, std::vector<Signature> signatures,
            bool (*check)(Bytes) = nullptr, std::string_view evidence = {}) {
  return {.name = name,
          .look = Look::named,
          .signatures = std::move(signatures),
          .check = check,
          .evidence = evidence,
          .reason = "encrypted-file"};
}

bool fits(const KindRow &row, Bytes prefix) {
  std::string_view text = as_text(prefix);
  bool found = std::any_of(row.signatures.begin(), row.signatures.end(), [&](const Signature &s) {
    return text.size() >= s.offset && text.substr(s.offset).starts_with(s.bytes);
  });
  return (found || row.signatures.empty()) && (row.check == nullptr || row.check(prefix));
}

} // namespace

const std::vector<KindRow> &encrypted_file_kinds() {
  static const std::vector<KindRow> rows{
      row("AxCrypt file",
          {{0, "\xc0\xb9\x07\x2e\x4f\x93\xf1\x46\xa0\x15\x79\x2c\xa1\xd9\xe8\x21"sv}}),
      row("age file", {{0, "age-encryption.org/"sv}}, is_age, "armor lines"),
      row("KeePass 1 database", {{0, "\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5"sv}}),
      row("KeePass 2 database",
          {{0, "\x03\xd9\xa2\x9a\x66\xfb\x4b\xb5"sv}, {0, "\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5"sv}}),
      row("OpenSSL encrypted file", {{0, "Salted__"sv}}, is_no_text, "the same in base64"),
      row("LUKS volume", {{0, "LUKS\xba\xbe"sv}, {0, "SKUL\xba\xbe"sv}}),
      row("BitLocker volume", {{3, "-FVE-FS-"sv}}),
      row("Ansible vault", {{0, "$ANSIBLE_VAULT;"sv}}, is_vault),
      row("scrypt file", {{0, "scrypt\0"sv}}),
      row("git-crypt file", {{0, "\0GITCRYPT\0"sv}}),
      row("rclone encrypted file", {{0, "RCLONE\0\0"sv}}),
      row("Password Safe database", {{0, "PWS3"sv}}, is_no_text),
      row("mcrypt file", {{0, "\0m\2"sv}, {0, "\0m\3"sv}}),
      row("hat.sh file", {{0, "zDKO6XYXioc"sv}}),
      row("Vim encrypted file", {{0, "VimCrypt~0"sv}}, is_no_text),
      row("AES Crypt file", {{0, "AES"sv}}, is_aes_crypt, "versions 0 to 3"),
      row("encrypted private key", {}, is_encrypted_key, "PKCS #8 in DER"),
      row("encrypted Android backup", {{0, "ANDROID BACKUP\n"sv}}, is_encrypted_android_backup),
  };
  return rows;
}

const KindRow *find_encrypted_file(Bytes prefix) {
  const std::vector<KindRow> &rows = encrypted_file_kinds();
  auto found =
      std::find_if(rows.begin(), rows.end(), [&](const KindRow &row) { return fits(row, prefix); });
  return found == rows.end() ? nullptr : &*found;
}

} // namespace smime
