#include "plugin/store/record.h"

#include "plugin/store/mailbox-context.h"

namespace smime {
namespace {

// Nullopt for mailboxes without an index of ours, such as raw ones.
std::optional<std::uint32_t> record_ext_id(mailbox *box) {
  MailboxContext *context = mailbox_context(box);
  if (context == nullptr)
    return std::nullopt;
  if (!context->record_ext_registered) {
    context->record_ext_id =
        mail_index_ext_register(box->index, "smime", 0, sizeof(ArrivalRecord), 4);
    context->record_ext_registered = true;
  }
  return context->record_ext_id;
}

} // namespace

void set_record(mail *saved, const ArrivalRecord &record) {
  auto ext_id = record_ext_id(saved->box);
  if (ext_id)
    mail_index_update_ext(saved->transaction->itrans, saved->seq, *ext_id, &record, nullptr);
}

std::optional<ArrivalRecord> get_record(mail *m) {
  auto ext_id = record_ext_id(m->box);
  if (!ext_id || m->seq == 0)
    return std::nullopt;
  const void *data;
  bool expunged;
  mail_index_lookup_ext(m->transaction->view, m->seq, *ext_id, &data, &expunged);
  if (data == nullptr)
    return std::nullopt;
  ArrivalRecord record;
  memcpy(&record, data, sizeof(record));
  return record.version == ArrivalRecord::present ? std::optional(record) : std::nullopt;
}

} // namespace smime
