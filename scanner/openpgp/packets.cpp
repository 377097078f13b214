#include "scanner/openpgp/packets.h"

#include "scanner/openpgp/expand.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace smime {
namespace {

// Packets before the one that tells, such as one session key for each recipient.
constexpr unsigned max_guessed_packets = 200;

std::uint64_t read_number(Bytes bytes) {
  std::uint64_t number = 0;
  for (unsigned char c : bytes)
    number = number << 8 | c;
  return number;
}

template <std::size_t size>
bool is_one_of(unsigned char c, const std::array<unsigned char, size> &list) {
  return std::find(list.begin(), list.end(), c) != list.end();
}

// RFC 9580 sections 9.1 and 9.5, with those of RFC 4880 and its drafts.
bool is_public_key_algorithm(unsigned char c) {
  return (c >= 1 && c <= 3) || (c >= 16 && c <= 28) || (c >= 30 && c <= 36) || c == 8;
}
bool is_hash(unsigned char c) { return (c >= 1 && c <= 3) || (c >= 8 && c <= 14); }
bool is_signature_type(unsigned char c) {
  static constexpr std::array<unsigned char, 16> types{0x00, 0x01, 0x02, 0x10, 0x11, 0x12,
                                                       0x13, 0x16, 0x18, 0x19, 0x1f, 0x20,
                                                       0x28, 0x30, 0x40, 0x50};
  return is_one_of(c, types);
}

// Of the body, as much as is at hand.
bool is_session_body(const PacketHeader &packet, Bytes body) {
  if (body.empty() || packet.kind != PacketLength::whole)
    return false;
  if (packet.tag == PacketTag::public_key_session)
    return (body[0] == 3 || body[0] == 6 || body[0] == 2) && packet.length > 12 &&
           packet.length < 5000;
  return body[0] >= 4 && body[0] <= 6 && packet.length >= 4 && packet.length < 256;
}

// The old kind has no version: what is behind a session key is encrypted, whatever it is.
bool is_encrypted_body(const PacketHeader &packet, Bytes body) {
  return packet.tag == PacketTag::encrypted || (!body.empty() && (body[0] == 1 || body[0] == 2));
}

bool is_marker(Bytes body) {
  return body.size() >= 3 && body[0] == 'P' && body[1] == 'G' && body[2] == 'P';
}

bool is_one_pass_signature(const PacketHeader &packet, Bytes body) {
  if (packet.kind != PacketLength::whole || body.size() < 4 || !is_signature_type(body[1]))
    return false;
  bool right_length = body[0] == 3 ? packet.length == 13 : body[0] == 6 && packet.length > 38;
  return right_length && is_hash(body[2]) && is_public_key_algorithm(body[3]);
}

bool is_signature(const PacketHeader &packet, Bytes body) {
  if (packet.kind == PacketLength::partial || body.size() < 6)
    return false;
  if (body[0] == 2 || body[0] == 3)
    return body[1] == 5 && is_signature_type(body[2]);
  return body[0] >= 4 && body[0] <= 6 && is_signature_type(body[1]) &&
         is_public_key_algorithm(body[2]) && is_hash(body[3]);
}

bool is_key(const PacketHeader &packet, Bytes body) {
  if (packet.kind != PacketLength::whole || body.size() < 8 || packet.length < 8)
    return false;
  if (body[0] == 2 || body[0] == 3)
    return is_public_key_algorithm(body[7]);
  return body[0] >= 4 && body[0] <= 6 && is_public_key_algorithm(body[5]);
}

// RFC 9580 section 5.9: a format, a name, a date, and the content.
bool is_literal(const PacketHeader &packet, Bytes body) {
  static constexpr std::array<unsigned char, 6> formats{'b', 't', 'u', 'l', '1', 'm'};
  if (body.size() < 2 || !is_one_of(body[0], formats))
    return false;
  std::size_t head = 6U + body[1];
  if (packet.kind == PacketLength::whole && packet.length < head)
    return false;
  Bytes name = body.subspan(2, std::min<std::size_t>(body.size() - 2, body[1]));
  return std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < ' '; });
}

