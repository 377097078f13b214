#include "plugin/operator/certificate-check.h"

#include "common/ascii.h"
#include "plugin/operator/trust-check.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace smime {
namespace {

constexpr const char *user_certificate = "userCertificate";
constexpr const char *user_smime_certificate = "userSMIMECertificate";

// Certificates of people; a PKCS #7 has those of its CAs as well.
std::vector<const ObjectFacts *> certificates_in(const std::vector<FileFacts> &values) {
  std::vector<const ObjectFacts *> list;
  for (const FileFacts &value : values) {
    for (const ObjectFacts &object : value.objects) {
      if (object.kind == "other")
        list.push_back(&object);
    }
  }
  return list;
}

std::set<std::string> digests_of(const std::vector<const ObjectFacts *> &list) {
  std::set<std::string> digests;
  for (const ObjectFacts *object : list)
    digests.insert(object->sha256);
  return digests;
}

std::string name_certificate(const ObjectFacts &object) {
  return "serial " + object.serial + ", until " + date_text(object.not_after);
}

std::string name_all(const std::vector<const ObjectFacts *> &list) {
  std::string text;
  for (const ObjectFacts *object : list)
    text += (text.empty() ? "" : "; ") + name_certificate(*object);
  return text;
}

class Check {
public:
  Check(const std::string &address, const DirectoryCertificates &entry, std::int64_t now)
      : address_(address), entry_(entry), now_(now),
        plain_(certificates_in(entry.user_certificate)),
        smime_(certificates_in(entry.user_smime_certificate)) {}

  Findings run(const std::string &kept_sha256) {
    unreadable(entry_.user_certificate, user_certificate);
    unreadable(entry_.user_smime_certificate, user_smime_certificate);
    compare();
    each(plain_, user_certificate);
    auto known = digests_of(plain_);
    std::vector<const ObjectFacts *> rest;
    std::copy_if(smime_.begin(), smime_.end(), std::back_inserter(rest),
                 [&](const ObjectFacts *object) { return !known.contains(object->sha256); });
    each(rest, user_smime_certificate);
    in_use(kept_sha256);
    if (findings_.empty())
      add("ok", Severity::ok, name_all(plain_) + ", the same in both attributes", "");
    return std::move(findings_);
  }

private:
  void add(const char *code, Severity severity, const std::string &detail,
           const std::string &remedy) {
    findings_.push_back({code, severity, entry_.dn, detail, remedy});
  }

  void unreadable(const std::vector<FileFacts> &values, const char *attribute) {
    for (const FileFacts &value : values) {
      if (value.objects.empty())
        add("unreadable-certificate", Severity::error, std::string(attribute) + ": " + value.error,
            std::string("Publish it as ") + attribute + ";binary, in DER");
    }
  }

  void compare() {
    if (plain_.empty() && smime_.empty())
      return add("no-certificate", Severity::error,
                 "neither userCertificate nor userSMIMECertificate has a certificate for " +
                     address_ + ": nobody can encrypt to it",
                 "Publish the certificate in both attributes");
    if (smime_.empty())
      return add("only-userCertificate", Severity::warning,
                 "userCertificate has " + name_all(plain_) +
                     ", userSMIMECertificate nothing: clients that look there first find nothing "
                     "or fall back",
                 "Publish the same certificate in userSMIMECertificate");
    if (plain_.empty())
      return add("only-userSMIMECertificate", Severity::warning,
                 "userSMIMECertificate has " + name_all(smime_) +
                     ", userCertificate nothing: clients that know only that one cannot encrypt",
                 "Publish the same certificate in userCertificate");
    if (digests_of(plain_) != digests_of(smime_))
      add("different-certificates", Severity::error,
          "userCertificate has " + name_all(plain_) + "; userSMIMECertificate has " +
              name_all(smime_) + ": which one is used depends on the client",
          "Publish the certificate whose key is in use in both, and remove the other");
  }

  void each(const std::vector<const ObjectFacts *> &list, const char *attribute) {
    for (const ObjectFacts *object : list) {
      std::string what = std::string(attribute) + ", " + name_certificate(*object) + ": ";
      if (object->not_after < now_)
        add("certificate-expired", Severity::error,
            what + "it expired on " + date_text(object->not_after),
            "Publish the present certificate and remove this one");
      if (object->not_before > now_)
        add("certificate-not-yet-valid", Severity::error,
            what + "it is valid from " + date_text(object->not_before) + " on",
            "Publish the present certificate, or wait");
      if (!object->not_for_mail.empty())
        add("no-email-protection", Severity::error, what + object->not_for_mail,
            "Have the CA issue one with extended key usage emailProtection");
      bool named =
          std::any_of(object->email.begin(), object->email.end(),
                      [&](const std::string &own) { return equals_ignoring_case(own, address_); });
      if (!named)
        add("address-mismatch", Severity::error,
            what +
                (object->email.empty() ? std::string("it names no address")
                                       : "it is for " + object->email.front()) +
                ", not for " + address_,
            "Publish the certificate of that address, or have the CA issue one");
    }
  }

  void in_use(const std::string &kept_sha256) {
    if (kept_sha256.empty() || (plain_.empty() && smime_.empty()) ||
        digests_of(plain_).contains(kept_sha256) || digests_of(smime_).contains(kept_sha256))
      return;
    add("not-the-one-in-use", Severity::warning,
        address_ + " signed last with a certificate that is not published (SHA-256 " + kept_sha256 +
            ")",
        "Publish it if its key is used for encryption too: doveadm smime certs export");
  }

  const std::string &address_;
  const DirectoryCertificates &entry_;
  std::int64_t now_;
  std::vector<const ObjectFacts *> plain_;
  std::vector<const ObjectFacts *> smime_;
  Findings findings_;
};

} // namespace

Findings check_directory(const std::string &address,
                         const std::vector<DirectoryCertificates> &entries,
                         const std::string &kept_sha256, std::int64_t now) {
  if (entries.empty())
    return {{"no-entry", Severity::error, "smime_directory_filter",
             "the directory has no entry for " + address,
             "Look at smime_directory_base and smime_directory_filter"}};
  Findings findings;
  if (entries.size() > 1)
    findings.push_back({"several-entries", Severity::warning, "smime_directory_filter",
                        std::to_string(entries.size()) + " entries are found for " + address,
                        "Make smime_directory_filter find the one that clients use"});
  for (const DirectoryCertificates &entry : entries) {
    Findings own = Check(address, entry, now).run(kept_sha256);
    findings.insert(findings.end(), own.begin(), own.end());
  }
  return findings;
}

std::string directory_filter(const std::string &filter, const std::string &address) {
  static constexpr std::string_view mark = "{address}";
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string escaped;
  for (unsigned char c : address) {
    bool special = c == '*' || c == '(' || c == ')' || c == '\\' || c < 0x20 || c >= 0x7f;
    if (special)
      escaped += std::string{'\\', digits[c >> 4U], digits[c & 15U]};
    else
      escaped += static_cast<char>(c);
  }
  std::string result = filter;
  for (auto at = result.find(mark); at != std::string::npos;
       at = result.find(mark, at + escaped.size()))
    result.replace(at, mark.size(), escaped);
  return result;
}

} // namespace smime
