#include "plugin/quarantine/ownership.h"

#include "plugin/quarantine/access.h"
#include "plugin/quarantine/known-names.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/mailbox-context.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

extern "C" {
#include "index-storage.h"
}

namespace smime {
namespace {

std::uint32_t mark_extension(mailbox *box) {
  return mail_index_ext_register(box->index, OwnerMark::extension, sizeof(OwnerMark), 0, 0);
}

OwnerMark mark_of(mailbox *box) {
  const void *data;
  std::size_t size;
  mail_index_get_header_ext(box->view, mark_extension(box), &data, &size);
  return read_mark({static_cast<const unsigned char *>(data), size});
}

using MailboxGuid = std::array<unsigned char, GUID_128_SIZE>;

// False if it cannot be told.
bool get_guid(mailbox *box, MailboxGuid &guid) {
  mailbox_metadata metadata;
  if (mailbox_get_metadata(box, MAILBOX_METADATA_GUID, &metadata) < 0)
    return false;
  std::copy_n(metadata.guid, guid.size(), guid.begin());
  return true;
}

// Where it cannot be written the next look costs what this one did.
void set_mark(mailbox *box, const OwnerMark &mark) {
  Transaction transaction(box, MAILBOX_TRANSACTION_FLAG_NO_NOTIFY, "smime");
  mail_index_update_header_ext(transaction.get()->itrans, mark_extension(box), 0, &mark,
                               sizeof(mark));
  (void)transaction.commit();
}

// A damaged block is one: what cannot be released is not the owner's to read either.
bool begins_with_block(istream *stored) {
  constexpr std::string_view beginning = "X-SMIME-Quarantine-Id:";
  const unsigned char *data = nullptr;
  std::size_t size = 0;
  i_stream_seek(stored, 0);
  (void)i_stream_read_bytes(stored, &data, &size, beginning.size());
  return std::string_view(reinterpret_cast<const char *>(data), size).starts_with(beginning);
}

// False if a message cannot be read: nobody knows what it is then.
bool look_at_messages(mailbox *box, std::uint32_t next_uid, MailboxContents &contents) {
  Transaction transaction(box, MAILBOX_TRANSACTION_FLAG_NO_NOTIFY, "smime");
  mail *m = mail_alloc(transaction.get(), MAIL_FETCH_STREAM_HEADER, nullptr);
  std::uint32_t first;
  std::uint32_t last;
  mailbox_get_seq_range(box, next_uid, UINT32_MAX, &first, &last);
  bool readable = true;
  for (std::uint32_t seq = first; seq != 0 && seq <= last && !contents.held; seq++) {
    DataStackFrame frame;
    istream *stored;
    mail_set_seq(m, seq);
    if (mail_get_stream(m, nullptr, nullptr, &stored) < 0) {
      readable = readable && m->expunged != 0;
      continue;
    }
    (begins_with_block(stored) ? contents.held : contents.foreign) = true;
  }
  mail_free(&m);
  return readable || contents.held;
}

Owner look_into(mailbox *box) {
  OwnerMark mark = mark_of(box);
  if (mark.owner == Owner::quarantine)
    return Owner::quarantine;
  MailboxGuid guid;
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0 || !get_guid(box, guid))
    return Owner::quarantine;
  mark = mark_for(mark, guid);
  mailbox_status status;
  mailbox_get_open_status(box, STATUS_UIDNEXT, &status);
  MailboxContents contents;
  if (status.uidnext > mark.next_uid && !look_at_messages(box, mark.next_uid, contents))
    return Owner::quarantine;
  Owner owner = owner_of(mark, contents);
  // Nothing is said of one that is empty: its first message says it.
  bool known = mark.owner != Owner::unknown || contents.held || contents.foreign;
  if (known && (owner != mark.owner || status.uidnext > mark.next_uid))
    set_mark(box, {OwnerMark::present, owner, 0, status.uidnext, guid});
  return owner;
}

// Of one with a name that the quarantine had before.
Owner look_into_former(mailbox *box) {
  if (look_into(box) == Owner::user)
    return Owner::user;
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0)
    return Owner::quarantine;
  mailbox_status status;
  mailbox_get_open_status(box, STATUS_MESSAGES, &status);
  if (status.messages > 0)
    return Owner::quarantine;
  if (mark_of(box).owner != Owner::unknown)
    set_mark(box, {OwnerMark::present, Owner::unknown, 0, 1, {}});
  forget_name(box->list, box->name);
  return Owner::user;
}

