#include "scanner/verify/chain.h"

#include "scanner/x509/algorithm.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <new>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <set>
#include <string>
#include <utility>

namespace smime {
namespace {

// Certificates and CRLs of the message that are looked at.
constexpr int max_certificates = 64;
constexpr int max_crls = 16;
constexpr std::size_t max_findings = 16;
constexpr int max_chain_depth = 16;

// What OpenSSL said about one certificate of the chain.
struct ChainFinding {
  int error = 0;
  int depth = 0;
  CertificatePtr certificate; // may be null
  CrlPtr crl;
};

struct ChainFindings {
  std::vector<ChainFinding> list;
};

int findings_index() {
  static const int index = X509_STORE_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// Goes on whatever is wrong, so that all of it is told; no exception may pass.
extern "C" int note_finding(int ok, X509_STORE_CTX *context) {
  if (ok == 1)
    return 1;
  auto *findings =
      static_cast<ChainFindings *>(X509_STORE_CTX_get_ex_data(context, findings_index()));
  // The path of a CRL's own issuer is checked in a context of OpenSSL's making;
  // nothing is let pass there.
  if (findings == nullptr)
    return 0;
  ChainFinding finding;
  finding.error = X509_STORE_CTX_get_error(context);
  finding.depth = X509_STORE_CTX_get_error_depth(context);
  X509 *certificate = X509_STORE_CTX_get_current_cert(context);
  X509_CRL *crl = X509_STORE_CTX_get0_current_crl(context);
  for (const ChainFinding &known : findings->list) {
    if (known.error == finding.error && known.depth == finding.depth)
      return 1;
  }
  if (findings->list.size() >= max_findings)
    return 0;
  if (certificate != nullptr && X509_up_ref(certificate) == 1)
    finding.certificate.reset(certificate);
  if (crl != nullptr && X509_CRL_up_ref(crl) == 1)
    finding.crl.reset(crl);
  try {
    findings->list.push_back(std::move(finding));
  } catch (const std::bad_alloc &) {
    return 0;
  }
  return 1;
}

// Without owning its elements.
struct FreeList {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_free(stack); }
};
using CertificateListPtr = std::unique_ptr<STACK_OF(X509), FreeList>;
using CrlListPtr = std::unique_ptr<STACK_OF(X509_CRL), FreeList>;

class ChainCheck {
public:
  ChainCheck(const ChainQuestion &question, const TrustSet &trust, KnownChains &known,
             const TrustConfig &config)
      : question_(question), trust_(trust), known_(known), config_(config) {}

  std::vector<ReportError> run();

private:
  bool is_of_chain(X509_CRL *crl) const;
  bool build(std::int64_t at, unsigned long flags, ChainFindings &findings);
  bool is_right_now(bool revocation);
  bool is_right_at_once();
  void add(const char *code, std::string text, std::string remedy);
  void explain(const ChainFinding &finding);
  void explain_validity(const ChainFinding &finding);
  void explain_issuer(X509 *certificate);
  bool is_unsupported(X509 *certificate);
  void check_purposes();
  void check_strength();
  void check_expired_now();
  void check_crls();
  void explain_crl(const ChainFinding &finding);
  // unsure: a CRL of the issuer's name lists it, and did not verify.
  enum class Listed : unsigned char { no, unsure, yes };
  Listed is_listed(int depth, ChainFinding &finding) const;
  std::int64_t used_at() const { return smime::used_at(question_, config_); }
  bool signing_time_counts() const {
    return question_.signing_time && used_at() == *question_.signing_time;
  }
  std::string when_used() const;
  void explain_revocation(const ChainFinding &finding, X509 *certificate);

  const ChainQuestion &question_;
  const TrustSet &trust_;
  KnownChains &known_;
  const TrustConfig &config_;
  CertificateStackPtr chain_;
  bool anchored_ = false;
  // The last build() came to its end: without, what it found is not all there is.
  bool finished_ = false;
  std::vector<ReportError> errors_;
};

std::string subject_of(X509 *certificate) { return subject_or_address(certificate); }

void ChainCheck::add(const char *code, std::string text, std::string remedy) {
  errors_.push_back({code, "", std::move(text), std::move(remedy)});
}

// Whether a CA of the chain signed it: of a CRL that came with the message no
// other counts, or a forged one would stand before the operator's.
bool ChainCheck::is_of_chain(X509_CRL *crl) const {
  for (int i = 1; i < sk_X509_num(chain_.get()); i++) {
    X509 *ca = sk_X509_value(chain_.get(), i);
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) == 0 &&
        X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1)
      return true;
  }
  return false;
}

