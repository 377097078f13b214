#include "plugin/quarantine/held-messages.h"

#include "common/sha256.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/store/mailbox-context.h"

#include <algorithm>

extern "C" {
#include "mail-index-transaction-private.h"
}

namespace smime {
namespace {

constexpr IndexMark mark_of_none{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// Each extension is a mark of its own for every message.
struct MarkExtension {
  const char *name;
  IndexExtension MailboxContext::*known;
};

constexpr MarkExtension held_extension{"smime-held", &MailboxContext::held_ext};
constexpr MarkExtension provisional_extension{"smime-provisional",
                                              &MailboxContext::provisional_ext};

std::uint32_t ext_id(mailbox *box, const MarkExtension &extension) {
  IndexExtension &known = mailbox_context(box)->*extension.known;
  if (!known.registered) {
    known.id = mail_index_ext_register(box->index, extension.name, 0, sizeof(IndexMark), 4);
    known.registered = true;
  }
  return known.id;
}

// Zeros if there is none.
IndexMark lookup(const mailbox_transaction_context *transaction, std::uint32_t seq,
                 std::uint32_t ext_id) {
  const void *data;
  bool expunged;
  mail_index_lookup_ext(transaction->view, seq, ext_id, &data, &expunged);
  IndexMark mark{};
  if (data != nullptr)
    std::copy_n(static_cast<const unsigned char *>(data), mark.size(), mark.begin());
  return mark;
}

} // namespace

IndexMark index_mark_of(const std::string &digest_text) {
  auto digest = digest_from_hex(digest_text);
  IndexMark mark = mark_of_none;
  if (digest)
    std::copy_n(digest->begin(), mark.size(), mark.begin());
  return mark;
}

void mark_held(mail *saved, const std::string &identity, const std::string &provisional) {
  mail_index_transaction *transaction = saved->transaction->itrans;
  IndexMark mark = index_mark_of(identity);
  mail_index_update_ext(transaction, saved->seq, ext_id(saved->box, held_extension), mark.data(),
                        nullptr);
  if (provisional.empty())
    return;
  mark = index_mark_of(provisional);
  mail_index_update_ext(transaction, saved->seq, ext_id(saved->box, provisional_extension),
                        mark.data(), nullptr);
}

bool is_provisional(mail *held) {
  return lookup(held->transaction, held->seq, ext_id(held->box, provisional_extension)) !=
         IndexMark{};
}

HeldMessages::HeldMessages(mailbox *box)
    : held_ext_(ext_id(box, held_extension)), provisional_ext_(ext_id(box, provisional_extension)),
      transaction_(box, static_cast<mailbox_transaction_flags>(0), "smime"),
      mail_(mail_alloc(transaction_.get(), static_cast<mail_fetch_field>(0), nullptr)) {}

std::uint32_t HeldMessages::count() const {
  return mail_index_view_get_messages_count(transaction_.get()->view);
}

IndexMark HeldMessages::identity(std::uint32_t seq) {
  IndexMark mark = lookup(transaction_.get(), seq, held_ext_);
  if (mark != IndexMark{})
    return mark;
  istream *stored;
  auto block = read(seq, &stored);
  mark = block ? index_mark_of(block->record.identity) : mark_of_none;
  mail_index_update_ext(transaction_.get()->itrans, seq, held_ext_, mark.data(), nullptr);
  return mark;
}

IndexMark HeldMessages::provisional(std::uint32_t seq) const {
  return lookup(transaction_.get(), seq, provisional_ext_);
}

void HeldMessages::hold_for_good(std::uint32_t seq) {
  constexpr IndexMark none{};
  mail_index_transaction *transaction = transaction_.get()->itrans;
  mail_index_update_ext(transaction, seq, provisional_ext_, none.data(), nullptr);
  // The sender is told next that the message is here.
  transaction->flags = static_cast<mail_index_transaction_flags>(transaction->flags |
                                                                 MAIL_INDEX_TRANSACTION_FLAG_FSYNC);
}

std::optional<ParsedBlock> HeldMessages::read(std::uint32_t seq, istream **stored) {
  mail_set_seq(mail_.get(), seq);
  if (mail_get_stream(mail_.get(), nullptr, nullptr, stored) < 0)
    return std::nullopt;
  i_stream_seek(*stored, 0);
  return read_block(*stored);
}

void HeldMessages::expunge(std::uint32_t seq) {
  mail_set_seq(mail_.get(), seq);
  mail_expunge(mail_.get());
}

bool HeldMessages::commit() {
  mail_.reset();
  return transaction_.commit() == 0;
}

} // namespace smime
