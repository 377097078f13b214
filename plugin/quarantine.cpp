#include "quarantine.h"

#include "dovecot-ptr.h"
#include "protected-content.h"

#include <string_view>

namespace smime {
namespace {

constexpr auto no_transaction_flags = static_cast<mailbox_transaction_flags>(0);

std::string last_error(mailbox *box) { return mailbox_get_last_internal_error(box, nullptr); }

std::string new_id() {
  DataStackFrame frame;
  guid_128_t guid;
  guid_128_generate(guid);
  return guid_128_to_string(guid);
}

// Over the canonical form (CRLF line ends), from the stream's present position.
// Returns an empty string and sets error if the stream cannot be read.
std::string canonical_sha256(istream *input, std::string &error) {
  auto digest = digest_stream(input, error);
  return digest ? to_hex(*digest) : std::string();
}

MailboxPtr alloc_mailbox(mail_user *user, const std::string &name, unsigned flags) {
  mail_namespace *ns = mail_namespace_find(user->namespaces, name.c_str());
  return MailboxPtr(
      mailbox_alloc(ns->list, name.c_str(), static_cast<mailbox_flags>(flags)));
}

// Opens the mailbox, creating it if it does not exist.
bool open_or_create(mailbox *box, std::string &error) {
  if (mailbox_open(box) == 0)
    return true;
  mail_error code;
  error = mailbox_get_last_internal_error(box, &code);
  if (code != MAIL_ERROR_NOTFOUND)
    return false;
  if (mailbox_create(box, nullptr, FALSE) < 0) {
    error = mailbox_get_last_internal_error(box, &code);
    // Another delivery may have been faster.
    if (code != MAIL_ERROR_EXISTS)
      return false;
  }
  if (mailbox_open(box) == 0)
    return true;
  error = last_error(box);
  return false;
}

struct SaveData {
  time_t received_date = static_cast<time_t>(-1);
  std::string from_envelope;
  // Empty: the storage makes one.
  std::string guid;
};

// Saves input into the open box in a transaction of its own. True only once it
// is on disk.
bool save_stream(mailbox *box, istream *input, const SaveData &data, std::string &error) {
  Transaction transaction(box, MAILBOX_TRANSACTION_FLAG_EXTERNAL, "smime");
  mail_save_context *save = mailbox_save_alloc(transaction.get());
  if (data.received_date != static_cast<time_t>(-1))
    mailbox_save_set_received_date(save, data.received_date, 0);
  if (!data.from_envelope.empty())
    mailbox_save_set_from_envelope(save, data.from_envelope.c_str());
  if (!data.guid.empty())
    mailbox_save_set_guid(save, data.guid.c_str());
  if (mailbox_save_begin(&save, input) < 0) {
    error = last_error(box);
    return false;
  }
  ssize_t ret;
  do {
    if (mailbox_save_continue(save) < 0) {
      error = last_error(box);
      mailbox_save_cancel(&save);
      return false;
    }
    ret = i_stream_read(input);
  } while (ret > 0);
  if (input->stream_errno != 0 || ret == 0) {
    error = std::string("reading the message failed: ") + i_stream_get_error(input);
    mailbox_save_cancel(&save);
    return false;
  }
  if (mailbox_save_finish(&save) < 0 || transaction.commit() < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

// Reads the block at the beginning of a stored message.
std::optional<ParsedBlock> read_block(istream *input) {
  std::size_t size = 0;
  const unsigned char *data = nullptr;
  std::size_t wanted = 4096;
  for (;;) {
    int ret = i_stream_read_bytes(input, &data, &size, wanted);
    std::string_view text(reinterpret_cast<const char *>(data), size);
    auto block = parse_block(text);
    if (block || ret <= 0 || size >= max_block_size)
      return block;
    // Messages that were never quarantined are told by their first byte.
    if (!text.starts_with("X-SMIME-Quarantine-Id: "))
      return std::nullopt;
    wanted = size * 2;
  }
}

// The original behind the block, as a stream of its own.
StreamPtr open_original(istream *stored, const ParsedBlock &block) {
  i_stream_seek(stored, block.size);
  return StreamPtr(i_stream_create_limit(stored, UOFF_T_MAX));
}

bool has_guid(mailbox *box, const std::string &guid, bool &found, std::string &error) {
  found = false;
  mailbox_status status;
  mailbox_get_open_status(box, static_cast<mailbox_status_items>(0), &status);
  // mbox cannot keep a GUID: there, a release cut short is done again.
  if (!status.have_save_guids)
    return true;
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return false;
  }
  Transaction transaction(box, no_transaction_flags, "smime");
  SearchArgsPtr arguments(mail_search_build_init());
  mail_search_build_add(arguments.get(), SEARCH_GUID)->value.str =
      p_strdup(arguments->pool, guid.c_str());
  mail_search_context *search = mailbox_search_init(
      transaction.get(), arguments.get(), nullptr, static_cast<mail_fetch_field>(0), nullptr);
  mail *found_mail;
  found = mailbox_search_next(search, &found_mail);
  if (mailbox_search_deinit(&search) < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

class Release {
public:
  Release(mail_user *user, const std::string &mailbox, std::string &error)
      : user_(user), mailbox_(mailbox), error_(error) {}

  // Leaves the message in the target mailbox, on disk.
  ReleaseResult save(mail *quarantined, const ParsedBlock &block) {
    istream *stored;
    if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0)
      return fail(last_error(quarantined->box));
    std::string digest = canonical_sha256(open_original(stored, block).get(), error_);
    if (digest.empty())
      return ReleaseResult::failed;
    if (digest != block.record.sha256)
      return fail("the stored message is not the original any more (its SHA-256 is " + digest +
                  ", X-SMIME-Quarantine-SHA256 says " + block.record.sha256 +
                  "); it stays in the quarantine");
    MailboxPtr target = alloc_mailbox(
        user_, mailbox_.empty() ? block.record.mailbox : mailbox_, MAILBOX_FLAG_IGNORE_ACLS);
    if (!open_or_create(target.get(), error_))
      return ReleaseResult::failed;
    bool there = false;
    if (!has_guid(target.get(), block.record.id, there, error_))
      return ReleaseResult::failed;
    if (there)
      return ReleaseResult::was_released;
    SaveData data;
    data.guid = block.record.id;
    if (mail_get_received_date(quarantined, &data.received_date) < 0)
      return fail(last_error(quarantined->box));
    data.from_envelope = block.record.from == "<>" ? "" : block.record.from;
    StreamPtr original = open_original(stored, block);
    return save_stream(target.get(), original.get(), data, error_) ? ReleaseResult::released
                                                                   : ReleaseResult::failed;
  }

private:
  ReleaseResult fail(const std::string &text) {
    error_ = text;
    return ReleaseResult::failed;
  }

  mail_user *user_;
  const std::string &mailbox_;
  std::string &error_;
};

// Calls act for the message with this id and expunges it if act succeeded.
ReleaseResult
take_out(mail_user *user, const Settings &settings, const std::string &id,
         QuarantineRecord &record, std::string &error,
         const std::function<ReleaseResult(mail *, const ParsedBlock &)> &act) {
  ReleaseResult result = ReleaseResult::not_found;
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    if (block.record.id != id)
      return Visit::next;
    record = block.record;
    result = act(quarantined, block);
    return result == ReleaseResult::failed ? Visit::stop : Visit::expunge_and_stop;
  };
  switch (visit_quarantine(user, settings, visit, error)) {
  case FindResult::done: return result;
  case FindResult::no_mailbox: return ReleaseResult::not_found;
  case FindResult::failed: break;
  }
  return ReleaseResult::failed;
}

} // namespace

bool write_to_quarantine(mail_user *user, const Settings &settings, mail *original,
                         QuarantineRecord &record, std::string &error) {
  istream *input;
  if (mail_get_stream(original, nullptr, nullptr, &input) < 0) {
    error = last_error(original->box);
    return false;
  }
  i_stream_seek(input, 0);
  record.sha256 = canonical_sha256(input, error);
  if (record.sha256.empty())
    return false;
  record.id = new_id();
  record.time = format_time(ioloop_time);
  std::string block = format_block(record);

  MailboxPtr box = alloc_mailbox(user, settings.quarantine_mailbox,
                                 MAILBOX_FLAG_SAVEONLY | MAILBOX_FLAG_IGNORE_ACLS);
  if (!open_or_create(box.get(), error))
    return false;
  i_stream_seek(input, 0);
  StreamPtr head(i_stream_create_from_data(block.data(), block.size()));
  istream *parts[] = {head.get(), input, nullptr};
  StreamPtr stored(i_stream_create_concat(parts));
  SaveData data;
  data.from_envelope = record.from == "<>" ? "" : record.from;
  return save_stream(box.get(), stored.get(), data, error);
}

FindResult visit_quarantine(mail_user *user, const Settings &settings,
                            const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                            std::string &error) {
  MailboxPtr box =
      alloc_mailbox(user, settings.quarantine_mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (mailbox_open(box.get()) < 0) {
    mail_error code;
    error = mailbox_get_last_internal_error(box.get(), &code);
    return code == MAIL_ERROR_NOTFOUND ? FindResult::no_mailbox : FindResult::failed;
  }
  if (mailbox_sync(box.get(), static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box.get());
    return FindResult::failed;
  }
  bool expunged = false;
  {
    Transaction transaction(box.get(), no_transaction_flags, "smime");
    SearchArgsPtr arguments(mail_search_build_init());
    mail_search_build_add_all(arguments.get());
    mail_search_context *search = mailbox_search_init(
        transaction.get(), arguments.get(), nullptr, MAIL_FETCH_STREAM_HEADER, nullptr);
    mail *quarantined;
    Visit wanted = Visit::next;
    std::string unreadable;
    while (wanted == Visit::next && mailbox_search_next(search, &quarantined)) {
      istream *stored;
      if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0) {
        // What another session expunged meanwhile is not there. What cannot be
        // read must not pass for that.
        if (quarantined->expunged == 0)
          unreadable = "message with UID " + std::to_string(quarantined->uid) +
                       " cannot be read: " + last_error(box.get());
        continue;
      }
      i_stream_seek(stored, 0);
      auto block = read_block(stored);
      if (!block)
        continue;
      wanted = visit(quarantined, *block);
      expunged = wanted == Visit::expunge_and_stop;
      if (expunged)
        mail_expunge(quarantined);
    }
    if (mailbox_search_deinit(&search) < 0 || transaction.commit() < 0) {
      error = last_error(box.get());
      return FindResult::failed;
    }
    if (wanted == Visit::next && !unreadable.empty()) {
      error = unreadable;
      return FindResult::failed;
    }
  }
  if (expunged && mailbox_sync(box.get(), static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box.get());
    return FindResult::failed;
  }
  return FindResult::done;
}

ReleaseResult release_from_quarantine(mail_user *user, const Settings &settings,
                                      const std::string &id, const std::string &mailbox,
                                      QuarantineRecord &record, std::string &error) {
  if (mailbox == settings.quarantine_mailbox) {
    error = "the message cannot be released into the quarantine itself";
    return ReleaseResult::failed;
  }
  Release release(user, mailbox, error);
  return take_out(user, settings, id, record, error,
                  [&](mail *quarantined, const ParsedBlock &block) {
                    return release.save(quarantined, block);
                  });
}

ReleaseResult delete_from_quarantine(mail_user *user, const Settings &settings,
                                     const std::string &id, QuarantineRecord &record,
                                     std::string &error) {
  return take_out(user, settings, id, record, error,
                  [](mail *, const ParsedBlock &) { return ReleaseResult::released; });
}

} // namespace smime
