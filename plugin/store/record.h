// The "smime" record in a mailbox's index: what a message was when it arrived.
// Losing the index loses the records, never mail.
#ifndef SMIME_RECORD_H
#define SMIME_RECORD_H

#include "common/sha256.h"
#include "plugin/dovecot/compat.h"

#include <cstdint>
#include <optional>

namespace smime {

// As it is on disk, in the machine's byte order like all of Dovecot's index.
struct ArrivalRecord {
  static constexpr std::uint8_t present = 1;
  static constexpr std::uint8_t flag_non_canonical = 1;
  // A reviewer let it out of the quarantine.
  static constexpr std::uint8_t flag_released = 2;

  std::uint8_t version = 0; // 0: no record
  std::uint8_t flags = 0;
  std::uint8_t signature_status = 0; // SignatureStatus
  std::uint8_t reserved = 0;
  std::uint32_t classes = 0; // one bit for each MessageClass; 0: not inspected
  Digest sha256{};           // ProtectedContent::combined(); zeros: nothing protected

  bool has_digest() const { return sha256 != Digest{}; }
  bool released() const { return (flags & flag_released) != 0; }
};
static_assert(sizeof(ArrivalRecord) == 40);

// Gives a mail that is being saved a record, along with its transaction.
void set_record(mail *saved, const ArrivalRecord &record);

std::optional<ArrivalRecord> get_record(mail *m);

} // namespace smime

#endif
