// What identifies a delivery's LMTP session.
#ifndef SMIME_DELIVERY_SESSION_H
#define SMIME_DELIVERY_SESSION_H

#include <string>

extern "C" {
struct mail_deliver_context;
}

namespace smime {

// Empty: the message came in another way.
std::string session_of(const mail_deliver_context *context);

} // namespace smime

#endif