PgpGuess guess(Bytes prefix, unsigned depth);

// What comes out of it tells; where nothing does yet, that nothing is wrong so far.
bool is_compressed(Bytes body, unsigned depth) {
  if (body.empty())
    return false;
  std::vector<unsigned char> inside;
  switch (look_into_compressed(body, inside)) {
  case Expanded::unknown:
  case Expanded::damaged: return false;
  case Expanded::nothing_yet: return body.size() > 16;
  case Expanded::something: break;
  }
  return guess(inside, depth + 1) != PgpGuess::none;
}

PgpGuess guess(Bytes prefix, unsigned depth) {
  // Compressed packets in compressed packets; more is for who reads it in full.
  if (depth > 2)
    return PgpGuess::message;
  PgpGuess so_far = PgpGuess::none;
  for (unsigned count = 0; count < max_guessed_packets; count++) {
    auto packet = read_packet_header(prefix);
    if (!packet)
      return so_far;
    Bytes body = prefix.subspan(packet->header_size);
    if (packet->kind == PacketLength::whole)
      body = body.first(
          static_cast<std::size_t>(std::min<std::uint64_t>(body.size(), packet->length)));
    bool fits = true;
    switch (packet->tag) {
    case PacketTag::encrypted:
    case PacketTag::integrity_protected:
    case PacketTag::aead:
      if (is_encrypted_body(*packet, body) &&
          (so_far != PgpGuess::none || packet->tag != PacketTag::encrypted))
        return PgpGuess::encrypted;
      return so_far;
    case PacketTag::public_key_session:
    case PacketTag::symmetric_session:
      if (!is_session_body(*packet, body))
        return so_far;
      so_far = PgpGuess::encrypted;
      break;
    case PacketTag::compressed:
      return so_far != PgpGuess::encrypted && is_compressed(body, depth) ? PgpGuess::message
                                                                         : so_far;
    case PacketTag::literal:
      return so_far != PgpGuess::encrypted && is_literal(*packet, body) ? PgpGuess::message
                                                                        : so_far;
    case PacketTag::one_pass_signature:
      return so_far != PgpGuess::encrypted && is_one_pass_signature(*packet, body)
                 ? PgpGuess::message
                 : so_far;
    case PacketTag::signature: fits = is_signature(*packet, body); break;
    case PacketTag::public_key:
    case PacketTag::public_subkey:
    case PacketTag::secret_key:
    case PacketTag::secret_subkey: fits = is_key(*packet, body); break;
    case PacketTag::marker: fits = packet->length == 3 && is_marker(body); break;
    default: fits = packet->tag != PacketTag::reserved; break;
    }
    if (!fits)
      return so_far;
    bool tells = packet->tag == PacketTag::signature || packet->tag == PacketTag::public_key ||
                 packet->tag == PacketTag::secret_key;
    if (tells && so_far == PgpGuess::none)
      so_far = PgpGuess::other;
    // What begins behind the bytes at hand is not known.
    if (packet->kind != PacketLength::whole ||
        packet->length >= prefix.size() - packet->header_size)
      return so_far;
    prefix = prefix.subspan(packet->header_size + static_cast<std::size_t>(packet->length));
  }
  return so_far;
}

} // namespace

std::optional<NewLength> read_new_length(Bytes bytes) {
  if (bytes.empty())
    return std::nullopt;
  unsigned char first = bytes[0];
  if (first < 192)
    return NewLength{1, PacketLength::whole, first};
  if (first < 224) {
    if (bytes.size() < 2)
      return std::nullopt;
    return NewLength{2, PacketLength::whole, ((first - 192ULL) << 8) + bytes[1] + 192};
  }
  if (first < 255)
    return NewLength{1, PacketLength::partial, 1ULL << (first & 31U)};
  if (bytes.size() < 5)
    return std::nullopt;
  return NewLength{5, PacketLength::whole, read_number(bytes.subspan(1, 4))};
}

