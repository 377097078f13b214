// The block that a quarantined message carries, and the put-back of header
// fields. A byte 0xff parts the original from the edited header.
#include "fuzz.h"
#include "plugin/protect/header-fields.h"
#include "plugin/quarantine/block.h"

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text = as_text(data, size);
  if (auto parsed = parse_block(text)) {
    FUZZ_CHECK(parsed->size <= size && is_quarantine_id(parsed->record.id));
    std::string written = format_block(parsed->record);
    auto again = parse_block(written);
    FUZZ_CHECK(again.has_value() && again->size == written.size());
    // Folding adds white space to the report, where it means nothing.
    auto third = parse_block(format_block(again->record));
    FUZZ_CHECK(third.has_value());
    const QuarantineRecord &one = again->record, &two = third->record;
    FUZZ_CHECK(one.id == two.id && one.time == two.time && one.mailbox == two.mailbox);
    FUZZ_CHECK(one.from == two.from && one.to == two.to && one.rule == two.rule);
    FUZZ_CHECK(one.reason == two.reason && one.sha256 == two.sha256);
  }

  // Whatever a record says, a block of it never opens a way into the message.
  QuarantineRecord record;
  record.id = std::string(32, 'a');
  record.time = format_time(0);
  record.mailbox = record.from = record.to = record.rule = record.reason = record.report = text;
  record.sha256 = std::string(64, '0');
  std::string block = format_block(record);
  if (auto again = parse_block(block + "Subject: x\r\n\r\n"))
    FUZZ_CHECK(again->size == block.size() && again->record.id == record.id);

  std::size_t middle = text.find('\xff');
  if (middle != std::string_view::npos) {
    std::string_view original = text.substr(0, middle);
    if (auto merged = merge_headers(text.substr(middle + 1), original))
      FUZZ_CHECK(merged->ends_with("\n"));
  }
  return 0;
}
