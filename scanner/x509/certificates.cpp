#include "scanner/x509/certificates.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string_view>

namespace smime {
namespace {

constexpr std::size_t max_name = 512;
constexpr int max_hex_bytes = 64;
// Of one certificate; each is looked at once.
constexpr int max_general_names = 256;
constexpr std::size_t max_address = 320; // RFC 5321: 64, "@", 255

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using PointsPtr = std::unique_ptr<CRL_DIST_POINTS, OpensslFree<CRL_DIST_POINTS_free>>;
using AccessPtr = std::unique_ptr<AUTHORITY_INFO_ACCESS, OpensslFree<AUTHORITY_INFO_ACCESS_free>>;

std::string hex_digits(const unsigned char *bytes, std::size_t size, std::string_view digits) {
  std::string text;
  for (std::size_t i = 0; i < size; i++) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string_view view(const ASN1_STRING *string) {
  return {reinterpret_cast<const char *>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(std::max(0, ASN1_STRING_length(string)))};
}

bool is_plain(std::string_view text, bool ascii) {
  return std::all_of(text.begin(), text.end(), [ascii](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f && (!ascii || byte < 0x80);
  });
}

void add_address(CertificateAddresses &found, std::string_view text, bool ascii) {
  if (text.size() > max_address || text.find('@') == std::string_view::npos ||
      !is_plain(text, ascii)) {
    found.odd = true;
    return;
  }
  std::string address(text);
  if (std::find(found.addresses.begin(), found.addresses.end(), address) == found.addresses.end())
    found.addresses.push_back(std::move(address));
}

void add_alternative_names(X509 *certificate, CertificateAddresses &found) {
  GeneralNamesPtr names(static_cast<GENERAL_NAMES *>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()) && i < max_general_names;
       i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_EMAIL)
      add_address(found, view(name->d.rfc822Name), true);
    else if (name->type == GEN_OTHERNAME &&
             OBJ_obj2nid(name->d.otherName->type_id) == NID_id_on_SmtpUTF8Mailbox &&
             name->d.otherName->value->type == V_ASN1_UTF8STRING)
      add_address(found, view(name->d.otherName->value->value.utf8string), false);
  }
}

void add_subject_addresses(X509 *certificate, CertificateAddresses &found) {
  const X509_NAME *subject = X509_get_subject_name(certificate);
  int at = -1;
  for (int count = 0; count < max_general_names; count++) {
    at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at);
    if (at < 0)
      return;
    add_address(found, view(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), true);
  }
}

std::string url_of(const GENERAL_NAME *name) {
  if (name->type != GEN_URI)
    return {};
  std::string_view text = view(name->d.uniformResourceIdentifier);
  if (text.size() > max_name || !is_plain(text, true))
    return {};
  for (std::string_view scheme : {"http://", "https://", "ldap://", "ldaps://"}) {
    if (text.starts_with(scheme))
      return std::string(text);
  }
  return {};
}

std::string weak_digest(int signature_nid) {
  int digest = NID_undef;
  if (OBJ_find_sigid_algs(signature_nid, &digest, nullptr) != 1)
    return {};
  switch (digest) {
  case NID_md2:
  case NID_md4:
  case NID_md5:
  case NID_sha1: return lower(std::string_view(OBJ_nid2sn(digest)));
  default: return {};
  }
}

} // namespace

std::string name_text(const X509_NAME *name) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || name == nullptr ||
      X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return {};
  char *data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, std::min(static_cast<std::size_t>(size), max_name)};
}

std::string hex_text(const ASN1_STRING *string) {
  if (string == nullptr)
    return {};
  auto size = static_cast<std::size_t>(std::clamp(ASN1_STRING_length(string), 0, max_hex_bytes));
  return hex_digits(ASN1_STRING_get0_data(string), size, "0123456789ABCDEF");
}

std::string fingerprint(const X509 *certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1)
    return {};
  return hex_digits(digest.data(), size, "0123456789abcdef");
}