// Sets chain_. Returns false if OpenSSL could not work at all.
bool ChainCheck::build(std::int64_t at, unsigned long flags, ChainFindings &findings) {
  CertificateListPtr certificates(sk_X509_dup(trust_.intermediates.get()));
  CrlListPtr crls(sk_X509_CRL_dup(trust_.crls.get()));
  StoreContextPtr context(X509_STORE_CTX_new());
  if (certificates == nullptr || crls == nullptr || context == nullptr)
    throw std::bad_alloc();
  for (int i = 0; i < sk_X509_num(question_.certificates) && i < max_certificates; i++)
    (void)sk_X509_push(certificates.get(), sk_X509_value(question_.certificates, i));
  for (int i = 0; i < sk_X509_CRL_num(question_.crls) && i < max_crls; i++) {
    if (is_of_chain(sk_X509_CRL_value(question_.crls, i)))
      (void)sk_X509_CRL_push(crls.get(), sk_X509_CRL_value(question_.crls, i));
  }
  if (X509_STORE_CTX_init(context.get(), trust_.anchors.get(), question_.certificate,
                          certificates.get()) != 1)
    return false;
  X509_STORE_CTX_set0_crls(context.get(), crls.get());
  X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, at);
  X509_VERIFY_PARAM_set_depth(parameters, max_chain_depth);
  if (flags != 0 && X509_VERIFY_PARAM_set_flags(parameters, flags) != 1)
    return false;
  if ((flags & X509_V_FLAG_POLICY_CHECK) != 0 &&
      X509_VERIFY_PARAM_add0_policy(parameters, OBJ_nid2obj(NID_any_policy)) != 1)
    return false;
  if (X509_STORE_CTX_set_ex_data(context.get(), findings_index(), &findings) != 1)
    return false;
  X509_STORE_CTX_set_verify_cb(context.get(), note_finding);
  finished_ = X509_verify_cert(context.get()) == 1;
  chain_.reset(X509_STORE_CTX_get1_chain(context.get()));
  ERR_clear_error();
  return chain_ != nullptr && sk_X509_num(chain_.get()) > 0 &&
         (finished_ || !findings.list.empty());
}

// Whether somebody's signature on certificate, or his key, is of an algorithm that this OpenSSL
// does not know: what it then says of the chain is not so.
bool ChainCheck::is_unsupported(X509 *certificate) {
  const X509_ALGOR *algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, certificate);
  std::string name = unsupported_signature(algorithm);
  if (name.empty())
    return false;
  add("signature-unsupported",
      "The certificate of " + subject_of(certificate) + " is signed by " + name +
          ", which cannot be checked here; whether it holds is not known.",
      "A newer OpenSSL may be able to (3.5 knows ML-DSA and SLH-DSA).");
  return true;
}

void ChainCheck::explain_issuer(X509 *certificate) {
  std::string issuer = name_text(X509_get_issuer_name(certificate));
  std::string key = hex_text(X509_get0_authority_key_id(certificate));
  if (!key.empty())
    key = " (key identifier " + key + ")";
  std::string address = issuer_address(certificate);
  add("issuer-missing",
      "The certificate that issued " + subject_of(certificate) + " is not at hand: " + issuer +
          key + ".",
      "Get the certificate of " + issuer + key + (address.empty() ? "" : " from " + address) +
          " and, if you trust it, put it into trust_dir.");
}

std::string ChainCheck::when_used() const {
  if (signing_time_counts())
    return "when the message was signed, " + time_text(*question_.signing_time);
  std::string when = "when the message arrived, " + time_text(question_.arrival);
  if (question_.signing_time)
    when += " (the time that the signer gives, " + time_text(*question_.signing_time) +
            ", is further back than signing_delay)";
  return when;
}

void ChainCheck::explain_validity(const ChainFinding &finding) {
  X509 *certificate = finding.certificate.get();
  std::string when = when_used();
  if (finding.error == X509_V_ERR_CERT_NOT_YET_VALID)
    add("certificate-not-yet-valid",
        "The certificate of " + subject_of(certificate) + " is valid from " +
            time_text(seconds_of(X509_get0_notBefore(certificate))) + " on, and was not " + when +
            ".",
        "Check this machine's clock; the sender's may be wrong.");
  else
    add(signing_time_counts() ? "certificate-expired-at-signing" : "certificate-expired",
        "The certificate of " + subject_of(certificate) + " expired on " +
            time_text(seconds_of(X509_get0_notAfter(certificate))) + ", before it was used " +
            when + ".",
        finding.depth == 0 ? "The sender needs a new certificate."
                           : "Ask the CA for the successor of this certificate.");
}

