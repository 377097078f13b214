// What smime-scanner --health, --trust and --certificate print, one line of JSON
// each, and how doveadm reads it. Facts alone: what they mean is decided in
// plugin/operator/health-check.h, plugin/operator/trust-check.h and
// plugin/operator/certificate-check.h.
#ifndef SMIME_FACTS_H
#define SMIME_FACTS_H

#include "common/report.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// A certificate or CRL.
struct ObjectFacts {
  // anchor, intermediate, crl, other (TrustKind).
  std::string kind;
  // In the trust store: relative to trust_dir; the domain that it is for.
  std::string file;
  std::string domain;
  std::string subject;
  std::string issuer;
  std::string serial;
  std::string aki;
  std::string ski;
  // Of the DER, lower case hex.
  std::string sha256;
  // Seconds since 1970. CRLs: thisUpdate and nextUpdate, 0 if it has none.
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  // Of certificates, and empty for CRLs.
  std::vector<std::string> email;
  // Empty if it may sign mail (RFC 8550 section 4.4), else what forbids it.
  std::string not_for_mail;
  std::string crl_address;
  // DER in base64; with --certificate alone.
  std::string der;
  std::vector<ReportError> problems;
};

// What one file, or one value of a directory, held.
struct FileFacts {
  std::string file;
  std::vector<ObjectFacts> objects;
  // Why there are none.
  std::string error;
};

struct StoreFacts {
  // Empty: trust_dir is not set.
  std::string directory;
  // require, soft, off.
  std::string crl_policy;
  std::vector<ObjectFacts> objects;
  std::vector<ReportError> problems;
  // The store cannot be read at all.
  std::string error;
};

// A file that a setting names.
struct PathFacts {
  std::string setting;
  std::string path;
  std::uint32_t mode = 0;
  std::uint32_t owner = 0;
  // It cannot be looked at.
  std::string error;
};

struct HealthFacts {
  std::string version;
  std::string config;
  // The configuration cannot be used; all below is empty then.
  std::string config_error;
  std::uint64_t timeout = 0;
  std::uint64_t max_document_size = 0;
  // 0 without an escrow key.
  std::uint64_t max_opened_size = 0;
  std::vector<std::string> clamd;
  std::vector<PathFacts> paths;
  std::vector<std::string> trusted_users;
  // Why escrow_key and escrow_certificate cannot be used.
  std::string escrow_error;
  bool report_certificates = false;
  StoreFacts trust;
};

// One line of ASCII JSON without its newline.
std::string to_json(const FileFacts &facts);
std::string to_json(const StoreFacts &facts);
std::string to_json(const HealthFacts &facts);

// Strict: what a member should be and is not, and lists beyond their bounds,
// are errors. Unknown members are passed over. Nullopt with error set.
std::optional<FileFacts> file_facts_from_json(std::string_view text, std::string &error);
std::optional<StoreFacts> store_facts_from_json(std::string_view text, std::string &error);
std::optional<HealthFacts> health_facts_from_json(std::string_view text, std::string &error);

// Objects of one file or store, and problems of one object, that are read.
inline constexpr std::size_t max_fact_objects = 20000;
inline constexpr std::size_t max_fact_list = 64;

} // namespace smime

#endif