mailbox_sync_context *sync_if_still_own(mailbox *box, mailbox_sync_flags flags) noexcept {
  bool own = guarded("looking whose a mailbox is", false, [&] {
    return look_for_owner(mailbox_get_namespace(box), box->vname) == Owner::user;
  });
  if (own)
    return mailbox_context(box)->below.sync_init(box, flags);
  mailbox_set_deleted(box);
  return index_mailbox_sync_init(box, flags, TRUE);
}

std::vector<std::string> all_names(const Settings &settings) {
  return {settings.quarantine_mailbox, name_beside(settings.quarantine_mailbox)};
}

std::vector<std::string> names_of(mail_user *user, const Settings &settings, Owner owner) {
  std::vector<std::string> names;
  for (const std::string &name : all_names(settings)) {
    mail_namespace *ns = mail_namespace_find(user->namespaces, name.c_str());
    if (look_for_owner(ns, name) == owner)
      names.push_back(name);
  }
  return names;
}

} // namespace

Owner look_for_owner(mail_namespace *ns, const std::string &vname) {
  InternalAccess access(ns->user);
  MailboxPtr box(mailbox_alloc(ns->list, vname.c_str(), MAILBOX_FLAG_IGNORE_ACLS));
  UserContext *user = user_context(ns->user);
  bool former = user != nullptr && !is_configured_name(ns, vname.c_str(), *user->settings);
  if (mailbox_open(box.get()) == 0)
    return former ? look_into_former(box.get()) : look_into(box.get());
  mail_error code;
  (void)mailbox_get_last_internal_error(box.get(), &code);
  return former && code == MAIL_ERROR_NOTFOUND ? Owner::user : Owner::quarantine;
}

bool is_users_own(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  MailboxContext *context = mailbox_context(box);
  if (user == nullptr || context == nullptr)
    return false;
  if (box->opened != 0)
    return context->users_own;
  // What we open for our own work was looked at before.
  return user->internal_access == 0 &&
         look_for_owner(mailbox_get_namespace(box), box->vname) == Owner::user;
}

void note_owner(mailbox *box) {
  mailbox_context(box)->users_own =
      look_for_owner(mailbox_get_namespace(box), box->vname) == Owner::user;
}

bool is_forgotten_quarantine(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || user->internal_access > 0 || mark_of(box).owner != Owner::quarantine ||
      is_quarantine_name(mailbox_get_namespace(box), box->vname, *user->settings))
    return false;
  remember_name(box->list, box->name);
  return true;
}

void watch_owner(mailbox *box) {
  if (mailbox_context(box)->users_own)
    box->v.sync_init = sync_if_still_own;
}

MailboxPtr open_to_hold(mail_user *user, const Settings &settings, std::string &error) {
  InternalAccess access(user);
  for (const std::string &name : all_names(settings)) {
    MailboxPtr box = alloc_mailbox(user, name, MAILBOX_FLAG_IGNORE_ACLS);
    if (!open_or_create(box.get(), error))
      return nullptr;
    if (look_into(box.get()) == Owner::user)
      continue;
    // Before the first message is there, so that nobody takes it for his own meanwhile.
    if (mark_of(box.get()).owner != Owner::quarantine)
      set_mark(box.get(), {OwnerMark::present, Owner::quarantine, 0, 1, {}});
    remember_name(box->list, box->name);
    return box;
  }
  error = "the mailboxes " + settings.quarantine_mailbox + " and " +
          name_beside(settings.quarantine_mailbox) +
          " are the user's own and have other mail in them; rename one (doveadm mailbox rename), "
          "or set another smime_quarantine_mailbox";
  return nullptr;
}

std::vector<std::string> former_names(mail_user *user, const Settings &settings) {
  std::vector<std::string> names;
  std::set<std::string> stores;
  for (mail_namespace *ns = user->namespaces; ns != nullptr; ns = ns->next) {
    // Others' quarantines are found in their own mail.
    if (ns->alias_for != nullptr || ns->type == MAIL_NAMESPACE_TYPE_SHARED ||
        !stores.insert(place_of_names(ns->list)).second)
      continue;
    for (const std::string &stored : known_names(ns->list)) {
      DataStackFrame frame;
      std::string name = mailbox_list_get_vname(ns->list, stored.c_str());
      if (!is_configured_name(ns, name.c_str(), settings) &&
          look_for_owner(ns, name) == Owner::quarantine)
        names.push_back(std::move(name));
    }
  }
  return names;
}

std::vector<std::string> quarantine_names(mail_user *user, const Settings &settings) {
  std::vector<std::string> names = names_of(user, settings, Owner::quarantine);
  for (std::string &name : former_names(user, settings))
    names.push_back(std::move(name));
  return names;
}

std::vector<std::string> users_own_names(mail_user *user, const Settings &settings) {
  return names_of(user, settings, Owner::user);
}

} // namespace smime
