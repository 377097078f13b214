#include "scanner/verify/verify.h"

#include "scanner/verify/chain.h"
#include "scanner/x509/algorithm.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <utility>

namespace smime {
namespace {

constexpr int max_attributes = 64;

using Attributes = STACK_OF(X509_ATTRIBUTE);

// SET OF Attribute as it is signed (RFC 5652 section 5.4), for the key types
// whose signatures OpenSSL's CMS does not check.
ASN1_ITEM_TEMPLATE(SignedAttributes) = ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SET_OF, 0, attributes,
                                                             X509_ATTRIBUTE)
    ASN1_ITEM_TEMPLATE_END(SignedAttributes)

        struct FreeBytes {
  void operator()(unsigned char *bytes) const { OPENSSL_free(bytes); }
};
struct FreeAttributes {
  void operator()(Attributes *list) const { sk_X509_ATTRIBUTE_free(list); }
};

// Seconds by which a signing time may be ahead of this server's clock without being called wrong.
constexpr std::int64_t clock_skew = 300;

// Whether it is a key of EdDSA, which this OpenSSL treats in CMS in a way of its own.
bool is_edwards(const EVP_PKEY *key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
}

// Empty if it is larger than a report has room for.
std::string base64_of(X509 *certificate) {
  unsigned char *der = nullptr;
  int size = i2d_X509(certificate, &der);
  std::unique_ptr<unsigned char, FreeBytes> owner(der);
  if (size <= 0 || static_cast<std::size_t>(size) > max_report_certificate / 4 * 3)
    return {};
  std::string text(static_cast<std::size_t>(size + 2) / 3 * 4 + 1, '\0');
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), der, size);
  text.resize(static_cast<std::size_t>(std::max(0, length)));
  return text;
}

class SignerVerification {
public:
  SignerVerification(CMS_SignerInfo *info, const SignedLayer &layer, const Verifier &verifier)
      : info_(info), layer_(layer), verifier_(verifier) {}

  SignerCheck run();

private:
  void identify();
  void describe_certificate();
  void read_signing_time();
  bool check_digest();
  bool check_content_type();
  bool check_signature();
  bool check_edwards_signature(EVP_PKEY *key);
  // Says what this OpenSSL cannot check of the signer's key and signature; true if there is
  // something.
  bool is_unsupported();
  void check_trust();
  void add(const char *code, std::string text, std::string remedy = {});
  const void *attribute(int nid, int type) const;
  std::string where() const;

  CMS_SignerInfo *info_;
  const SignedLayer &layer_;
  const Verifier &verifier_;
  EVP_PKEY *key_ = nullptr;
  X509 *certificate_ = nullptr;
  X509_ALGOR *digest_ = nullptr;
  bool has_attributes_ = false;
  std::optional<std::int64_t> signing_time_;
  SignerCheck check_;
};

void SignerVerification::add(const char *code, std::string text, std::string remedy) {
  check_.errors.push_back({code, layer_.path, std::move(text), std::move(remedy)});
}

// The signed attribute's one value, or null; an attribute that is there twice is
// none.
const void *SignerVerification::attribute(int nid, int type) const {
  return CMS_signed_get0_data_by_OBJ(info_, OBJ_nid2obj(nid), -3, type);
}

std::string SignerVerification::where() const {
  std::string text = layer_.path.empty() ? "of the message" : "of part " + layer_.path;
  return layer_.place.empty() ? text : text + " (" + layer_.place + ")";
}

void SignerVerification::identify() {
  CMS_SignerInfo_get0_algs(info_, &key_, &certificate_, &digest_, nullptr);
  has_attributes_ = CMS_signed_get_attr_count(info_) > 0;
  Signer &signer = check_.signer;
  signer.path = layer_.path;
  signer.digest = algorithm_name(digest_);
  if (certificate_ != nullptr) {
    describe_certificate();
    return;
  }
  ASN1_OCTET_STRING *key_id = nullptr;
  X509_NAME *issuer = nullptr;
  ASN1_INTEGER *serial = nullptr;
  if (CMS_SignerInfo_get0_signer_id(info_, &key_id, &issuer, &serial) == 1) {
    signer.issuer = name_text(issuer);
    signer.serial = serial != nullptr ? hex_text(serial) : hex_text(key_id);
  }
}

