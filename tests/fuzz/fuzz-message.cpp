// A whole message: MIME structure, detection, archives, documents, layers.
#include "scanner/base/dovecot-lib.h"
#include "fuzz-tools.h"
#include "scanner/content/message-reader.h"

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) {
  lib_init();
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const Limits limits = fuzz_limits();
  Inspection inspection(limits, fuzz_tools());
  MessageReader reader(inspection);
  // Pieces of every size: what straddles two must be read as well.
  std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] * std::size_t{16};
  for (std::size_t at = 0; at < size; at += piece)
    reader.feed({data + at, std::min(piece, size - at)});
  reader.finish();
  Report report = inspection.finish(size);
  check_report(report);
  for (const ProtectedEntity &entity : report.protected_entities)
    FUZZ_CHECK(entity.offset <= size && entity.size <= size - entity.offset);
  return 0;
}