std::optional<PacketHeader> read_packet_header(Bytes bytes) {
  if (bytes.empty() || (bytes[0] & 0x80U) == 0)
    return std::nullopt;
  PacketHeader header;
  if ((bytes[0] & 0x40U) != 0) {
    auto length = read_new_length(bytes.subspan(1));
    if (!length)
      return std::nullopt;
    header.tag = static_cast<PacketTag>(bytes[0] & 63U);
    header.header_size = 1 + length->size;
    header.kind = length->kind;
    header.length = length->length;
    return header;
  }
  header.tag = static_cast<PacketTag>((bytes[0] >> 2) & 15U);
  header.header_size = 1;
  if ((bytes[0] & 3U) == 3) {
    header.kind = PacketLength::until_end;
    return header;
  }
  std::size_t size = std::size_t{1} << (bytes[0] & 3U);
  if (bytes.size() < 1 + size)
    return std::nullopt;
  header.header_size += size;
  header.length = read_number(bytes.subspan(1, size));
  return header;
}

bool is_partial_packet_header(Bytes bytes) {
  return bytes.empty() || ((bytes[0] & 0x80U) != 0 && bytes.size() < max_packet_header &&
                           !read_packet_header(bytes));
}

PgpGuess guess_openpgp(Bytes prefix) { return guess(prefix, 0); }

void PacketStream::feed(Bytes bytes) {
  while (!bytes.empty()) {
    switch (state_) {
    case State::header: take_header(bytes); break;
    case State::body: take_body(bytes); break;
    case State::next_length: take_next_length(bytes); break;
    case State::broken:
    case State::ended: return;
    }
  }
}

void PacketStream::take_header(Bytes &bytes) {
  header_.push_back(bytes.front());
  bytes = bytes.subspan(1);
  auto header = read_packet_header(header_);
  if (!header || header->tag == PacketTag::reserved) {
    if (header || !is_partial_packet_header(header_))
      state_ = State::broken;
    return;
  }
  header_.clear();
  sink_.packet_begins(header->tag);
  begin_piece(header->kind, header->length);
}

// A piece of no bytes has no body to wait for.
void PacketStream::begin_piece(PacketLength kind, std::uint64_t length) {
  kind_ = kind;
  left_ = length;
  state_ = State::body;
  if (kind == PacketLength::whole && length == 0) {
    state_ = State::header;
    sink_.packet_ends(true);
  }
}

void PacketStream::take_body(Bytes &bytes) {
  std::size_t size = bytes.size();
  if (kind_ != PacketLength::until_end)
    size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
  if (size > 0)
    sink_.packet_body(bytes.first(size));
  bytes = bytes.subspan(size);
  left_ -= kind_ == PacketLength::until_end ? 0 : size;
  if (kind_ == PacketLength::until_end || left_ > 0)
    return;
  state_ = kind_ == PacketLength::partial ? State::next_length : State::header;
  if (state_ == State::header)
    sink_.packet_ends(true);
}

void PacketStream::take_next_length(Bytes &bytes) {
  header_.push_back(bytes.front());
  bytes = bytes.subspan(1);
  auto length = read_new_length(header_);
  if (!length)
    return;
  header_.clear();
  begin_piece(length->kind, length->length);
}

void PacketStream::finish() {
  bool in_packet = state_ == State::body || state_ == State::next_length;
  bool whole = state_ == State::body && kind_ == PacketLength::until_end;
  if (in_packet)
    sink_.packet_ends(whole);
  bool is_right = whole || state_ == State::ended || (state_ == State::header && header_.empty());
  state_ = is_right ? State::ended : State::broken;
}

} // namespace smime
