// OpenPGP packets (RFC 9580 and 4880, section 4 of both): their headers, and what a piece of
// content is by the packets that it begins with.
#ifndef SMIME_OPENPGP_PACKETS_H
#define SMIME_OPENPGP_PACKETS_H

#include "common/byte-sink.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace smime {

// RFC 9580 section 5; names of those that somebody looks at.
enum class PacketTag : unsigned char {
  reserved = 0,
  public_key_session = 1,
  signature = 2,
  symmetric_session = 3,
  one_pass_signature = 4,
  secret_key = 5,
  public_key = 6,
  secret_subkey = 7,
  compressed = 8,
  encrypted = 9,
  marker = 10,
  literal = 11,
  trust = 12,
  user_id = 13,
  public_subkey = 14,
  user_attribute = 17,
  integrity_protected = 18,
  aead = 20,
  padding = 21,
};

enum class PacketLength : unsigned char { whole, partial, until_end };

struct PacketHeader {
  PacketTag tag = PacketTag::reserved;
  std::size_t header_size = 0;
  PacketLength kind = PacketLength::whole;
  // Of the body, or of the first piece of it.
  std::uint64_t length = 0;
};

// One length of the new format: of a body, or of the next piece of one.
struct NewLength {
  std::size_t size = 0; // of the length itself
  PacketLength kind = PacketLength::whole;
  std::uint64_t length = 0;
};

// nullopt if it does not end in bytes.
std::optional<NewLength> read_new_length(Bytes bytes);

// nullopt if bytes begin with no packet, or its header does not end in them.
std::optional<PacketHeader> read_packet_header(Bytes bytes);
// Whether bytes, which may be empty, can be the beginning of a header.
bool is_partial_packet_header(Bytes bytes);
inline constexpr std::size_t max_packet_header = 6;

constexpr bool is_session_tag(PacketTag tag) {
  return tag == PacketTag::public_key_session || tag == PacketTag::symmetric_session;
}
constexpr bool is_encrypted_tag(PacketTag tag) {
  return tag == PacketTag::encrypted || tag == PacketTag::integrity_protected ||
         tag == PacketTag::aead;
}

// What content is that begins with these bytes.
enum class PgpGuess : unsigned char {
  none,
  encrypted, // a session key packet with another packet behind it, or encrypted data
  message,   // signed, compressed or literal: anyone can read it
  other,     // keys and signatures
};

// On evidence that other binary files do not have. Needs max_sniff_prefix bytes, and looks
// farther with max_type_prefix.
PgpGuess guess_openpgp(Bytes prefix);
inline bool looks_like_pgp(Bytes prefix) { return guess_openpgp(prefix) == PgpGuess::encrypted; }

// Takes packets apart while they flow by.
class PacketSink {
public:
  virtual ~PacketSink() = default;
  virtual void packet_begins(PacketTag tag) = 0;
  virtual void packet_body(Bytes bytes) = 0;
  // whole: it ended where its length says.
  virtual void packet_ends(bool whole) = 0;
};

class PacketStream {
public:
  explicit PacketStream(PacketSink &sink) : sink_(sink) {}

  void feed(Bytes bytes);
  void finish();
  // There are bytes that are no packet, or the last packet is cut off.
  bool is_damaged() const { return state_ == State::broken; }

private:
  enum class State : unsigned char { header, body, next_length, broken, ended };

  void take_header(Bytes &bytes);
  void take_body(Bytes &bytes);
  void take_next_length(Bytes &bytes);
  void begin_piece(PacketLength kind, std::uint64_t length);

  PacketSink &sink_;
  State state_ = State::header;
  PacketLength kind_ = PacketLength::whole;
  std::uint64_t left_ = 0;
  std::vector<unsigned char> header_;
};

} // namespace smime

#endif
