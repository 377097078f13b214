// The report on one message: what it is, which layers it has, what could not
// be inspected. Made by the scanner, read by the plugin; the JSON form is the
// same on the socket, from --inspect and in X-SMIME-Quarantine-Report.
#ifndef SMIME_REPORT_H
#define SMIME_REPORT_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// Classes of a message; a message has one or more (RFC 8551 section 3,
// RFC 3156). The order is that of the table in report.cpp.
enum class MessageClass : std::uint8_t {
  plain,
  signed_,
  opaque_signed,
  encrypted,
  compressed,
  certs_only,
  pgp_signed,
  pgp_encrypted,
  encrypted_archive,
  encrypted_document,
  non_canonical,
  malformed,
  unrecognised,
};

class ClassSet {
public:
  constexpr ClassSet() = default;
  constexpr ClassSet(MessageClass c) : bits_(bit(c)) {}
  constexpr void add(MessageClass c) { bits_ |= bit(c); }
  constexpr bool has(MessageClass c) const { return (bits_ & bit(c)) != 0; }
  constexpr bool intersects(ClassSet other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const ClassSet &) const = default;
  // One bit for each class, in the order of MessageClass.
  constexpr std::uint16_t bits() const { return bits_; }
  constexpr ClassSet operator|(ClassSet other) const {
    ClassSet result;
    result.bits_ = bits_ | other.bits_;
    return result;
  }

private:
  static constexpr std::uint16_t bit(MessageClass c) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(c));
  }
  std::uint16_t bits_ = 0;
};

// Every class whose content a scanner could not look into without a key.
inline constexpr ClassSet any_encrypted_classes =
    ClassSet(MessageClass::encrypted) | ClassSet(MessageClass::pgp_encrypted) |
    ClassSet(MessageClass::encrypted_archive) | ClassSet(MessageClass::encrypted_document);
inline constexpr ClassSet any_signed_classes = ClassSet(MessageClass::signed_) |
                                               ClassSet(MessageClass::opaque_signed) |
                                               ClassSet(MessageClass::pgp_signed);

// RFC 9219 section 3.3 status names.
enum class SignatureStatus : std::uint8_t {
  unknown,
  signed_,
  signed_verified,
  signed_failed,
  encrypted_signed_verified,
  encrypted_signed_failed,
};

enum class ScanVerdict : std::uint8_t { not_scanned, clean, infected, uninspectable, error };

enum class Strength : std::uint8_t { unknown, strong, weak };

// The names that the report, the rules and the documentation share.
std::string_view name_of(MessageClass c);
std::string_view name_of(SignatureStatus s);
std::string_view name_of(ScanVerdict v);
std::string_view name_of(Strength s);
std::optional<MessageClass> class_from_name(std::string_view name);
std::optional<SignatureStatus> signature_status_from_name(std::string_view name);
std::optional<ScanVerdict> scan_verdict_from_name(std::string_view name);
std::optional<Strength> strength_from_name(std::string_view name);

// "signed encrypted", in the order of the table.
std::string join_class_names(ClassSet set, char separator = ' ');

// A cryptographic layer (RFC 9787 section 4.1). path is the IMAP section number
// of the entity that the layer covers.
struct Layer {
  std::string path;
  std::string type;
  std::string micalg;
  std::string smime_type;
};

// Something an operator should know: a fixed code, a sentence, what to do.
struct ReportError {
  std::string code;
  std::string path;
  std::string text;
  std::string remedy;
};

// Who signed, as the signature says; whether that holds is the status's to tell.
struct Signer {
  // The layer's path.
  std::string path;
  // Names as RFC 4514; empty where the certificate is not there.
  std::string subject;
  std::vector<std::string> email;
  // Of the certificate's identification in the signature: issuer and serial, or
  // in serial the subject key identifier alone. Hex.
  std::string issuer;
  std::string serial;
  std::string digest;
  // RFC 3339, UTC; empty where the signer did not say.
  std::string signing_time;
  // Of the certificate's DER, in hex.
  std::string sha256;
  // The certificate's DER in base64; only with report_certificates=yes and
  // a signature that is verified.
  std::string certificate;
  // As of which time the certificate was checked, as signing_time: that of signing or of the
  // message's arrival. Empty where it was not.
  std::string checked_at = {};

  static constexpr std::size_t max_email = 8;
};

// To whom something is encrypted: issuer and serial, or the key's identifier,
// both in hex (RFC 5652 section 6.2).
struct Recipient {
  std::string issuer;
  std::string serial;
  std::string key_id;
  std::string key_encryption;
};

struct Uninspectable {
  std::string path;
  std::string reason;
  std::string type;
  std::string name;
};

// An entity that must stay as it arrived; offset and size in bytes of the
// message as received.
struct ProtectedEntity {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  // Hex, over the canonical form (lines end in CRLF). The service gives it where
  // verifying computes it anyway and the entity is in that form as it stands;
  // else empty.
  std::string sha256;
};

struct Report {
  std::string file;
  ClassSet classes;
  std::uint64_t size = 0;
  std::vector<Layer> layers;
  SignatureStatus signature = SignatureStatus::unknown;
  // At most max_signers.
  std::vector<Signer> signers;
  // Why the status is not better, and what else is to be known of the
  // signatures; path is the layer's.
  std::vector<ReportError> signature_errors;
  // What is odd about the message as such.
  std::vector<ReportError> errors;
  // The weakest algorithm of all layers.
  Strength strength = Strength::unknown;
  // Of the outermost encrypted layer: its algorithm, and whether that protects
  // integrity too.
  std::string content_encryption;
  bool authenticated = false;
  std::vector<Recipient> recipients;
  std::uint64_t recipient_count = 0;
  std::vector<Uninspectable> uninspectable;
  ScanVerdict scan = ScanVerdict::not_scanned;
  std::string scan_engine;
  std::string scan_name;
  std::vector<ProtectedEntity> protected_entities;

  // How many of the entities that must stay as they arrived are not in
  // protected_entities; if any is not, all of the message must.
  std::uint64_t protected_dropped = 0;

  // How many entries each list keeps; the rest, and what the JSON form has no room for,
  // is counted in dropped, and the class is not affected. Bounds the report of a hostile
  // message.
  static constexpr std::size_t max_list = 64;
  static constexpr std::size_t max_signers = 8;
  static constexpr std::size_t max_signature_errors = 32;
  std::uint64_t dropped = 0;
};

// The report's JSON, in bytes.
inline constexpr std::size_t max_report_size = 256UL * 1024;
// Longest text of a field, in bytes.
inline constexpr std::size_t max_report_text = 2048;
// Longest certificate in base64.
inline constexpr std::size_t max_report_certificate = 16384;

// One line of ASCII JSON with no newline in it, of at most max_report_size bytes whatever
// the report has in it: long texts are cut and end with "[...]", and what else has no room
// is left out of its list and counted in dropped.
std::string to_json(const Report &report);

// Reads what to_json() wrote. The text may come from a compromised scanner:
// anything but a complete report with known class names is an error; lists are
// cut to their bounds and texts to max_report_text bytes.
// Returns nullopt and sets error.
std::optional<Report> report_from_json(std::string_view text, std::string &error);

} // namespace smime

#endif