void ChainCheck::explain(const ChainFinding &finding) {
  X509 *certificate =
      finding.certificate != nullptr ? finding.certificate.get() : question_.certificate;
  switch (finding.error) {
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    if (!is_unsupported(certificate))
      explain_issuer(certificate);
    break;
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: break; // follows on the former
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    add("untrusted-root",
        "The chain ends at " + subject_of(certificate) + " (SHA-256 " + fingerprint(certificate) +
            "), which is not in trust_dir.",
        "If you trust it for mail, put it into trust_dir; compare the fingerprint with one that "
        "you got by another way.");
    break;
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID: explain_validity(finding); break;
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
  case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    if (is_unsupported(certificate))
      break;
    add("certificate-invalid",
        "The certificate of " + subject_of(certificate) +
            " was not signed by the CA that it names, or was changed.",
        "Treat the message as forged; ask the sender by another way.");
    break;
  default:
    add("chain-invalid",
        "The certificate of " + subject_of(certificate) +
            " cannot be used: " + X509_verify_cert_error_string(finding.error) + ".",
        "Tell the sender's CA; OpenSSL's name for it is above.");
    break;
  }
}

void ChainCheck::check_purposes() {
  std::string why;
  if (!may_sign_mail(question_.certificate, why))
    add("wrong-purpose",
        "The certificate of " + subject_of(question_.certificate) + " is not for mail: " + why +
            ".",
        "The sender needs a certificate for e-mail protection.");
  // The anchor is the operator's choice.
  for (int i = 1; i + 1 < sk_X509_num(chain_.get()); i++) {
    X509 *ca = sk_X509_value(chain_.get(), i);
    if (!may_issue_mail_certificates(ca))
      add("wrong-purpose",
          "The CA " + subject_of(ca) +
              " may not issue certificates for mail: its extended key "
              "usage is without emailProtection.",
          "The sender needs a certificate from another CA.");
  }
}

void ChainCheck::check_strength() {
  std::string found;
  for (int i = 0; i < sk_X509_num(chain_.get()); i++) {
    X509 *certificate = sk_X509_value(chain_.get(), i);
    std::string weakness = key_weakness(certificate);
    bool is_anchor = anchored_ && i + 1 == sk_X509_num(chain_.get());
    if (weakness.empty() && !is_anchor)
      weakness = signature_weakness(certificate);
    if (!weakness.empty() && found.size() < 400)
      found += (found.empty() ? "" : "; ") + subject_of(certificate) + ": " + weakness;
  }
  if (!found.empty())
    add("weak-algorithm", "Weak certificates by RFC 8550: " + found + ".",
        "The sender needs a newer certificate; min_strength says what is let pass.");
}

// The other half of explain_validity(): what was right then and is over now.
void ChainCheck::check_expired_now() {
  for (int i = 0; i < sk_X509_num(chain_.get()); i++) {
    X509 *certificate = sk_X509_value(chain_.get(), i);
    std::int64_t end = seconds_of(X509_get0_notAfter(certificate));
    if (end < question_.now && end >= used_at()) {
      add("certificate-expired-now",
          "The certificate of " + subject_of(certificate) + " was valid " + when_used() +
              ", and expired on " + time_text(end) + ".",
          "Nothing, for this message.");
      return;
    }
  }
}

void ChainCheck::explain_revocation(const ChainFinding &finding, X509 *certificate) {
  X509_REVOKED *entry = nullptr;
  if (finding.crl != nullptr)
    (void)X509_CRL_get0_by_cert(finding.crl.get(), &entry, certificate);
  std::int64_t when = entry == nullptr ? 0 : seconds_of(X509_REVOKED_get0_revocationDate(entry));
  if (when > question_.arrival) {
    add("revoked-after-arrival",
        "The certificate of " + subject_of(certificate) + " was revoked on " + time_text(when) +
            ", after the message arrived, " + time_text(question_.arrival) + ".",
        "Ask the CA why: who had the key before that is not known.");
    return;
  }
  bool after = question_.signing_time && when > *question_.signing_time;
  add(after ? "revoked-after-signing" : "revoked",
      "The certificate of " + subject_of(certificate) + " was revoked" +
          (when == 0 ? "" : " on " + time_text(when)) +
          (after ? ", after the time that the signer gives, " + time_text(*question_.signing_time)
                 : "") +
          ".",
      after ? "Whoever has the key can give any time: ask the sender by another way."
            : "Treat the message as forged; ask the sender by another way.");
}

