// OpenPGP packets: how they arrive makes no difference, and what is guessed of the first bytes
// is what is found.
#include "scanner/openpgp/message.h"
#include "scanner/base/dovecot-lib.h"
#include "fuzz-tools.h"

#include <algorithm>

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) {
  lib_init();
  return 0;
}

namespace {

struct Seen {
  PgpFacts facts;
  bool stopped;
};

Seen look(Bytes bytes, std::size_t piece) {
  static const Limits limits = fuzz_limits();
  Inspection inspection(limits, fuzz_tools());
  Seen seen{};
  {
    Place place;
    place.path = "1";
    PgpMessage message(inspection, place);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      message.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    message.finish();
    ContentOutcome outcome;
    report_readable_pgp(inspection, place, message.facts(), outcome);
    seen = {message.facts(), inspection.stopped()};
  }
  check_report(inspection.finish(bytes.size()));
  return seen;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0)
    return 0;
  Bytes bytes(data + 1, size - 1);
  Seen once = look(bytes, size);
  Seen in_pieces = look(bytes, data[0] + std::size_t{1});
  // A bound is met a piece earlier or later.
  if (once.stopped || in_pieces.stopped)
    return 0;
  FUZZ_CHECK(once.facts.is_encrypted() == in_pieces.facts.is_encrypted());
  FUZZ_CHECK(once.facts.has_literal == in_pieces.facts.has_literal);
  FUZZ_CHECK(once.facts.has_signature == in_pieces.facts.has_signature);
  FUZZ_CHECK(once.facts.is_damaged == in_pieces.facts.is_damaged);
  PgpGuess guess = guess_openpgp(bytes);
  FUZZ_CHECK(guess != PgpGuess::encrypted || once.facts.is_encrypted());
  FUZZ_CHECK(guess == PgpGuess::none || !once.facts.is_empty());
  return 0;
}
