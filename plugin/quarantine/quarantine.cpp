#include "plugin/quarantine/quarantine.h"

#include "common/ascii.h"
#include "common/sha256.h"
#include "plugin/dovecot/say.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/find-held.h"
#include "plugin/quarantine/known-recipients.h"
#include "plugin/quarantine/lock.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/ownership.h"
#include "plugin/quarantine/provisional.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/settings/user-context.h"

#include <initializer_list>
#include <string_view>

namespace smime {
namespace {

std::string new_id() {
  DataStackFrame frame;
  guid_128_t guid;
  guid_128_generate(guid);
  return guid_128_to_string(guid);
}

// What is done with the messages of a mailbox.
struct Visitor {
  std::function<Visit(mail *, const ParsedBlock &)> visit;
  std::function<void(mail *)> visit_foreign;
  // Whether the message with this UID is to be read.
  std::function<bool(std::uint32_t)> wants;
};

// The visit of all messages, or of those whose GUID is the id.
FindResult visit_messages(mailbox *box, const std::string &id, const Visitor &visitor,
                          Visit &wanted, std::string &error) {
  bool expunged = false;
  {
    Transaction transaction(box, static_cast<mailbox_transaction_flags>(0), "smime");
    SearchArgsPtr arguments(mail_search_build_init());
    if (id.empty())
      mail_search_build_add_all(arguments.get());
    else
      mail_search_build_add(arguments.get(), SEARCH_GUID)->value.str =
          p_strdup(arguments->pool, id.c_str());
    // Without a word of what is fetched: it would be opened before it is known to be wanted.
    mail_search_context *search = mailbox_search_init(transaction.get(), arguments.get(), nullptr,
                                                      static_cast<mail_fetch_field>(0), nullptr);
    mail *quarantined;
    std::string unreadable;
    while (wanted != Visit::stop && wanted != Visit::expunge_and_stop &&
           mailbox_search_next(search, &quarantined)) {
      DataStackFrame frame;
      istream *stored;
      if (!visitor.wants(quarantined->uid))
        continue;
      if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0) {
        // What another session expunged meanwhile is not there. What cannot be
        // read must not pass for that.
        if (quarantined->expunged == 0)
          unreadable = "message with UID " + std::to_string(quarantined->uid) +
                       " cannot be read: " + last_error(box);
        continue;
      }
      i_stream_seek(stored, 0);
      auto block = read_block(stored);
      if (!block)
        visitor.visit_foreign(quarantined);
      if (!block)
        continue;
      wanted = visitor.visit(quarantined, *block);
      if (wanted == Visit::expunge || wanted == Visit::expunge_and_stop) {
        expunged = true;
        mail_expunge(quarantined);
      }
    }
    if (mailbox_search_deinit(&search) < 0 || transaction.commit() < 0) {
      error = last_error(box);
      return FindResult::failed;
    }
    if (wanted != Visit::stop && wanted != Visit::expunge_and_stop && !unreadable.empty()) {
      error = unreadable;
      return FindResult::failed;
    }
  }
  if (expunged && mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return FindResult::failed;
  }
  return FindResult::done;
}

} // namespace

