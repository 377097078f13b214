// An OpenPGP message (RFC 9580 section 10.3), read by its packets. What is only signed,
// compressed or literal is opened, because anyone can read it; of what is encrypted it is
// said that it is.
#ifndef SMIME_OPENPGP_MESSAGE_H
#define SMIME_OPENPGP_MESSAGE_H

#include "scanner/inspection/reader.h"
#include "scanner/openpgp/packets.h"

#include <memory>
#include <string>
#include <vector>

namespace smime {

// What was seen in a message and in the compressed packets of it.
struct PgpFacts {
  bool has_session_key = false;
  bool has_encrypted_data = false;
  bool has_signature = false;
  bool has_literal = false;
  bool has_key = false;
  bool has_compressed = false;
  // Compressed by a method that nobody here knows.
  bool is_unsupported = false;
  // Bytes that are no packet, a packet that is cut off, or a compressed one that cannot be read.
  bool is_damaged = false;

  bool is_encrypted() const { return has_encrypted_data || has_session_key; }
  bool is_empty() const {
    return !is_encrypted() && !has_signature && !has_literal && !has_key && !has_compressed;
  }
};

// Reads a message and hands what is literal on; says nothing of it in the report but what it
// opens.
class PgpMessage : public ByteSink {
public:
  // The inspection outlives the message.
  PgpMessage(Inspection &inspection, Place place);
  ~PgpMessage() override;

  void feed(Bytes bytes) override;
  void finish() override;
  // Known after finish().
  const PgpFacts &facts() const { return facts_; }

private:
  class Level;

  Inspection &inspection_;
  Place place_;
  PgpFacts facts_;
  std::unique_ptr<Level> level_;
};

// The facts of one message at place, for the report. What is encrypted is for
// report_pgp_message().
void report_readable_pgp(Inspection &inspection, const Place &place, const PgpFacts &facts,
                         ContentOutcome &outcome);

// An encrypted OpenPGP message, armored or not.
void report_pgp_message(Inspection &inspection, const Place &place, ContentOutcome &outcome);

// The text of a clear-signed message, or what was in a signed one.
void report_pgp_signed(Inspection &inspection, const Place &place, ContentOutcome &outcome);

// A reader for content that begins with packets.
std::unique_ptr<ByteSink> make_pgp_reader(Inspection &inspection, const Place &place,
                                          ContentOutcome &outcome);

} // namespace smime

#endif
