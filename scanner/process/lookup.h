// What the scanner's program tells about files that are no mail: --health,
// --trust and --certificate.
#ifndef SMIME_LOOKUP_H
#define SMIME_LOOKUP_H

#include "common/facts.h"
#include "scanner/process/config.h"

#include <span>
#include <string>

namespace smime {

// The store in the directory, with what is wrong with its objects at the time now
// (seconds since 1970).
StoreFacts store_facts(const TrustConfig &config);

// The certificates and CRLs in the bytes of a file (PEM, DER or PKCS #7), each
// with its DER. error says what the bytes are if there are none. Parses
// untrusted bytes: call it in the sandbox.
FileFacts file_facts(const std::string &name, std::span<const unsigned char> bytes,
                     std::int64_t now);

// The configuration's own state; what it names is looked at with the rights of
// the caller. config_error in place of a configuration that cannot be used.
HealthFacts health_facts(const std::string &file, const ScannerConfig &config,
                         const std::string &version);

} // namespace smime

#endif