namespace {

// The same facts, the same text.
std::string digest_of(std::initializer_list<std::string_view> facts) {
  Sha256 sha256;
  for (std::string_view fact : facts) {
    std::string text = std::to_string(fact.size()) + ":" + std::string(fact);
    sha256.update(as_bytes(text));
  }
  return to_hex(sha256.result());
}

// It leaves fields of the header out (Status, X-Keywords), and cannot be read back.
bool is_mbox(const mailbox *box) { return std::string_view(box->storage->name) == "mbox"; }

// What all tries of a delivery have in common, whichever mailbox a message was for.
std::string delivery_digest(const mail_user *user, const std::string &from, const std::string &to,
                            const OriginalFacts &facts) {
  return digest_of({"delivery", user->username, from, to, facts.lasting_sha256});
}

SaveResult save_held(mailbox *box, istream *original, const Held &held,
                     const std::string &provisional, QuarantineRecord &record, HeldForm form,
                     std::string &error) {
  HeldMessage message(record, original, form);
  SaveData data;
  data.guid = record.id;
  data.received_date = held.received_date;
  data.keywords = held.keywords;
  data.content = held.content;
  data.from_envelope = record.from == "<>" ? "" : record.from;
  data.identity = record.identity;
  data.provisional = held.for_good ? "" : provisional;
  return save_stream(box, message.stream(), data, error);
}

// In the first form, from this one on, that the storage keeps.
WriteResult save_in_some_form(mailbox *box, istream *original, const Held &held,
                              const std::string &provisional, QuarantineRecord &record,
                              HeldForm form, std::string &error) {
  auto result = save_held(box, original, held, provisional, record, form, error);
  if (result == SaveResult::changed)
    result = save_held(box, original, held, provisional, record, HeldForm::encoded_alone, error);
  switch (result) {
  case SaveResult::saved: return WriteResult::held;
  case SaveResult::changed: return WriteResult::unstorable;
  case SaveResult::failed: break;
  }
  return WriteResult::failed;
}

} // namespace

std::string released_guid(const std::string &id) {
  return digest_of({"released", id}).substr(0, 32);
}

WriteResult write_to_quarantine(mail_user *user, const Settings &settings, istream *original,
                                const Held &held, QuarantineRecord &record, std::string &error) {
  auto facts = held.facts != nullptr ? std::optional(*held.facts)
                                     : read_original_facts(original, held.session, error);
  if (!facts)
    return WriteResult::failed;
  record.sha256 = facts->canonical_sha256;
  record.exact_sha256 = facts->exact_sha256;
  record.user = user->username;
  record.identity = digest_of({user->username, record.mailbox, record.from, record.to,
                               facts->lasting_sha256, record.rule, held.classes, held.verdict});

  InternalAccess access(user);
  MailboxPtr box = open_to_hold(user, settings, error);
  if (box == nullptr)
    return WriteResult::failed;
  // Two copies are better than none: it goes on without the lock.
  QuarantineLock lock(box.get());
  if (!lock.held())
    log_warning(box->event, "holding a message without a lock: " + lock.error());
  std::optional<QuarantineRecord> found;
  if (!look_for_held(box.get(), record.identity, held.for_good, found, error))
    return WriteResult::failed;
  if (found) {
    record = *found;
    return WriteResult::found;
  }
  record.id = new_id();
  record.time = format_time(ioloop_time);
  bool plain = facts->bytes.kept_by_storages() && !is_mbox(box.get());
  return save_in_some_form(box.get(), original, held,
                           delivery_digest(user, record.from, record.to, *facts), record,
                           plain ? HeldForm::plain : HeldForm::encoded, error);
}

bool keep_held(mail_user *user, const Settings &settings, const std::set<std::string> &identities,
               std::string &error) {
  InternalAccess access(user);
  MailboxPtr box = open_to_hold(user, settings, error);
  if (box == nullptr)
    return false;
  QuarantineLock lock(box.get());
  error = lock.error();
  return lock.held() && hold_for_good(box.get(), identities, error);
}

namespace {

bool take_back_from(mailbox *box, mail_user *user, const RefusedMessage &message,
                    std::vector<QuarantineRecord> &taken, std::string &error) {
  QuarantineLock lock(box);
  bool any = false;
  const char *ignored;
  bool in_memory = mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_INDEX, &ignored) == 0;
  std::set<std::string> unmarked = in_memory ? message.newly_held : std::set<std::string>();
  if (!look_for_provisional(box, any, error))
    return false;
  if (!any && unmarked.empty())
    return true;
  if (!lock.held()) {
    error = lock.error();
    return false;
  }
  auto facts = message.facts != nullptr
                   ? std::optional(*message.facts)
                   : read_original_facts(message.original, message.session, error);
  return facts &&
         take_back_provisional(box, delivery_digest(user, message.from, message.to, *facts),
                               unmarked, taken, error);
}

} // namespace

