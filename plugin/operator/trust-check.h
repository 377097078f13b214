// What doveadm smime trust decides: what is wrong with a trust store, and what may
// come into it. No Dovecot header; times are seconds since 1970.
#ifndef SMIME_TRUST_CHECK_H
#define SMIME_TRUST_CHECK_H

#include "common/facts.h"
#include "plugin/operator/findings.h"

#include <cstdint>
#include <string>

namespace smime {

// "2026-11-24", or "never" for 0.
std::string date_text(std::int64_t seconds);

// One line about an object: "CA certificate CN=Root", "CRL of CN=Root",
// "certificate of alice@example.org, issued by CN=Sub".
std::string describe_object(const ObjectFacts &object);

// "ok" or what is wrong with it, as codes.
std::string state_of(const ObjectFacts &object);

// A finding for each thing that is wrong now, certificates that end within the
// days and CRLs that end within one; check is its code, setting the file. A single
// one that is ok if nothing is, or if there is no store because none is set.
Findings check_trust(const StoreFacts &store, std::int64_t now, unsigned days);

struct ImportDecision {
  bool accepted = false;
  // What it is; if it is refused, why and what to import instead.
  std::string text;
  // In trust_dir, of letters that need no quoting.
  std::string file_name;
};

// CAs and CRLs are accepted. What replaces a newer CRL of the same issuer, or is
// in the store already, is refused.
ImportDecision decide_import(const ObjectFacts &object, const StoreFacts &store,
                             const std::string &domain, std::int64_t now);

// Of an object that has its DER.
std::string pem_of(const ObjectFacts &object);

// A DNS name in lower case: the name of a folder in trust_dir.
bool is_domain(const std::string &text);

} // namespace smime

#endif
