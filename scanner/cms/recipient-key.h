// Whether encrypted content is addressed to a certificate, and the content key as it stands
// there.
#ifndef SMIME_RECIPIENT_KEY_H
#define SMIME_RECIPIENT_KEY_H

#include "scanner/cms/content-key.h"
#include "scanner/cms/stream.h"

#include <optional>

namespace smime {

// Of the first RecipientInfo that names the certificate by issuer and serial number or by
// its key identifier, and has an algorithm that is known here (RSA PKCS #1 v1.5, RSA-OAEP,
// ECDH with AES key wrap); nullopt if there is none. key_size is the content key's.
std::optional<WrappedKey> find_wrapped_key(const CmsHead &head, X509 *certificate,
                                           std::size_t key_size);

} // namespace smime

#endif
