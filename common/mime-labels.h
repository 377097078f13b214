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

// What stands between BEGIN and the dashes.
inline constexpr std::string_view pgp_words = "PGP ";
inline constexpr std::string_view pgp_signed_words = "PGP SIGNED MESSAGE";
// Of what is encrypted, or anything else; it may go on with the number of a part (RFC 4880
// section 6.2), and GnuPG writes the second for what it does not know.
inline constexpr std::array<std::string_view, 2> pgp_message_words{"PGP MESSAGE",
                                                                   "PGP ARMORED FILE"};
// OpenSSL's, those of RFC 7468, and gpgsm's.
inline constexpr std::array<std::string_view, 6> cms_words{
    "PKCS7", "CMS", "PKCS #7 SIGNED DATA", "ENCRYPTED MESSAGE", "SIGNED MESSAGE", "CMS OBJECT"};

// What stands there in a line; empty if it has no BEGIN.
std::string_view armor_words(std::string_view line);
bool is_pgp_armor(std::string_view words);
bool is_pgp_message_armor(std::string_view words);
bool is_cms_armor(std::string_view words);
// Of something else that is encrypted, and no key.
bool is_encrypted_armor(std::string_view words);

} // namespace smime

#endif
