// The names of a store's mailboxes that hold or held mail for review, in a file beside the
// mailboxes: what tells of a mailbox with any name, at the cost of a stat(), that its mark is to
// be looked at (ownership.h). Whose it is the mark says; a name that is here wrongly costs one
// more look, and one that is missing comes here when the mailbox is opened.
#ifndef SMIME_QUARANTINE_KNOWN_NAMES_H
#define SMIME_QUARANTINE_KNOWN_NAMES_H

#include "plugin/dovecot/compat.h"

#include <set>
#include <string>
#include <string_view>

namespace smime {

using StorageNames = std::set<std::string>;

// Names are those of the storage (mailbox_list_get_storage_name()), so that aliases of a
// namespace and other users' views of it find them.
bool is_known_name(mailbox_list *list, const std::string &storage_name);
StorageNames known_names(mailbox_list *list);

// The directory that has the file: namespaces with the same one show the same store. Empty
// where the store has no place for it.
std::string place_of_names(mailbox_list *list);

// Makes that directory if it is not there. False with error set.
bool make_place_of_names(mailbox_list *list, std::string &error);
// Writes another file into it, with the permissions that files there have. False with error set.
bool write_beside_names(mailbox_list *list, const std::string &name, std::string_view text,
                        std::string &error);

// Where it cannot be written the mark goes on to close the mailbox to those who open it.
void remember_name(mailbox_list *list, const std::string &storage_name);
void forget_name(mailbox_list *list, const std::string &storage_name);

// Of a mailbox that was renamed, with those below it.
void follow_rename(mailbox_list *from, const std::string &old_name, mailbox_list *to,
                   const std::string &new_name);

} // namespace smime

#endif