void SignerVerification::describe_certificate() {
  Signer &signer = check_.signer;
  check_.has_certificate = true;
  check_.name = subject_or_address(certificate_);
  signer.subject = name_text(X509_get_subject_name(certificate_));
  signer.issuer = name_text(X509_get_issuer_name(certificate_));
  signer.serial = hex_text(X509_get0_serialNumber(certificate_));
  signer.sha256 = fingerprint(certificate_);
  if (verifier_.config.report_certificates)
    signer.certificate = base64_of(certificate_);
  CertificateAddresses found = addresses_of(certificate_);
  check_.addresses = found.addresses;
  signer.email = found.addresses;
  if (signer.email.size() > Signer::max_email)
    signer.email.resize(Signer::max_email);
  if (found.odd)
    add("odd-certificate-address",
        "The certificate of " + check_.name +
            " has an address with characters that no address has; it counts for nothing.",
        "Ask the sender by another way who made that certificate.");
}

void SignerVerification::read_signing_time() {
  const void *time = attribute(NID_pkcs9_signingTime, V_ASN1_UTCTIME);
  if (time == nullptr)
    time = attribute(NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
  ERR_clear_error();
  std::int64_t seconds = seconds_of(static_cast<const ASN1_TIME *>(time));
  if (seconds == 0)
    return;
  check_.given_time = seconds;
  check_.signer.signing_time = time_text(seconds);
  if (seconds > verifier_.arrived() + clock_skew)
    add("signing-time-in-future",
        "The signer gives " + time_text(seconds) +
            " as the time of signing, and the message came before that; the time of its arrival is "
            "used.",
        "Check this machine's clock; the sender's may be wrong.");
  else
    signing_time_ = std::min(seconds, verifier_.arrived());
}

// The content against the digest that was signed; without signed attributes
// that is the signature itself.
bool SignerVerification::check_digest() {
  const ASN1_OBJECT *object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, digest_);
  int nid = OBJ_obj2nid(object);
  if (!layer_.digests->compute(nid)) {
    add("digest-not-computed",
        "The signature is over a " + check_.signer.digest + " digest, and the message " +
            (EVP_get_digestbynid(nid) == nullptr ? "uses an algorithm that is not known here"
                                                 : "names other algorithms") +
            "; the signature was not checked.",
        "The sender's software labels its signatures wrongly (micalg, digestAlgorithms).");
    return false;
  }
  if (!has_attributes_ && layer_.digests->is_set()) {
    add("content-type-mismatch",
        "What is signed are the attributes of another signature, and no message.",
        "Treat the message as forged; ask the sender by another way.");
    return false;
  }
  if (!has_attributes_ && key_ != nullptr && is_edwards(key_)) {
    add("signature-unsupported",
        "An EdDSA signature without signed attributes is over the content itself; it was not "
        "checked.",
        "The sender's software needs to sign attributes, as S/MIME's does.");
    return false;
  }
  int result = CMS_SignerInfo_verify_content(info_, layer_.digests->chain());
  ERR_clear_error();
  if (result == 1)
    return true;
  if (has_attributes_)
    add("digest-mismatch",
        "The signed content " + where() +
            " is not what was signed: it was changed after that. Of " +
            "the header, only fields inside the signed part are signed; of a multipart/signed "
            "message, what is before and behind its parts is not.",
        "Look for what changes mail between the sender and here: footers, filters, gateways; "
        "compare with the sender's copy.");
  else
    add("signature-invalid",
        "The signature does not fit the signed content " + where() +
            ": one of the two was changed after signing.",
        "Look for what changes mail between the sender and here; compare with the sender's copy.");
  return false;
}

// RFC 5652 section 11.1: contentType is signed, and equals what is there.
bool SignerVerification::check_content_type() {
  const auto *type =
      static_cast<const ASN1_OBJECT *>(attribute(NID_pkcs9_contentType, V_ASN1_OBJECT));
  ERR_clear_error();
  if (type != nullptr && OBJ_cmp(type, CMS_get0_eContentType(layer_.object)) == 0)
    return true;
  add("content-type-mismatch",
      "The signed attributes are about content of another type than the one that is there.",
      "Treat the message as forged; ask the sender by another way.");
  return false;
}

bool SignerVerification::check_edwards_signature(EVP_PKEY *key) {
  std::unique_ptr<Attributes, FreeAttributes> list(sk_X509_ATTRIBUTE_new_null());
  int count = CMS_signed_get_attr_count(info_);
  if (list == nullptr || count > max_attributes)
    return false;
  for (int i = 0; i < count; i++)
    (void)sk_X509_ATTRIBUTE_push(list.get(), CMS_signed_get_attr(info_, i));
  unsigned char *der = nullptr;
  int size = ASN1_item_i2d(reinterpret_cast<ASN1_VALUE *>(list.get()), &der,
                           ASN1_ITEM_rptr(SignedAttributes));
  std::unique_ptr<unsigned char, FreeBytes> owner(der);
  const ASN1_OCTET_STRING *signature = CMS_SignerInfo_get0_signature(info_);
  DigestPtr context(EVP_MD_CTX_new());
  return size > 0 && context != nullptr && signature != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), ASN1_STRING_get0_data(signature),
                          static_cast<std::size_t>(ASN1_STRING_length(signature)), der,
                          static_cast<std::size_t>(size)) == 1;
}