std::string fingerprint(const X509_CRL *crl) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_CRL_digest(crl, EVP_sha256(), digest.data(), &size) != 1)
    return {};
  return hex_digits(digest.data(), size, "0123456789abcdef");
}

std::int64_t seconds_of(const ASN1_TIME *time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
    return 0;
  return timegm(&parts);
}

std::string time_text(std::int64_t seconds) {
  std::time_t time = seconds;
  std::tm parts{};
  std::array<char, 40> text{};
  if (gmtime_r(&time, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
    return {};
  return text.data();
}

std::optional<std::int64_t> seconds_of_text(const std::string &text) {
  std::tm parts{};
  const char *end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0')
    return std::nullopt;
  return timegm(&parts);
}

CertificateAddresses addresses_of(X509 *certificate) {
  CertificateAddresses found;
  add_alternative_names(certificate, found);
  add_subject_addresses(certificate, found);
  ERR_clear_error();
  return found;
}

std::string subject_or_address(X509 *certificate) {
  std::string subject = name_text(X509_get_subject_name(certificate));
  if (!subject.empty())
    return subject;
  CertificateAddresses found = addresses_of(certificate);
  return found.addresses.empty() ? "serial number " + hex_text(X509_get0_serialNumber(certificate))
                                 : found.addresses.front();
}

bool may_sign_mail(X509 *certificate, std::string &why) {
  constexpr std::uint32_t signing = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
  std::uint32_t flags = X509_get_extension_flags(certificate);
  if ((flags & EXFLAG_INVALID) != 0) {
    why = "its extensions are damaged";
    return false;
  }
  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(certificate) & signing) == 0) {
    why = "its key usage has neither digitalSignature nor nonRepudiation";
    return false;
  }
  if ((flags & EXFLAG_XKUSAGE) != 0 &&
      (X509_get_extended_key_usage(certificate) & (XKU_SMIME | XKU_ANYEKU)) == 0) {
    why = "its extended key usage is without emailProtection";
    return false;
  }
  return true;
}

bool may_issue_mail_certificates(X509 *certificate) {
  return (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) == 0 ||
         (X509_get_extended_key_usage(certificate) & (XKU_SMIME | XKU_ANYEKU)) != 0;
}

std::string key_weakness(X509 *certificate) {
  EVP_PKEY *key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_is_a(key, "RSA") + EVP_PKEY_is_a(key, "RSA-PSS") == 0 ||
      EVP_PKEY_get_bits(key) >= 2048)
    return {};
  return "RSA with " + std::to_string(EVP_PKEY_get_bits(key)) + " bits";
}

std::string signature_weakness(const X509 *certificate) {
  return weak_digest(X509_get_signature_nid(certificate));
}

std::string signature_weakness(const X509_CRL *crl) {
  return weak_digest(X509_CRL_get_signature_nid(crl));
}

std::string crl_address(X509 *certificate) {
  PointsPtr points(static_cast<CRL_DIST_POINTS *>(
      X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)));
  for (int i = 0; points != nullptr && i < sk_DIST_POINT_num(points.get()) && i < max_general_names;
       i++) {
    const DIST_POINT *point = sk_DIST_POINT_value(points.get(), i);
    if (point->distpoint == nullptr || point->distpoint->type != 0)
      continue;
    const GENERAL_NAMES *names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names) && j < max_general_names; j++) {
      std::string url = url_of(sk_GENERAL_NAME_value(names, j));
      if (!url.empty())
        return url;
    }
  }
  ERR_clear_error();
  return {};
}

std::string issuer_address(X509 *certificate) {
  AccessPtr access(static_cast<AUTHORITY_INFO_ACCESS *>(
      X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  for (int i = 0;
       access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access.get()) && i < max_general_names;
       i++) {
    const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(one->method) != NID_ad_ca_issuers)
      continue;
    std::string url = url_of(one->location);
    if (!url.empty())
      return url;
  }
  ERR_clear_error();
  return {};
}

} // namespace smime
