#include "scanner/verify/judgement.h"

#include "scanner/verify/sender-check.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <array>
#include <utility>

namespace smime {
namespace {

constexpr std::array<std::pair<std::string_view, Weight>, 34> weights{{
    {"digest-mismatch", Weight::broken},
    {"signature-invalid", Weight::broken},
    {"content-type-mismatch", Weight::broken},
    {"partial-cover", Weight::unverified},
    {"several-authors", Weight::unverified},
    {"nested-signers", Weight::unverified},
    {"revoked-after-arrival", Weight::unverified},
    {"from-of-list", Weight::unverified},
    {"odd-address", Weight::unverified},
    {"address-in-name", Weight::unverified},
    {"only-sender-matches", Weight::unverified},
    {"no-address-in-certificate", Weight::unverified},
    {"trust-not-configured", Weight::unverified},
    {"digest-not-computed", Weight::unverified},
    {"signature-unsupported", Weight::unverified},
    {"content-type-not-data", Weight::unverified},
    {"type-mismatch", Weight::unverified},
    {"ambiguous-structure", Weight::unverified},
    {"spliced-encryption", Weight::unverified},
    {"signature-outside-encryption", Weight::unverified},
    {"too-many-signers", Weight::unverified},
    {"too-many-layers", Weight::unverified},
    {"damaged-signature", Weight::unverified},
    {"certificate-expired-now", Weight::note},
    {"signing-time-in-future", Weight::note},
    {"sender-differs", Weight::note},
    {"repeated-from", Weight::note},
    {"date-differs", Weight::note},
    {"odd-charset", Weight::note},
    {"signed-for-domain", Weight::note},
    {"odd-certificate-address", Weight::note},
    {"trust-file-unreadable", Weight::note},
    {"trust-file-invalid", Weight::note},
    {"trust-limit", Weight::note},
}};

bool is_ascii(const std::string &text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

class Judge {
public:
  Judge(SignatureFindings &findings, const Verifier &verifier, Report &report)
      : findings_(findings), verifier_(verifier), report_(report) {}

  void run();

private:
  void check_layer_addresses();
  enum class Match : std::uint8_t {
    author,
    author_of_domain,
    only_sender,
    nobody_named,
    author_of_list,
    other
  };
  Match match(const SignerCheck &signer) const;
  bool is_seal(const SignerCheck &signer) const;
  void say_match(const LayerSignature &layer, SignerCheck &signer, bool nested) const;
  void check_date(const LayerSignature &layer, SignerCheck &signer) const;
  void check_contradictions(LayerSignature &layer);
  void check_cover();
  void check_structure();
  void write_errors();
  void write_signers(bool verified);
  Weight weight(const std::vector<ReportError> &errors) const;
  Weight weight(const LayerSignature &layer) const;
  bool counts(const LayerSignature &layer) const {
    return layer.cover.whole &&
           (!findings_.outside_encryption || layer.cover.encrypted > findings_.outside_level);
  }
  SignatureStatus status() const;
  void add(const char *code, const std::string &path, std::string text, std::string remedy = {});

  SignatureFindings &findings_;
  const Verifier &verifier_;
  Report &report_;
};

void Judge::add(const char *code, const std::string &path, std::string text, std::string remedy) {
  findings_.errors.push_back({code, path, std::move(text), std::move(remedy)});
}

Weight Judge::weight(const std::vector<ReportError> &errors) const {
  Weight worst = Weight::note;
  for (const ReportError &error : errors)
    worst = std::max(worst, weight_of(error.code, verifier_.config));
  return worst;
}

Weight Judge::weight(const LayerSignature &layer) const {
  Weight worst = weight(layer.errors);
  for (const SignerCheck &signer : layer.signers) {
    worst = std::max(worst, weight(signer.errors));
    // Whatever the reason: what does not hold is not verified.
    if (!signer.holds)
      worst = std::max(worst, Weight::unverified);
  }
  return layer.signers.empty() ? std::max(worst, Weight::unverified) : worst;
}

// Whether the operator says that the certificate, which names nobody, may stand for the domain
// of all authors.
bool Judge::is_seal(const SignerCheck &signer) const {
  const auto &from = findings_.senders.from;
  auto stands_for = [&](const std::string &address) {
    return std::any_of(
        verifier_.config.seals.begin(), verifier_.config.seals.end(), [&](const Seal &seal) {
          return seal.domain == domain_of(address) && (seal.certificate == signer.signer.sha256 ||
                                                       seal.certificate == signer.signer.subject);
        });
  };
  return !from.empty() && std::all_of(from.begin(), from.end(), stands_for);
}

// RFC 8550 section 3 wants an address of the certificate in From or Sender. Readers see From.
Judge::Match Judge::match(const SignerCheck &signer) const {
  auto has_all = [&](const std::vector<std::string> &addresses) {
    return std::all_of(addresses.begin(), addresses.end(), [&](const std::string &address) {
      return has_address(signer.addresses, address);
    });
  };
  const Senders &senders = findings_.senders;
  if (signer.addresses.empty())
    return is_seal(signer) ? Match::author_of_domain : Match::nobody_named;
  if (has_all(senders.from))
    return Match::author;
  if (!senders.sender.empty() && has_all(senders.sender))
    return Match::only_sender;
  const std::vector<std::string> &inside = findings_.protected_senders.from;
  bool by_list = std::any_of(signer.addresses.begin(), signer.addresses.end(),
                             [&](const std::string &address) {
                               return senders.is_rewritten_for(address) &&
                                      (inside.empty() || has_address(inside, address));
                             });
  return by_list ? Match::author_of_list : Match::other;
}

void Judge::say_match(const LayerSignature &layer, SignerCheck &signer, bool nested) const {
  const Senders &senders = findings_.senders;
  const std::string from = "From: " + joined(senders.from);
  auto say = [&](const char *code, std::string text, std::string remedy) {
    signer.errors.push_back({code, layer.path, std::move(text), std::move(remedy)});
  };
  switch (match(signer)) {
  case Match::author:
    for (const std::string &address : senders.sender) {
      if (!has_address(signer.addresses, address))
        return say("sender-differs",
                   "It was sent by " + address + " (Sender) for the one who signed it.", "None.");
    }
    return;
  case Match::author_of_domain:
    return say("signed-for-domain",
               "It is signed for the domain " + domain_of(senders.from.front()) + ", by " +
                   signer.name + ".",
               "None.");
  case Match::only_sender:
  case Match::nobody_named:
  case Match::author_of_list:
  case Match::other: break;
  }
  if (nested)
    return say(
        "nested-signers",
        "Another layer is signed by the sender, and this one by someone else: " + signer.name + ".",
        "Ask the sender by another way.");
  if (match(signer) == Match::only_sender)
    return say("only-sender-matches",
               "It is signed by " + joined(senders.sender) + " (Sender), and readers see " + from +
                   ".",
               "Ask the sender by another way if it matters whom it is from.");
  if (match(signer) == Match::nobody_named)
    return say("no-address-in-certificate",
               "The certificate has nobody's address; it is of " + signer.name + ".",
               "If it is a gateway's or a company's, say so with seal in smime-scanner.conf.");
  if (match(signer) == Match::author_of_list)
    return say("from-of-list",
               "A mailing list put its own address into the field that readers see, " + from +
                   "; it is signed by " + joined(signer.addresses) + ", whom the list names.",
               "Ask the sender by another way if it matters whom it is from.");
  std::string idn = is_ascii(from) ? ""
                                   : " The address has letters outside ASCII, which may only look "
                                     "like those of another one.";
  say("address-mismatch",
      "The message is not from the one who signed it: " + from + " against " +
          joined(signer.addresses) + " in the certificate." + idn,
      "Look for what rewrites From between the sender and here; else ask the sender by another "
      "way.");
}

void Judge::check_layer_addresses() {
  auto matches_author = [this](const SignerCheck &signer) {
    return match(signer) == Match::author || match(signer) == Match::author_of_domain;
  };
  std::size_t matching = 0;
  for (const LayerSignature &layer : findings_.layers) {
    for (const SignerCheck &signer : layer.signers)
      matching += counts(layer) && matches_author(signer);
  }
  for (LayerSignature &layer : findings_.layers) {
    for (SignerCheck &signer : layer.signers) {
      if (!layer.cover.whole || !signer.has_certificate)
        continue;
      check_date(layer, signer);
      say_match(layer, signer, matching > 0 && layer.signers.size() == 1 && counts(layer));
    }
    check_contradictions(layer);
  }
}

// Date is not signed: it may be that of an old message that was sent again, or give a new one an
// old date. What a message takes on its way lies between the two as well.
void Judge::check_date(const LayerSignature &layer, SignerCheck &signer) const {
  if (!signer.given_time)
    return;
  auto date = findings_.senders.dates.far_from(*signer.given_time, verifier_.config.signing_delay);
  if (date)
    signer.errors.push_back(
        {"date-differs", layer.path,
         "The Date field says " + time_text(*date) + ", and the signer gives " +
             time_text(*signer.given_time) + " as the time of signing.",
         "Go by the time of signing: Date is not signed, and a message can be sent again."});
}

void Judge::check_contradictions(LayerSignature &layer) {
  std::size_t bad = 0;
  for (const SignerCheck &signer : layer.signers)
    bad += !signer.holds || weight(signer.errors) >= Weight::failed;
  if (bad > 0 && bad < layer.signers.size())
    layer.errors.push_back({"signers-contradict", layer.path,
                            "Of " + std::to_string(layer.signers.size()) + " signers " +
                                std::to_string(bad) +
                                " cannot be taken for the sender's good signature.",
                            "Treat the message as not signed."});
}

void Judge::check_cover() {
  bool any_whole = std::any_of(findings_.layers.begin(), findings_.layers.end(),
                               [](const LayerSignature &layer) { return layer.cover.whole; });
  if (!any_whole)
    add("partial-cover", findings_.layers.front().path,
        "The signature covers part " + findings_.layers.front().path +
            " alone; what is beside it is not signed.",
        "Read the signed part by itself; look for what adds to the message, such as a mailing "
        "list.");
}

void Judge::check_structure() {
  if (report_.classes.has(MessageClass::malformed))
    add("ambiguous-structure", "",
        "The message is malformed (see errors): readers may show something else than what was "
        "checked.",
        "Look at the message's source.");
  for (const ReportError &error : report_.errors) {
    if (error.code == "smime-type-mismatch")
      add("type-mismatch", error.path, error.text,
          "The sender's software labels its mail wrongly.");
  }
}

SignatureStatus Judge::status() const {
  bool encrypted = findings_.outside_encryption;
  bool counted = std::any_of(findings_.layers.begin(), findings_.layers.end(),
                             [this](const LayerSignature &layer) { return counts(layer); });
  Weight worst = Weight::note;
  for (const ReportError &error : findings_.errors) {
    // Told, and of no weight where there is a signature inside.
    if (!counted || error.code != "signature-outside-encryption")
      worst = std::max(worst, weight_of(error.code, verifier_.config));
  }
  bool any_whole = false;
  for (const LayerSignature &layer : findings_.layers) {
    // Signatures around the encryption matter only where there are none inside.
    if (!layer.cover.whole || (counted && !counts(layer)))
      continue;
    any_whole = true;
    worst = std::max(worst, weight(layer));
    encrypted = encrypted || layer.cover.encrypted > 0;
  }
  // Without a store only what does not hold in mathematics fails; what no
  // reader takes for the message's signature cannot fail the message.
  bool failed = any_whole && (worst == Weight::broken ||
                              (worst == Weight::failed && verifier_.store != nullptr));
  if (failed)
    return encrypted ? SignatureStatus::encrypted_signed_failed : SignatureStatus::signed_failed;
  if (!counted || worst != Weight::note || verifier_.store == nullptr)
    return SignatureStatus::signed_;
  return encrypted ? SignatureStatus::encrypted_signed_verified : SignatureStatus::signed_verified;
}

void Judge::write_errors() {
  auto write = [this](const std::vector<ReportError> &errors) {
    for (const ReportError &error : errors) {
      bool known = std::any_of(report_.signature_errors.begin(), report_.signature_errors.end(),
                               [&](const ReportError &other) {
                                 return other.code == error.code && other.path == error.path &&
                                        other.text == error.text;
                               });
      if (known)
        continue;
      if (report_.signature_errors.size() < Report::max_signature_errors)
        report_.signature_errors.push_back(error);
      else
        report_.dropped++;
    }
  };
  for (const LayerSignature &layer : findings_.layers) {
    write(layer.errors);
    for (const SignerCheck &signer : layer.signers)
      write(signer.errors);
  }
  write(findings_.errors);
}

// Certificates go along only with what they were verified for.
void Judge::write_signers(bool verified) {
  for (LayerSignature &layer : findings_.layers) {
    for (SignerCheck &signer : layer.signers) {
      if (!verified || !counts(layer))
        signer.signer.certificate.clear();
      if (report_.signers.size() < Report::max_signers)
        report_.signers.push_back(std::move(signer.signer));
      else
        report_.dropped++;
    }
  }
}

void Judge::run() {
  if (findings_.layers.empty())
    return;
  check_senders(findings_, verifier_.config);
  check_layer_addresses();
  check_cover();
  check_structure();
  if (verifier_.store == nullptr)
    add("trust-not-configured", "",
        "No trust_dir is set, or it is not there: whose signature it is was not checked, only "
        "whether it fits.",
        "Set trust_dir in smime-scanner.conf to a folder with the certificates of the CAs that you "
        "trust for mail.");
  report_.signature = status();
  write_errors();
  write_signers(report_.signature == SignatureStatus::signed_verified ||
                report_.signature == SignatureStatus::encrypted_signed_verified);
}

} // namespace

Weight weight_of(std::string_view code, const TrustConfig &config) {
  if (code.starts_with("crl-"))
    return config.crl_policy == CrlPolicy::require ? Weight::unverified : Weight::note;
  if (code == "weak-algorithm")
    return config.min_strength == MinStrength::strong ? Weight::unverified : Weight::note;
  for (const auto &[name, weight] : weights) {
    if (name == code)
      return weight;
  }
  return Weight::failed;
}

void judge(SignatureFindings findings, const Verifier &verifier, Report &report) {
  Judge(findings, verifier, report).run();
}

} // namespace smime