bool SignerVerification::check_signature() {
  if (!has_attributes_)
    return true; // check_digest() did
  bool ok = is_edwards(key_) ? check_edwards_signature(key_) : CMS_SignerInfo_verify(info_) == 1;
  ERR_clear_error();
  if (!ok)
    add("signature-invalid",
        "The signature over the signed attributes is not one of the key of " + check_.name +
            ": the attributes, the signature or the certificate were "
            "changed after signing.",
        "Treat the message as forged; ask the sender to send it again.");
  return ok;
}

bool SignerVerification::is_unsupported() {
  X509_ALGOR *signature = nullptr;
  CMS_SignerInfo_get0_algs(info_, nullptr, nullptr, nullptr, &signature);
  std::string name = unsupported_key(certificate_);
  if (name.empty())
    name = unsupported_signature(signature);
  if (name.empty())
    return false;
  add("signature-unsupported",
      "The signature of " + check_.name + " is by " + name +
          ", which cannot be checked here; whether it holds is not known.",
      "A newer OpenSSL may be able to (3.5 knows ML-DSA and SLH-DSA).");
  return true;
}

void SignerVerification::check_trust() {
  if (verifier_.store == nullptr)
    return;
  CertificateStackPtr certificates(CMS_get1_certs(layer_.object));
  CrlStackPtr crls(CMS_get1_crls(layer_.object));
  ERR_clear_error();
  ChainQuestion question;
  question.certificate = certificate_;
  question.certificates = certificates.get();
  question.crls = crls.get();
  question.signing_time = signing_time_;
  question.arrival = verifier_.arrived();
  question.now = verifier_.now();
  question.holds = check_.holds;
  check_.signer.checked_at = time_text(used_at(question, verifier_.config));
  TrustStore &store = *verifier_.store;
  for (ReportError &error : check_chain(question, store.for_domain(layer_.domain),
                                        store.known_chains(), verifier_.config)) {
    error.path = layer_.path;
    check_.errors.push_back(std::move(error));
  }
  if (digest_strength(digest_) == Strength::weak)
    add("weak-algorithm", "Weak by RFC 8551: signed over a " + check_.signer.digest + " digest.",
        "The sender's software needs to be newer; min_strength says what is let pass.");
}

SignerCheck SignerVerification::run() {
  identify();
  read_signing_time();
  if (certificate_ == nullptr) {
    add("certificate-missing",
        "The signer's certificate is not in the message: issued by " + check_.signer.issuer +
            ", serial number or key identifier " + check_.signer.serial + ".",
        "Ask the sender to have certificates sent along with signatures.");
    return std::move(check_);
  }
  if (is_unsupported()) {
    // That the content was changed shows all the same.
    if (has_attributes_)
      (void)check_digest();
    return std::move(check_);
  }
  bool digest = check_digest();
  bool signature = check_signature();
  check_.holds = digest && signature && (!has_attributes_ || check_content_type());
  check_trust();
  return std::move(check_);
}

} // namespace

std::int64_t Verifier::now() const { return at.value_or(std::time(nullptr)); }

std::int64_t Verifier::arrived() const { return std::min(arrival.value_or(now()), now()); }

bool is_plain_data(const CMS_ContentInfo *object) {
  return OBJ_obj2nid(CMS_get0_eContentType(const_cast<CMS_ContentInfo *>(object))) ==
         NID_pkcs7_data;
}

std::vector<SignerCheck> check_signers(const SignedLayer &layer, const Verifier &verifier,
                                       bool &more) {
  std::vector<SignerCheck> checks;
  STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(layer.object);
  int count = sk_CMS_SignerInfo_num(signers);
  more = count > static_cast<int>(Report::max_signers);
  (void)CMS_set1_signers_certs(layer.object, nullptr, 0);
  ERR_clear_error();
  for (int i = 0; i < count && i < static_cast<int>(Report::max_signers); i++)
    checks.push_back(
        SignerVerification(sk_CMS_SignerInfo_value(signers, i), layer, verifier).run());
  return checks;
}

} // namespace smime
