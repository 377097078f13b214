// What we say: to the log, to a client, and to who started doveadm. No text leaves by another
// way, since any may have words of a sender's in it (common/safe-text.h). An error of ours
// begins with "smime: ".
#ifndef SMIME_SAY_H
#define SMIME_SAY_H

#include "common/safe-text.h"
#include "plugin/dovecot/compat.h"

namespace smime {

inline void log_error(event *about, const std::string &text) {
  e_error(about, "%s", log_text("smime: " + text).c_str());
}

inline void log_warning(event *about, const std::string &text) {
  e_warning(about, "%s", log_text("smime: " + text).c_str());
}

inline void log_info(event *about, const std::string &text) {
  e_info(about, "%s", log_text("smime: " + text).c_str());
}

inline void log_debug(event *about, const std::string &text) {
  e_debug(about, "%s", log_text("smime: " + text).c_str());
}

// Where there is no event.
inline void log_error(const std::string &text) {
  i_error("%s", log_text("smime: " + text).c_str());
}

inline void log_warning(const std::string &text) {
  i_warning("%s", log_text("smime: " + text).c_str());
}

// The log has the text; the client learns that there was an internal error.
inline void set_critical(mailbox *box, const std::string &text) {
  mailbox_set_critical(box, "%s", log_text("smime: " + text).c_str());
}

// A text of ours, where memory may be short.
template <std::size_t N> void set_critical(mailbox *box, const char (&text)[N]) {
  mailbox_set_critical(box, "smime: %s", text);
}

// The client gets the text.
inline void set_storage_error(mail_storage *storage, mail_error code, const std::string &text) {
  mail_storage_set_error(storage, code, reply_text(text).c_str());
}

// Ends doveadm.
[[noreturn]] inline void die(int status, const std::string &text) {
  i_fatal_status(status, "%s", log_text(text).c_str());
}

} // namespace smime

#endif
