#include "scanner/openpgp/message.h"

#include "scanner/inspection/signed-layer.h"
#include "scanner/openpgp/expand.h"

#include <algorithm>
#include <utility>

namespace smime {

// The packets of a message, or of a compressed packet in it.
class PgpMessage::Level : public ByteSink, private PacketSink {
public:
  Level(Inspection &inspection, const Place &place, PgpFacts &facts)
      : inspection_(inspection), place_(place), facts_(facts), packets_(*this) {
    may_open_ = inspection_.enter_layer(place_);
  }
  ~Level() override { inspection_.leave_layer(); }
  Level(const Level &) = delete;
  Level &operator=(const Level &) = delete;

  void feed(Bytes bytes) override { packets_.feed(bytes); }
  void finish() override {
    packets_.finish();
    facts_.is_damaged = facts_.is_damaged || packets_.is_damaged();
  }

private:
  void packet_begins(PacketTag tag) override;
  void packet_body(Bytes bytes) override;
  void packet_ends(bool whole) override;

  void take_compressed(Bytes bytes);
  void expand(Bytes bytes);
  void take_literal(Bytes bytes);

  Inspection &inspection_;
  const Place &place_;
  PgpFacts &facts_;
  PacketStream packets_;
  bool may_open_ = false;
  PacketTag tag_ = PacketTag::reserved;
  // A literal packet's, until its content begins.
  std::vector<unsigned char> head_;
  std::unique_ptr<ByteSink> content_;
  // A compressed packet's.
  bool seen_algorithm_ = false;
  std::unique_ptr<Expander> expander_;
  std::vector<unsigned char> expanded_;
  std::unique_ptr<Level> inside_;
};

void PgpMessage::Level::packet_begins(PacketTag tag) {
  tag_ = tag;
  switch (tag) {
  case PacketTag::public_key_session:
  case PacketTag::symmetric_session: facts_.has_session_key = true; break;
  case PacketTag::encrypted:
  case PacketTag::integrity_protected:
  case PacketTag::aead: facts_.has_encrypted_data = true; break;
  case PacketTag::signature:
  case PacketTag::one_pass_signature: facts_.has_signature = true; break;
  case PacketTag::secret_key:
  case PacketTag::public_key:
  case PacketTag::secret_subkey:
  case PacketTag::public_subkey: facts_.has_key = true; break;
  case PacketTag::literal:
    facts_.has_literal = true;
    head_.clear();
    break;
  case PacketTag::compressed:
    facts_.has_compressed = true;
    seen_algorithm_ = false;
    break;
  default: break;
  }
}

void PgpMessage::Level::packet_body(Bytes bytes) {
  if (inspection_.stopped() || !may_open_)
    return;
  if (tag_ == PacketTag::literal)
    take_literal(bytes);
  else if (tag_ == PacketTag::compressed)
    take_compressed(bytes);
}

// A format, the length of a name, the name, four bytes of a date.
void PgpMessage::Level::take_literal(Bytes bytes) {
  while (content_ == nullptr && !bytes.empty()) {
    head_.push_back(bytes.front());
    bytes = bytes.subspan(1);
    if (head_.size() < 2 || head_.size() < 6U + head_[1])
      continue;
    content_ = make_layer_reader(inspection_, place_, false);
  }
  if (content_ != nullptr && !bytes.empty())
    content_->feed(bytes);
}

void PgpMessage::Level::take_compressed(Bytes bytes) {
  if (!seen_algorithm_) {
    seen_algorithm_ = true;
    expander_ = make_expander(bytes.front());
    bytes = bytes.subspan(1);
    if (expander_ == nullptr)
      facts_.is_unsupported = true;
    else
      inside_ = std::make_unique<Level>(inspection_, place_, facts_);
  }
  if (expander_ != nullptr)
    expand(bytes);
}

void PgpMessage::Level::expand(Bytes bytes) {
  bool goes_on = true;
  do {
    expanded_.clear();
    goes_on = expander_->expand(bytes, expanded_) &&
              (!bytes.empty() || expanded_.size() == Expander::piece_size);
    if (!inspection_.count_expanded(place_, expanded_.size()) || !inspection_.in_time(place_))
      return;
    inside_->feed(expanded_);
  } while (goes_on);
}

void PgpMessage::Level::packet_ends(bool whole) {
  if (content_ != nullptr)
    content_->finish();
  content_.reset();
  bool is_complete = whole;
  if (inside_ != nullptr) {
    inside_->finish();
    is_complete = is_complete && expander_->has_ended();
  }
  inside_.reset();
  expander_.reset();
  facts_.is_damaged = facts_.is_damaged || !is_complete;
}

PgpMessage::PgpMessage(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {
  // What is shown is the part, and whatever else is in it.
  place_.cover.whole = false;
  level_ = std::make_unique<Level>(inspection_, place_, facts_);
}

PgpMessage::~PgpMessage() = default;

void PgpMessage::feed(Bytes bytes) { level_->feed(bytes); }

void PgpMessage::finish() {
  if (level_ != nullptr)
    level_->finish();
  level_.reset();
}

namespace {

class PgpReader : public ByteSink {
public:
  PgpReader(Inspection &inspection, const Place &place, ContentOutcome &outcome)
      : inspection_(inspection), place_(place), outcome_(outcome), message_(inspection, place) {}

  void feed(Bytes bytes) override { message_.feed(bytes); }
  void finish() override {
    message_.finish();
    if (message_.facts().is_encrypted())
      report_pgp_message(inspection_, place_, outcome_);
    else
      report_readable_pgp(inspection_, place_, message_.facts(), outcome_);
    report_what_is_behind();
  }

private:
  // A file of a key or a signature that ends early, or has something else behind it; a message
  // that does is reported, and armor in text may be cut off by who quotes it.
  void report_what_is_behind() {
    const PgpFacts &facts = message_.facts();
    if (!facts.is_damaged || facts.is_encrypted() || facts.has_literal || facts.has_compressed ||
        inspection_.stopped())
      return;
    inspection_.add_error("damaged-openpgp", place_.path,
                          "An OpenPGP key or signature is damaged, or something else stands "
                          "behind it.");
    inspection_.add_uninspectable(place_, "malformed");
  }

  Inspection &inspection_;
  Place place_;
  ContentOutcome &outcome_;
  PgpMessage message_;
};

} // namespace

std::unique_ptr<ByteSink> make_pgp_reader(Inspection &inspection, const Place &place,
                                          ContentOutcome &outcome) {
  return std::make_unique<PgpReader>(inspection, place, outcome);
}

// A signature without anything that it signs is a file beside another one.
void report_readable_pgp(Inspection &inspection, const Place &place, const PgpFacts &facts,
                         ContentOutcome &outcome) {
  if (facts.has_signature && facts.has_literal)
    report_pgp_signed(inspection, place, outcome);
  if (inspection.stopped())
    return;
  if (facts.is_unsupported) {
    inspection.add_uninspectable(place, "unsupported-compression");
  } else if (facts.is_damaged && (facts.has_literal || facts.has_compressed)) {
    inspection.add_error("damaged-openpgp", place.path,
                         "An OpenPGP message begins well and is damaged or cut off.");
    inspection.add_uninspectable(place, "malformed");
  }
}

void report_pgp_message(Inspection &inspection, const Place &place, ContentOutcome &outcome) {
  outcome.is_protected = true;
  outcome.is_pgp_encrypted = true;
  inspection.add_class(MessageClass::pgp_encrypted);
  if (!place.in_archive) {
    inspection.add_layer({place.path, "pgp-encrypted", {}, {}});
    note_signature_outside(inspection, place);
  }
  inspection.add_uninspectable(place, "pgp-encrypted");
}

void report_pgp_signed(Inspection &inspection, const Place &place, ContentOutcome &outcome) {
  outcome.is_protected = true;
  if (place.in_archive)
    return;
  inspection.add_class(MessageClass::pgp_signed);
  inspection.add_layer({place.path, "pgp-signed", {}, {}});
}

} // namespace smime
