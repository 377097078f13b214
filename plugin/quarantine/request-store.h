// The file of a user's requests (requests.h), and the mark that his messages have of them.
#ifndef SMIME_QUARANTINE_REQUEST_STORE_H
#define SMIME_QUARANTINE_REQUEST_STORE_H

#include "plugin/dovecot/compat.h"
#include "plugin/quarantine/block.h"
#include "plugin/quarantine/requests.h"
#include "plugin/register/row.h"

#include <functional>
#include <string>

namespace smime {

// No file is an empty book. Nullopt with error set if it cannot be read.
std::optional<RequestBook> read_requests(mail_user *user, std::string &error);
// The same where one can go on without: an error is logged.
RequestBook read_requests_or_warn(mail_user *user);

// Changes the book while nobody else does; change returns whether there is something to write.
// What it wrote is on disk then. False with error set.
bool change_requests(mail_user *user, const std::function<bool(RequestBook &)> &change,
                     std::string &error);

// Who asked for the held message; nullopt: nobody. A mark without an entry, as dsync leaves it
// on another server, is of its recipient.
std::optional<Said> request_of(mail *held, const QuarantineRecord &record, const RequestBook &book);

// What becomes of a message is kept for who asked for it, before the message goes. What fails is
// logged: he is told then that it is not held any more.
void keep_decision(mail_user *user, const QuarantineRecord &record, HeldState state,
                   const std::string &who, const std::string &why);

} // namespace smime

#endif
