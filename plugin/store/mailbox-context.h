// What the plugin keeps for one open mailbox, shared by the overrides.
#ifndef SMIME_MAILBOX_CONTEXT_H
#define SMIME_MAILBOX_CONTEXT_H

#include "plugin/dovecot/ptr.h"

#include <functional>
#include <vector>

namespace smime {

class SaveWatch;
struct OwnSave;

using AfterCommit = std::function<void(const mail_transaction_commit_changes &)>;

// What the index has of each message under a name of ours; the id is valid if registered.
struct IndexExtension {
  std::uint32_t id;
  bool registered;
};

// In the mailbox's pool, zeroed: plain members only.
struct MailboxContext {
  union mailbox_module_context module_ctx;
  // All other modules' functions and the storage's, which those that are put on
  // top of them call.
  mailbox_vfuncs below;
  // Of a quarantine: how it is created by others than us.
  int (*outer_create)(mailbox *, const struct mailbox_update *, bool);

  // It has the quarantine's name and is its owner's.
  bool users_own;

  // It is being opened for its counts alone.
  bool counted_alone;

  // The message of this transaction was diverted.
  mailbox_transaction_context *diverted_transaction;
  // A save of this transaction did not come back as it was sent: it must not
  // be committed.
  mailbox_transaction_context *failed_transaction;

  // A transaction whose message was written too early, and the one that is
  // committed in its place (early-save.cpp).
  mailbox_transaction_context *replaced_transaction;
  mailbox_transaction_context *replacing_transaction;

  // A copy that is made by saving another message than the source (save_for_copy()): other
  // plugins' copy functions do not see it.
  mail_save_context *unseen_copy;

  // Done once the transaction under way is on disk, with the UIDs of what it
  // saved; owned.
  std::vector<AfterCommit> *after_commit;

  // What is saved next was released by a reviewer.
  bool mark_released;

  // Of the save (not copy) under way; owned.
  SaveWatch *watch;

  // What is saved next, or now, is the plugin's own: save_stream() has it.
  OwnSave *own_save;

  // Of the "smime" records in the index; valid if registered.
  std::uint32_t record_ext_id;
  bool record_ext_registered;

  // Of the marks by which a quarantine finds what it holds.
  IndexExtension held_ext;
  IndexExtension provisional_ext;
};

MailboxContext *mailbox_context(mailbox *box);

// Adds to what is done after the commit.
void after_commit(MailboxContext *context, AfterCommit action);

// The save overrides; mailbox.cpp installs them.
int save_begin_override(mail_save_context *save, istream *input) noexcept;
int save_finish_override(mail_save_context *save) noexcept;
void save_cancel_override(mail_save_context *save) noexcept;

} // namespace smime

#endif
