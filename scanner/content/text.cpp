#include "scanner/content/text.h"

#include "common/mime-labels.h"
#include "scanner/formats/encrypted-file.h"
#include "scanner/layers/cms.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace smime {
namespace {

// As much of a line as tells that it begins a uuencoded file.
constexpr std::size_t longest_uu_header = 256;
// Octets of each line but the last. Behind so many, programs look past what follows.
constexpr std::size_t full_line = 45;
// Decoded bytes of armor that tell what it is.
constexpr std::size_t armored_beginning = 512;

// What people and readers look past at the beginning of a line: quoting, indentation, tags, a byte
// order mark.
bool is_decoration(unsigned char c) {
  return c == ' ' || c == '\t' || c == '>' || c == '<' || c == 0xef || c == 0xbb || c == 0xbf;
}

std::string_view undecorated(std::string_view line) {
  while (!line.empty() && is_decoration(static_cast<unsigned char>(line[0])))
    line.remove_prefix(line[0] == '<' ? std::min(line.find('>'), line.size() - 1) + 1 : 1);
  return line;
}

// The end if it is not there.
const unsigned char *find_byte(const unsigned char *from, const unsigned char *end, int byte) {
  const void *found = std::memchr(from, byte, static_cast<std::size_t>(end - from));
  return found == nullptr ? end : static_cast<const unsigned char *>(found);
}

} // namespace

void UuSearch::feed(Bytes bytes) {
  const auto *all = bytes.data() + bytes.size();
  const unsigned char *newline = nullptr;
  while (!bytes.empty() && !(found_ && has_binhex_)) {
    if (newline == nullptr || newline < bytes.data())
      newline = find_byte(bytes.data(), all, '\n');
    // Lines may end in CR alone; of CR LF the empty line in between is none.
    const unsigned char *end = find_byte(bytes.data(), newline, '\r');
    auto length = static_cast<std::size_t>(end - bytes.data());
    if (length_ == 0 && length > 0) {
      first_ = bytes[0];
      may_be_header_ = first_ == 'b' || first_ == '(' || first_ == '=' || is_decoration(first_);
    }
    if (may_be_header_ && line_.size() < longest_uu_header)
      line_.append(reinterpret_cast<const char *>(bytes.data()),
                   std::min(length, longest_uu_header - line_.size()));
    length_ += length;
    if (end != all)
      end_line();
    bytes = bytes.subspan(std::min(bytes.size(), length + 1));
  }
}

void UuSearch::end_line() {
  if (after_header_ && length_ > 0) {
    std::size_t octets = (first_ - 32U) & 63U;
    std::size_t expected = 1 + (octets + 2) / 3 * 4;
    found_ = found_ || (octets > 0 && length_ >= expected &&
                        (length_ <= expected + 2 || (has_mode_ && octets == full_line)));
  }
  std::string_view line = undecorated(line_);
  // Empty lines may stand between the header and the first line.
  after_header_ = after_header_ && length_ == 0;
  if (line.starts_with("begin ")) {
    line.remove_prefix(6);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
    after_header_ = (digits == 3 || digits == 4) && line.substr(digits).starts_with(' ');
    has_mode_ = line.substr(0, digits).find_first_of("89") == line.npos;
  }
  found_ = found_ || line.starts_with("begin-base64 ");
  // yEnc, which news readers decode in any text.
  found_ = found_ || (line.starts_with("=ybegin ") && line.find(" size=") != line.npos &&
                      line.find(" name=") != line.npos);
  has_binhex_ = has_binhex_ || (after_binhex_header_ && length_ > 1 && first_ == ':');
  after_binhex_header_ =
      after_binhex_header_ || line.starts_with("(This file must be converted with BinHex");
  line_.clear();
  length_ = 0;
  may_be_header_ = false;
}

TextContent::TextContent(Inspection &inspection, Place place, ContentOutcome &outcome,
                         Encoded encoded)
    : inspection_(inspection), place_(std::move(place)), outcome_(outcome), finder_(*this),
      reads_encoded_(encoded),
      encoded_(inspection, place_,
               encoded == Encoded::opened ? UnreadPieces::Of::text : UnreadPieces::Of::markup) {}

void TextContent::feed(Bytes bytes) {
  if (first_) {
    first_ = false;
    if (is_bare_base64_cms(bytes)) {
      found_cms_ = true;
      bare_decoder_ = std::make_unique<TransferDecoder>(TransferDecoder::Encoding::base64);
      Place inside = place_;
      inside.cover.whole = false;
      bare_cms_ = std::make_unique<CmsLayer>(inspection_, std::move(inside), outcome_);
    }
  }
  if (bare_cms_ != nullptr)
    bare_cms_->feed(bare_decoder_->decode(bytes));
  finder_.feed(bytes);
  uu_.feed(bytes);
  sealed_.feed(bytes);
  if (reads_encoded_ != Encoded::no && !inspection_.stopped())
    encoded_.feed(bytes);
}

// The base64 form of a CMS object that no header field calls base64.
bool TextContent::is_bare_base64_cms(Bytes bytes) const {
  auto first = std::find_if(bytes.begin(), bytes.end(), [](unsigned char c) { return c > ' '; });
  bytes = bytes.subspan(static_cast<std::size_t>(first - bytes.begin()));
  if (bytes.size() < 32 || bytes[0] != 'M' || bytes[1] != 'I')
    return false;
  TransferDecoder decoder(TransferDecoder::Encoding::base64);
  return looks_like_cms(decoder.decode(bytes.first(std::min<std::size_t>(64, bytes.size()))));
}

bool TextContent::armor_begins(const ArmorLabel &label) {
  if (label.words == pgp_signed_words) {
    found_signed_ = found_signed_ || label.at_line_start;
    return false;
  }
  label_ = label;
  has_armor_ = true;
  begin_armor();
  return true;
}

