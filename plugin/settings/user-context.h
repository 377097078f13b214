// What the plugin knows of one mail user.
#ifndef SMIME_USER_CONTEXT_H
#define SMIME_USER_CONTEXT_H

#include "plugin/dovecot/compat.h"
#include "plugin/rules/settings.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace smime {

class Delivery;

// What was read of a file of names (quarantine/known-names.h).
struct KnownNames {
  // Inode, size and time of the file; zeros: there is none.
  using Version = std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;

  Version version;
  std::set<std::string> names;
};

struct UserContext {
  union mail_user_module_context module_ctx;
  std::shared_ptr<const Settings> settings;
  // The delivery that is under way; owned by the deliver hook.
  Delivery *delivery = nullptr;
  // The delivery under way failed: nothing may be saved in its name any more.
  bool delivery_failed = false;
  // Sieve may edit stored mail in this process (imap, sieve-filter).
  bool edits_in_session = false;
  // The mail that was positioned last and is still open, there; else null.
  mail *current_mail = nullptr;
  // We are at work on the quarantine ourselves, whoever's session it is.
  unsigned internal_access = 0;
  // The quarantine ids of what was copied out of the quarantine in this session.
  std::set<std::string> copied_out;
  // What of the quarantine was looked at in this session, by mailbox and UID.
  std::set<std::pair<std::string, std::uint32_t>> viewed;
  // A message is opened for what is no look at its content.
  unsigned other_reads = 0;
  // The UID that a MOVE out of the quarantine just copied, and expunges next; 0: none.
  std::uint32_t moved_uid = 0;
  // By the path of the file.
  std::map<std::string, KnownNames> known_names;
  // A mail client saves, copies and moves in this process: rules hold for it.
  bool client_session = false;
};

// Null for users that the plugin does not handle, such as the raw-mail user.
UserContext *user_context(mail_user *user);

// Opens the quarantine to us while it lives.
class InternalAccess {
public:
  explicit InternalAccess(mail_user *user) : context_(user_context(user)) {
    context_->internal_access++;
  }
  ~InternalAccess() { context_->internal_access--; }
  InternalAccess(const InternalAccess &) = delete;
  InternalAccess &operator=(const InternalAccess &) = delete;

private:
  UserContext *context_;
};

// While it lives, a message that is opened is not looked at by who is in the session.
class NoLook {
public:
  explicit NoLook(mail_user *user) : context_(user_context(user)) { context_->other_reads++; }
  ~NoLook() { context_->other_reads--; }
  NoLook(const NoLook &) = delete;
  NoLook &operator=(const NoLook &) = delete;

private:
  UserContext *context_;
};

// Begins what is known of a user, who has none of it yet. It ends with him.
void attach_user_context(mail_user *user, std::shared_ptr<const Settings> settings);

} // namespace smime

#endif
