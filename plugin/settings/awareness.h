// Whether a mailbox is S/MIME-aware (smime_stores). One mailbox may have several names, by
// mailbox_alias or by namespaces that show the same store: it is the same by each of them.
#ifndef SMIME_AWARENESS_H
#define SMIME_AWARENESS_H

#include "plugin/rules/settings.h"

#include <string>

struct mail_namespace;
struct mailbox;

namespace smime {

// The mailbox that the name is an alias of by the mailbox_alias plugin (Dovecot 2.3); empty if
// it is none.
std::string aliased_mailbox(mail_namespace *ns, const std::string &vname);

// Whether both namespaces show the same store, as those with alias_for do.
bool is_same_root(mail_namespace *one, mail_namespace *other);

// By the full name, in the namespace that it is in; the mailbox need not exist.
bool is_aware(mail_namespace *ns, const std::string &vname, const Settings &settings);
bool is_aware(const mailbox *box, const Settings &settings);

} // namespace smime

#endif