void ChainCheck::explain_crl(const ChainFinding &finding) {
  X509 *certificate =
      sk_X509_value(chain_.get(), std::clamp(finding.depth, 0, sk_X509_num(chain_.get()) - 1));
  std::string issuer = name_text(X509_get_issuer_name(certificate));
  std::string address = crl_address(certificate);
  std::string from = address.empty() ? "Get it from the CA" : "Get it from " + address;
  switch (finding.error) {
  case X509_V_ERR_UNABLE_TO_GET_CRL:
    add("crl-unavailable",
        "Whether " + subject_of(certificate) + " was revoked is not known: there is no CRL of " +
            issuer + ".",
        from + " and put it into trust_dir.");
    break;
  case X509_V_ERR_CRL_HAS_EXPIRED:
    add("crl-stale",
        "The CRL of " + issuer + " should have been replaced by " +
            time_text(finding.crl == nullptr
                          ? 0
                          : seconds_of(X509_CRL_get0_nextUpdate(finding.crl.get()))) +
            ": what was revoked since is not known.",
        from + " and replace the old one in trust_dir.");
    break;
  case X509_V_ERR_CRL_NOT_YET_VALID:
    add("crl-stale", "The CRL of " + issuer + " is of the future.", "Check this machine's clock.");
    break;
  case X509_V_ERR_CERT_REVOKED: explain_revocation(finding, certificate); break;
  case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
  case X509_V_ERR_CRL_SIGNATURE_FAILURE:
  case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
  case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
  case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
  case X509_V_ERR_DIFFERENT_CRL_SCOPE:
  case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    add("crl-wrong-issuer",
        "The CRL that names " + issuer + " does not speak for " + subject_of(certificate) + ": " +
            X509_verify_cert_error_string(finding.error) + ".",
        from + " and replace it in trust_dir.");
    break;
  default: break; // said by the first pass
  }
}

// OpenSSL looks at one CRL for each certificate, the newest that is in date: an
// older one that is still in date would hide a newer one that is not. What was
// revoked stays so, unless it was on hold.
ChainCheck::Listed ChainCheck::is_listed(int depth, ChainFinding &finding) const {
  Listed listed = Listed::no;
  X509 *certificate = sk_X509_value(chain_.get(), depth);
  EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(chain_.get(), depth + 1));
  auto look = [&](STACK_OF(X509_CRL) * crls, int most) {
    for (int i = 0; i < sk_X509_CRL_num(crls) && i < most; i++) {
      X509_CRL *crl = sk_X509_CRL_value(crls, i);
      X509_REVOKED *entry = nullptr;
      int order = X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(certificate));
      if (order == -2)
        listed = Listed::unsure;
      if (order != 0 || X509_CRL_get0_by_cert(crl, &entry, certificate) != 1 || entry == nullptr)
        continue;
      int critical = 0;
      std::unique_ptr<ASN1_ENUMERATED, OpensslFree<ASN1_ENUMERATED_free>> reason(
          static_cast<ASN1_ENUMERATED *>(
              X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, nullptr)));
      bool on_hold =
          reason != nullptr && ASN1_ENUMERATED_get(reason.get()) == CRL_REASON_CERTIFICATE_HOLD;
      if (on_hold)
        continue;
      // Another's CRL, or there was no memory to verify it.
      listed = Listed::unsure;
      if (key == nullptr || X509_CRL_verify(crl, key) != 1 || X509_CRL_up_ref(crl) != 1)
        continue;
      finding.error = X509_V_ERR_CERT_REVOKED;
      finding.depth = depth;
      finding.crl.reset(crl);
      return true;
    }
    return false;
  };
  if (look(trust_.crls.get(), sk_X509_CRL_num(trust_.crls.get())) || look(question_.crls, max_crls))
    listed = Listed::yes;
  ERR_clear_error();
  return listed;
}

constexpr unsigned long crl_flags = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                    X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS;