bool take_back(mail_user *user, const Settings &settings, const RefusedMessage &message,
               std::vector<QuarantineRecord> &taken, std::string &error) {
  InternalAccess access(user);
  for (const std::string &name : quarantine_names(user, settings)) {
    MailboxPtr box = alloc_mailbox(user, name, MAILBOX_FLAG_IGNORE_ACLS);
    if (mailbox_open(box.get()) < 0) {
      mail_error code;
      error = mailbox_get_last_internal_error(box.get(), &code);
      if (code == MAIL_ERROR_NOTFOUND)
        continue;
      return false;
    }
    if (!take_back_from(box.get(), user, message, taken, error))
      return false;
  }
  return true;
}

namespace {

// Empty if it cannot be told.
std::string guid_of(mailbox *box) {
  DataStackFrame frame;
  mailbox_metadata metadata;
  return mailbox_get_metadata(box, MAILBOX_METADATA_GUID, &metadata) < 0
             ? ""
             : guid_128_to_string(metadata.guid);
}

FindResult visit_mailbox(mail_user *user, const std::string &name, const std::string &id,
                         const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                         const std::function<void(mail *)> &visit_foreign, const HeldFor &held_for,
                         std::string &error) {
  InternalAccess access(user);
  MailboxPtr box = alloc_mailbox(user, name, MAILBOX_FLAG_IGNORE_ACLS);
  if (mailbox_open(box.get()) < 0) {
    mail_error code;
    error = mailbox_get_last_internal_error(box.get(), &code);
    return code == MAIL_ERROR_NOTFOUND ? FindResult::no_mailbox : FindResult::failed;
  }
  std::optional<QuarantineLock> lock;
  if (held_for.to_act && !lock.emplace(box.get(), act_lock).held()) {
    error = "another command is at work in " + name + ": " + lock->error();
    return FindResult::failed;
  }
  if (mailbox_sync(box.get(), static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box.get());
    return FindResult::failed;
  }
  bool central = is_central(box.get());
  std::string whose = held_for.name.empty() ? user->username : held_for.name;
  std::string known_as = central && held_for.known != nullptr ? guid_of(box.get()) : "";
  auto remember = [&](const mail *m, const QuarantineRecord *record) {
    if (!known_as.empty())
      held_for.known->remember(known_as, m->uid, record);
  };
  Visitor visitor;
  visitor.wants = [&](std::uint32_t uid) {
    return known_as.empty() || !held_for.known->is_of_no_use(known_as, uid, whose, id);
  };
  visitor.visit_foreign = [&](mail *m) {
    remember(m, nullptr);
    if (id.empty() && visit_foreign)
      visit_foreign(m);
  };
  visitor.visit = [&](mail *quarantined, const ParsedBlock &block) {
    remember(quarantined, &block.record);
    if (!id.empty() && block.record.id != id)
      return Visit::next;
    if (!central || is_held_for(block.record, whose))
      return visit(quarantined, block);
    if (held_for.others)
      held_for.others(block.record);
    return Visit::next;
  };
  Visit wanted = Visit::next;
  FindResult result = FindResult::done;
  // The GUID is found without opening a message. Storages that keep none, and
  // messages that lost theirs, are looked through.
  if (!id.empty())
    result = visit_messages(box.get(), id, visitor, wanted, error);
  if (result == FindResult::done && wanted == Visit::next)
    result = visit_messages(box.get(), "", visitor, wanted, error);
  return result;
}

} // namespace

FindResult visit_quarantine(mail_user *user, const Settings &settings, const std::string &id,
                            const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                            std::string &error, const std::function<void(mail *)> &visit_foreign,
                            const HeldFor &held_for) {
  bool stopped = false;
  auto visit_until_stopped = [&](mail *quarantined, const ParsedBlock &block) {
    Visit wanted = visit(quarantined, block);
    stopped = wanted == Visit::stop || wanted == Visit::expunge_and_stop;
    return wanted;
  };
  FindResult result = FindResult::no_mailbox;
  for (const std::string &name : quarantine_names(user, settings)) {
    auto found = visit_mailbox(user, name, id, visit_until_stopped, visit_foreign, held_for, error);
    if (found == FindResult::failed)
      return found;
    if (found == FindResult::done)
      result = found;
    if (stopped)
      break;
  }
  return result;
}

} // namespace smime
