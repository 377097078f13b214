#include "plugin/operator/trust-check.h"

#include "plugin/operator/health-check.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <string_view>

namespace smime {
namespace {

constexpr std::int64_t day = 86400;
constexpr std::size_t max_name_part = 48;
constexpr std::size_t digest_part = 16;

bool is_crl(const ObjectFacts &object) { return object.kind == "crl"; }
bool is_ca(const ObjectFacts &object) {
  return object.kind == "anchor" || object.kind == "intermediate";
}

// The common name of a name in RFC 4514, or all of it, as part of a file's name.
std::string name_part(const std::string &name) {
  auto at = name.find("CN=");
  std::string text = at == std::string::npos ? name : name.substr(at + 3);
  text = text.substr(0, text.find(','));
  std::string result;
  for (unsigned char c : text) {
    bool plain = std::isalnum(c) != 0 && c < 0x80;
    if (plain)
      result += static_cast<char>(std::tolower(c));
    else if (!result.empty() && result.back() != '-')
      result += '-';
    if (result.size() == max_name_part)
      break;
  }
  while (result.ends_with('-'))
    result.pop_back();
  return result.empty() ? "unnamed" : result;
}

// CRLs of one issuer take each other's place.
std::string file_name_of(const ObjectFacts &object) {
  if (!is_crl(object))
    return name_part(object.subject) + "-" + object.sha256.substr(0, digest_part) + ".pem";
  std::string key = object.aki.substr(0, 2 * digest_part);
  return name_part(object.issuer) + (key.empty() ? "" : "-" + key) + ".crl.pem";
}

Severity severity_of(const ReportError &problem, const StoreFacts &store) {
  static constexpr std::array<std::string_view, 3> of_crls{"crl-stale", "crl-wrong-issuer",
                                                           "crl-missing"};
  bool crl = std::find(of_crls.begin(), of_crls.end(), problem.code) != of_crls.end();
  if (crl)
    return store.crl_policy == "require" ? Severity::error : Severity::warning;
  // A CA that got a new key under its old name is nothing to be woken for.
  if (problem.code == "namesake")
    return Severity::ok;
  return problem.code == "certificate-expired" ? Severity::error : Severity::warning;
}

std::string remedy_of_expiry(const ObjectFacts &object) {
  return is_crl(object)
             ? "Import the new CRL of " + object.issuer + ": doveadm smime trust import FILE"
             : "Get the new certificate from the CA: doveadm smime trust import FILE";
}

Findings findings_of(const ObjectFacts &object, const StoreFacts &store, std::int64_t now,
                     unsigned days) {
  Findings findings;
  for (const ReportError &problem : object.problems)
    findings.push_back({problem.code, severity_of(problem, store), object.file,
                        describe_object(object) + ": " + problem.text, problem.remedy});
  std::int64_t left = object.not_after - now;
  // CRLs live for days: the next one is not due before the last of them.
  std::int64_t early = (is_crl(object) ? 1 : static_cast<std::int64_t>(days)) * day;
  if (object.not_after != 0 && left >= 0 && left < early)
    findings.push_back({is_crl(object) ? "crl-expires" : "certificate-expires", Severity::warning,
                        object.file,
                        describe_object(object) + " ends on " + date_text(object.not_after) +
                            ", in " + std::to_string(left / day) + " days",
                        remedy_of_expiry(object)});
  return findings;
}

std::string addresses_text(const ObjectFacts &object) {
  std::string text;
  for (const std::string &address : object.email)
    text += (text.empty() ? "" : ", ") + address;
  return text.empty() ? object.subject : text;
}

const ObjectFacts *find_same(const StoreFacts &store, const ObjectFacts &object,
                             const std::string &domain) {
  for (const ObjectFacts &present : store.objects) {
    if (present.sha256 == object.sha256 && (present.domain.empty() || present.domain == domain))
      return &present;
  }
  return nullptr;
}

const ObjectFacts *find_newer_crl(const StoreFacts &store, const ObjectFacts &crl,
                                  const std::string &domain) {
  for (const ObjectFacts &present : store.objects) {
    if (is_crl(present) && present.domain == domain && present.issuer == crl.issuer &&
        present.aki == crl.aki && present.not_before > crl.not_before)
      return &present;
  }
  return nullptr;
}

bool has_issuer(const StoreFacts &store, const ObjectFacts &crl) {
  return std::any_of(store.objects.begin(), store.objects.end(), [&](const ObjectFacts &present) {
    return is_ca(present) && present.subject == crl.issuer &&
           (crl.aki.empty() || present.ski.empty() || present.ski == crl.aki);
  });
}

ImportDecision refuse(const std::string &text) { return {false, text, {}}; }

ImportDecision decide_crl(const ObjectFacts &object, const StoreFacts &store,
                          const std::string &domain, std::int64_t now) {
  std::string what = describe_object(object);
  if (const ObjectFacts *newer = find_newer_crl(store, object, domain))
    return refuse(what + " of " + date_text(object.not_before) + ": " + newer->file +
                  " is newer, of " + date_text(newer->not_before));
  if (object.not_after != 0 && object.not_after < now)
    return refuse(what + ": it is stale since " + date_text(object.not_after) +
                  ". Fetch the present one from the CA");
  if (!has_issuer(store, object))
    return refuse(what + ": its issuer is not in the store. Import that CA's certificate first");
  return {true, what + ", the next one is due on " + date_text(object.not_after),
          file_name_of(object)};
}

} // namespace

std::string date_text(std::int64_t seconds) {
  if (seconds == 0)
    return "never";
  auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  std::array<char, 32> text{};
  if (gmtime_r(&time, &parts) == nullptr)
    return "?";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

std::string describe_object(const ObjectFacts &object) {
  if (is_crl(object))
    return "CRL of " + object.issuer;
  if (object.kind == "anchor")
    return "root CA " + object.subject;
  if (object.kind == "intermediate")
    return "CA " + object.subject + ", issued by " + object.issuer;
  return "certificate of " + addresses_text(object) + ", issued by " + object.issuer;
}

std::string state_of(const ObjectFacts &object) {
  std::string text;
  for (const ReportError &problem : object.problems)
    text += (text.empty() ? "" : " ") + problem.code;
  return text.empty() ? "ok" : text;
}

Findings check_trust(const StoreFacts &store, std::int64_t now, unsigned days) {
  if (auto none = find_no_store(store)) {
    none->check = store.directory.empty() ? "no-trust-dir" : "unreadable";
    return {*none};
  }
  Findings findings;
  for (const ReportError &problem : store.problems)
    findings.push_back(
        {problem.code, Severity::warning, problem.path, problem.text, problem.remedy});
  bool anchor = false;
  for (const ObjectFacts &object : store.objects) {
    anchor = anchor || object.kind == "anchor";
    Findings own = findings_of(object, store, now, days);
    findings.insert(findings.end(), own.begin(), own.end());
  }
  if (!anchor)
    findings.push_back({"no-anchor", Severity::error, store.directory,
                        "there is no root CA in it: no signature is verified",
                        "doveadm smime trust import FILE"});
  if (findings.empty())
    findings.push_back({"ok", Severity::ok, store.directory,
                        std::to_string(store.objects.size()) + " certificates and CRLs", ""});
  return findings;
}

ImportDecision decide_import(const ObjectFacts &object, const StoreFacts &store,
                             const std::string &domain, std::int64_t now) {
  std::string what = describe_object(object);
  if (const ObjectFacts *present = find_same(store, object, domain))
    return refuse(what + ": it is in the store already, as " + present->file);
  if (is_crl(object))
    return decide_crl(object, store, domain, now);
  if (!is_ca(object))
    return refuse(what + ": it is no CA, and signers' certificates have no place in the store. "
                         "Import the certificate of its issuer");
  if (object.not_after < now)
    return refuse(what + ": it expired on " + date_text(object.not_after) +
                  ". Get the new one from the CA");
  return {true, what + ", SHA-256 " + object.sha256 + ", until " + date_text(object.not_after),
          file_name_of(object)};
}

std::string pem_of(const ObjectFacts &object) {
  std::string label = is_crl(object) ? "X509 CRL" : "CERTIFICATE";
  std::string text = "-----BEGIN " + label + "-----\n";
  for (std::size_t at = 0; at < object.der.size(); at += 64)
    text += object.der.substr(at, 64) + "\n";
  return text + "-----END " + label + "-----\n";
}

bool is_domain(const std::string &text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         text.find("..") == std::string::npos &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
}

} // namespace smime