// Whether nothing at all is wrong at present. Sets chain_ then.
bool ChainCheck::is_right_now(bool revocation) {
  ChainFindings findings;
  if (!build(question_.now, X509_V_FLAG_POLICY_CHECK | (revocation ? crl_flags : 0), findings) ||
      !finished_)
    return false;
  int last = sk_X509_num(chain_.get()) - 1;
  for (const ChainFinding &finding : findings.list) {
    if (finding.error != X509_V_ERR_UNABLE_TO_GET_CRL || finding.depth != last)
      return false;
  }
  ChainFinding listed;
  for (int depth = 0; revocation && depth < last; depth++) {
    if (is_listed(depth, listed) != Listed::no)
      return false;
  }
  return true;
}

// Whether the chain is right in every respect at the time of signing and now. Most mail is, and
// one pass of OpenSSL shows it; where it is not, the caller makes two passes to say what is wrong
// and since when. A chain that was asked about before costs nearly nothing. CRLs that came with
// the message need its chain first, so they are left to the caller.
bool ChainCheck::is_right_at_once() {
  bool revocation = config_.crl_policy != CrlPolicy::off;
  if (revocation && sk_X509_CRL_num(question_.crls) > 0)
    return false;
  KnownChains::Question known{&trust_, question_.certificate, question_.certificates, revocation,
                              question_.now};
  chain_ = known_.find(known);
  if (chain_ == nullptr) {
    if (!is_right_now(revocation))
      return false;
    if (question_.holds)
      known_.keep(known, chain_.get(), trust_.times);
  }
  for (int depth = 0; depth < sk_X509_num(chain_.get()); depth++) {
    X509 *certificate = sk_X509_value(chain_.get(), depth);
    if (used_at() < seconds_of(X509_get0_notBefore(certificate)) ||
        used_at() > seconds_of(X509_get0_notAfter(certificate)))
      return false;
  }
  return true;
}

// CRLs are of now, whenever the message was signed.
void ChainCheck::check_crls() {
  ChainFindings findings;
  if (!build(question_.now, crl_flags, findings)) {
    add("crl-unavailable", "Whether the certificates were revoked could not be found out.", "");
    return;
  }
  int last = sk_X509_num(chain_.get()) - 1;
  std::set<int> explained;
  // Revocation first: other findings on the same certificate matter less.
  for (const ChainFinding &finding : findings.list) {
    if (finding.error == X509_V_ERR_CERT_REVOKED && finding.depth != last) {
      explain_crl(finding);
      explained.insert(finding.depth);
    }
  }
  for (int depth = 0; depth < last; depth++) {
    ChainFinding finding;
    if (explained.count(depth) == 0 && is_listed(depth, finding) == Listed::yes) {
      explain_crl(finding);
      explained.insert(depth);
    }
  }
  for (const ChainFinding &finding : findings.list) {
    // Nobody revokes an anchor by a CRL of its own.
    if (finding.depth == last || !explained.insert(finding.depth).second)
      continue;
    std::size_t before = errors_.size();
    explain_crl(finding);
    if (errors_.size() == before)
      explained.erase(finding.depth);
  }
}

std::vector<ReportError> ChainCheck::run() {
  if (is_right_at_once()) {
    anchored_ = true;
    check_purposes();
    check_strength();
    return std::move(errors_);
  }
  ChainFindings findings;
  chain_.reset(); // the next one is of another time
  // Policies count where a CA demands them (RFC 5280 section 6.1.1).
  if (!build(used_at(), X509_V_FLAG_POLICY_CHECK, findings)) {
    add("chain-invalid", "The signer's certificate could not be checked.", "");
    return std::move(errors_);
  }
  anchored_ =
      std::none_of(findings.list.begin(), findings.list.end(), [](const ChainFinding &finding) {
        return finding.error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
               finding.error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
               finding.error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
               finding.error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
               finding.error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
               finding.error == X509_V_ERR_CERT_CHAIN_TOO_LONG;
      });
  for (const ChainFinding &finding : findings.list)
    explain(finding);
  if (!anchored_ && errors_.empty())
    explain_issuer(question_.certificate);
  check_purposes();
  check_strength();
  check_expired_now();
  // Without an anchor nobody vouches for the CRLs either.
  if (config_.crl_policy != CrlPolicy::off && anchored_)
    check_crls();
  return std::move(errors_);
}

} // namespace

std::int64_t used_at(const ChainQuestion &question, const TrustConfig &config) {
  bool came_soon =
      question.signing_time && question.arrival - *question.signing_time <= config.signing_delay;
  return came_soon ? *question.signing_time : question.arrival;
}

std::vector<ReportError> check_chain(const ChainQuestion &question, const TrustSet &trust,
                                     KnownChains &known, const TrustConfig &config) {
  return ChainCheck(question, trust, known, config).run();
}

} // namespace smime