void TextContent::begin_armor() {
  decoder_ = std::make_unique<TransferDecoder>(TransferDecoder::Encoding::base64);
  beginning_.clear();
  settled_ = word_is_message_ = has_line_ = false;
  cms_word_.clear();
}

void TextContent::armor_payload(Bytes base64) { take_armored(decoder_->decode(base64)); }

// A line may have more than the payload: who sent it, its number.
void TextContent::armor_word(Bytes base64) {
  TransferDecoder decoder(TransferDecoder::Encoding::base64);
  Bytes decoded = decoder.decode(base64);
  word_is_message_ = word_is_message_ || looks_like_pgp(decoded);
  if (cms_word_.empty() && looks_like_cms(decoded))
    cms_word_.assign(decoded.begin(), decoded.end());
}

void TextContent::take_armored(Bytes decoded) {
  if (!settled_) {
    beginning_.insert(beginning_.end(), decoded.begin(), decoded.end());
    if (beginning_.size() >= armored_beginning)
      settle_armor();
    return;
  }
  if (inspection_.stopped())
    return;
  if (pgp_ != nullptr)
    pgp_->feed(decoded);
  else if (cms_ != nullptr)
    cms_->feed(decoded);
}

void TextContent::settle_armor() {
  settled_ = true;
  Bytes beginning = beginning_;
  // What is shown is the text, and whatever else is in it.
  Place inside = place_;
  inside.cover.whole = false;
  bool is_labelled = label_.at_line_start && is_cms_armor(label_.words);
  if (looks_like_cms(beginning) || (is_labelled && !beginning.empty() && beginning[0] == 0x30)) {
    found_cms_ = true;
    cms_ = std::make_unique<CmsLayer>(inspection_, std::move(inside), outcome_);
    cms_->feed(beginning);
  } else if (is_pgp_armor(label_.words) || (label_.words.find("KEY") == std::string::npos &&
                                            guess_openpgp(beginning) != PgpGuess::none)) {
    pgp_ = std::make_unique<PgpMessage>(inspection_, std::move(inside));
    pgp_->feed(beginning);
  } else if (find_encrypted_file(beginning) != nullptr ||
             (label_.at_line_start && is_encrypted_armor(label_.words))) {
    found_encrypted_ = true;
  } else if (is_labelled && label_.words != "SIGNED MESSAGE") {
    found_cms_ = true;
    report_not_cms(inspection_, place_);
  }
}

void TextContent::armor_ends() {
  if (!settled_)
    settle_armor();
  if (cms_ != nullptr)
    cms_->finish();
  else if (!cms_word_.empty())
    report_cms_word();
  cms_.reset();
  if (pgp_ != nullptr)
    end_pgp();
  decoder_.reset();
  beginning_ = {};
}

// A CMS object in lines with more in them than that.
void TextContent::report_cms_word() {
  bool is_encrypted = is_encrypted_type(inspect_cms(cms_word_, false).type);
  if (is_encrypted)
    inspection_.add_class(MessageClass::encrypted);
  outcome_.is_protected = found_cms_ = true;
  inspection_.add_uninspectable(place_, is_encrypted ? "smime-encrypted" : "malformed");
}

// What nobody here can make sense of is for its reader what the label says. But where no line is
// base64, somebody writes about encrypted messages.
void TextContent::end_pgp() {
  auto pgp = std::move(pgp_);
  pgp->finish();
  const PgpFacts &facts = pgp->facts();
  bool says_message = label_.at_line_start && is_pgp_message_armor(label_.words);
  bool is_readable = facts.has_literal || facts.has_compressed;
  bool makes_no_sense = facts.is_empty() || (facts.is_damaged && !is_readable);
  // A word that looks like a message is one by chance where all lines together are packets.
  bool word_counts = word_is_message_ && (facts.is_empty() || facts.is_damaged);
  if (facts.is_encrypted() || word_counts || (says_message && makes_no_sense && has_line_)) {
    found_message_ = true;
    return;
  }
  ContentOutcome outcome;
  report_readable_pgp(inspection_, place_, facts, outcome);
  outcome_.is_protected = outcome_.is_protected || outcome.is_protected;
}

void TextContent::mark_found(TextMark mark) {
  (mark == TextMark::ebcdic_message ? found_message_ : found_encrypted_) = true;
}

// What is in armor, and base64 of CMS alone, is read as that.
void TextContent::report_encoded() {
  encoded_.finish();
  bool is_read = has_armor_ || found_cms_ || found_message_ || found_encrypted_;
  if (is_read)
    return;
  if (encoded_.has_sealed())
    found_encrypted_ = true;
  else if (encoded_.looks_encrypted())
    inspection_.add_unrecognised(
        place_, (place_.name.empty() ? "The text" : place_.name) +
                    " has digits or base64 in it of bytes that look encrypted or compressed.");
}

void TextContent::finish() {
  uu_.finish();
  finder_.finish();
  if (bare_cms_ != nullptr)
    bare_cms_->finish();
  bare_cms_.reset();
  if (reads_encoded_ != Encoded::no)
    report_encoded();
  if (uu_.found())
    inspection_.add_uninspectable(place_, "unknown-encoding");
  if (uu_.has_binhex())
    inspection_.add_uninspectable(place_, "unsupported-archive");
  if (found_message_)
    report_pgp_message(inspection_, place_, outcome_);
  else if (found_signed_)
    report_pgp_signed(inspection_, place_, outcome_);
  if (found_encrypted_ || sealed_.found())
    inspection_.add_uninspectable(place_, "encrypted-file");
  if (place_.has_cms_label && !found_cms_)
    report_not_cms(inspection_, place_);
}

} // namespace smime
