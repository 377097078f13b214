// What speaks against the fields that say whom a message is from, whoever signed it.
#ifndef SMIME_SENDER_CHECK_H
#define SMIME_SENDER_CHECK_H

#include "scanner/verify/judgement.h"

#include <string>
#include <vector>

namespace smime {

// Adds to the findings about the message: of From and Sender, and of those in a signed header
// (RFC 9788).
void check_senders(SignatureFindings &findings, const TrustConfig &config);

// With commas between, some 300 characters at most.
std::string joined(const std::vector<std::string> &words);

} // namespace smime

#endif
