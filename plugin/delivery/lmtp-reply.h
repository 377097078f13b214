// The LMTP answer for one recipient. Dovecot's delivery code knows no permanent
// rejection, so its 451 is replaced by 550 5.7.1 before it is sent.
#ifndef SMIME_LMTP_REPLY_H
#define SMIME_LMTP_REPLY_H

#include <string>

namespace smime {

void lmtp_reply_init();
void lmtp_reply_deinit();

// True while an LMTP delivery is under way whose answer can be replaced.
bool lmtp_can_reject();

// The delivery under way ends with 550 5.7.1 and this reason.
void lmtp_reject(const std::string &reason);

} // namespace smime

#endif
