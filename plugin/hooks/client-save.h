// APPEND, COPY and MOVE by mail clients, and what imapsieve and FILTER=SIEVE
// save: the rules hold for them with the origins append and copy.
#ifndef SMIME_CLIENT_SAVE_H
#define SMIME_CLIENT_SAVE_H

#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/rules/fate.h"
#include "plugin/settings/user-context.h"

#include <optional>
#include <string>

namespace smime {

// Why a save is refused; the client is answered NO with the text.
struct SaveRefusal {
  mail_error code = MAIL_ERROR_NOTPOSSIBLE;
  std::string text;
};

class ClientSave {
public:
  // box is open and S/MIME-aware.
  ClientSave(mailbox *box, UserContext &user, Origin origin);

  // Whether any rule can concern the save; if not, the message need not be seen.
  // Settings that cannot be read concern every save.
  bool needs_decision() const;

  // Decides on the message. input is read from its beginning. A refusal means
  // that it must not be saved: it is in the quarantine then if a rule says so.
  // held is what the quarantine keeps with it. flag is the keyword to set.
  std::optional<SaveRefusal> decide_on(istream *input, Held held, bool released, std::string &flag);

private:
  SaveRefusal refuse(const std::string &rule, Action action, mail_error code,
                     const std::string &reason, const std::string &classes);
  SaveRefusal refuse_by(const Fate &fate, const std::string &classes);
  SaveRefusal hold(istream *input, Held held, const Report &report, const Fate &fate);

  mailbox *box_;
  UserContext &user_;
  Origin origin_;
  std::shared_ptr<const std::vector<Rule>> rules_;
  std::string rules_error_;
};

} // namespace smime

#endif
