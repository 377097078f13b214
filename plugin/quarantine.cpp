#include "quarantine.h"

#include "quarantine-mailbox.h"
#include "sha256.h"
#include "user-context.h"

#include <string_view>

namespace smime {
namespace {

std::string new_id() {
  DataStackFrame frame;
  guid_128_t guid;
  guid_128_generate(guid);
  return guid_128_to_string(guid);
}

// The visit of all messages, or of those whose GUID is the id.
FindResult visit_messages(mailbox *box, const std::string &id,
                          const std::function<Visit(mail *, const ParsedBlock &)> &visit,
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
    mail_search_context *search = mailbox_search_init(
        transaction.get(), arguments.get(), nullptr, MAIL_FETCH_STREAM_HEADER, nullptr);
    mail *quarantined;
    std::string unreadable;
    while (wanted != Visit::stop && wanted != Visit::expunge_and_stop &&
           mailbox_search_next(search, &quarantined)) {
      DataStackFrame frame;
      istream *stored;
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
        continue;
      wanted = visit(quarantined, *block);
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

std::string quarantine_id_for(std::initializer_list<std::string_view> facts) {
  Sha256 sha256;
  for (std::string_view fact : facts) {
    std::string text = std::to_string(fact.size()) + ":" + std::string(fact);
    sha256.update({reinterpret_cast<const unsigned char *>(text.data()), text.size()});
  }
  return to_hex(sha256.result()).substr(0, 32);
}

std::string released_guid(const std::string &id) { return quarantine_id_for({"released", id}); }

bool write_to_quarantine(mail_user *user, const Settings &settings, istream *original,
                         const Held &held, QuarantineRecord &record, std::string &error) {
  if (record.sha256.empty()) {
    i_stream_seek(original, 0);
    record.sha256 = canonical_sha256(original, error);
  }
  if (record.sha256.empty())
    return false;
  if (record.id.empty() && held.once)
    record.id = quarantine_id_for({user->username, record.mailbox, record.from, record.sha256});
  else if (record.id.empty())
    record.id = new_id();
  record.time = format_time(ioloop_time);
  std::string block = format_block(record);

  InternalAccess access(user);
  MailboxPtr box = alloc_mailbox(user, settings.quarantine_mailbox,
                                 held.once ? MAILBOX_FLAG_IGNORE_ACLS
                                           : MAILBOX_FLAG_SAVEONLY | MAILBOX_FLAG_IGNORE_ACLS);
  if (!open_or_create(box.get(), error))
    return false;
  bool there = false;
  if (held.once && !has_guid(box.get(), record.id, there, error))
    return false;
  if (there)
    return true;
  i_stream_seek(original, 0);
  StreamPtr head(i_stream_create_from_data(block.data(), block.size()));
  istream *parts[] = {head.get(), original, nullptr};
  StreamPtr stored(i_stream_create_concat(parts));
  SaveData data;
  data.guid = record.id;
  data.received_date = held.received_date;
  data.keywords = held.keywords;
  data.content = held.content;
  data.from_envelope = record.from == "<>" ? "" : record.from;
  return save_stream(box.get(), stored.get(), data, error);
}

FindResult visit_quarantine(mail_user *user, const Settings &settings, const std::string &id,
                            const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                            std::string &error) {
  InternalAccess access(user);
  MailboxPtr box = alloc_mailbox(user, settings.quarantine_mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (mailbox_open(box.get()) < 0) {
    mail_error code;
    error = mailbox_get_last_internal_error(box.get(), &code);
    return code == MAIL_ERROR_NOTFOUND ? FindResult::no_mailbox : FindResult::failed;
  }
  if (mailbox_sync(box.get(), static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box.get());
    return FindResult::failed;
  }
  auto visit_wanted = [&](mail *quarantined, const ParsedBlock &block) {
    return !id.empty() && block.record.id != id ? Visit::next : visit(quarantined, block);
  };
  Visit wanted = Visit::next;
  FindResult result = FindResult::done;
  // The GUID is found without opening a message. Storages that keep none, and
  // messages that lost theirs, are looked through.
  if (!id.empty())
    result = visit_messages(box.get(), id, visit_wanted, wanted, error);
  if (result == FindResult::done && wanted == Visit::next)
    result = visit_messages(box.get(), "", visit_wanted, wanted, error);
  return result;
}

ReleaseResult take_out(mail_user *user, const Settings &settings, const std::string &id,
                       QuarantineRecord &record, std::string &error,
                       const std::function<ReleaseResult(mail *, const ParsedBlock &)> &act) {
  ReleaseResult result = ReleaseResult::not_found;
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    record = block.record;
    result = act(quarantined, block);
    return result == ReleaseResult::failed ? Visit::stop : Visit::expunge_and_stop;
  };
  switch (visit_quarantine(user, settings, id, visit, error)) {
  case FindResult::done: return result;
  case FindResult::no_mailbox: return ReleaseResult::not_found;
  case FindResult::failed: break;
  }
  return ReleaseResult::failed;
}

} // namespace smime
