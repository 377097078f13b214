// What MIME and armor call signed and encrypted content: RFC 8551 section 3.2, RFC 3156, RFC
// 9580 section 6.2. The one table of these words, for the plugin's search for what must not
// change and for the scanner.
#ifndef SMIME_MIME_LABELS_H
#define SMIME_MIME_LABELS_H

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace smime {

// --- media types, in small letters

// application/pkcs7-mime, as it is and with "x-".
bool is_cms_type(std::string_view type);
// application/pkcs7-signature likewise.
bool is_cms_signature_type(std::string_view type);
inline constexpr std::string_view pgp_signature_type = "application/pgp-signature";
inline constexpr std::string_view pgp_encrypted_type = "application/pgp-encrypted";

// Parts of these words, for searches in text that is not parsed.
inline constexpr std::string_view cms_word = "pkcs7-";
inline constexpr std::string_view cms_type_word = "pkcs7-mime";
inline constexpr std::string_view cms_signature_word = "pkcs7-signature";

// --- names of files, in any case

inline constexpr std::array<std::string_view, 4> cms_endings{".p7m", ".p7s", ".p7c", ".p7z"};
bool is_cms_name(std::string_view name);

// A name in at most this many bytes, of which its ending is kept: that says what it is.
std::string shortened_name(std::string_view name, std::size_t most);

// --- armor, at the beginning of a line

inline constexpr std::string_view pgp_armor = "-----BEGIN PGP ";
inline constexpr std::string_view pgp_message_armor = "-----BEGIN PGP MESSAGE-----";
inline constexpr std::string_view pgp_signed_armor = "-----BEGIN PGP SIGNED MESSAGE-----";
inline constexpr std::array<std::string_view, 3> cms_armors{
    "-----BEGIN PKCS7-----", "-----BEGIN CMS-----", "-----BEGIN PKCS #7 SIGNED DATA-----"};

} // namespace smime

#endif
