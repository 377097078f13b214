#include "scanner/content/text.h"

#include "common/mime-labels.h"
#include "scanner/layers/cms.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace smime {
namespace {

// As much of a line as decides.
constexpr std::size_t longest_marker = 40;

} // namespace

TextContent::TextContent(Inspection &inspection, Place place, Outcome &outcome)
    : inspection_(inspection), place_(std::move(place)), outcome_(outcome) {}

void TextContent::feed(Bytes bytes) {
  if (first_) {
    first_ = false;
    if (is_bare_base64_cms(bytes)) {
      begin_cms();
      feed_cms(bytes);
      return;
    }
  }
  while (!bytes.empty()) {
    const void *newline = std::memchr(bytes.data(), '\n', bytes.size());
    std::size_t length =
        newline == nullptr
            ? bytes.size()
            : static_cast<std::size_t>(static_cast<const unsigned char *>(newline) - bytes.data());
    take_line(bytes.first(length), newline != nullptr);
    bytes = bytes.subspan(std::min(bytes.size(), length + 1));
  }
}

// What people and readers look past: quoting, indentation, tags, a byte order
// mark.
Bytes TextContent::skip_decoration(Bytes bytes) {
  while (!bytes.empty()) {
    unsigned char c = bytes.front();
    if (state_ == Line::in_tag) {
      const void *end = std::memchr(bytes.data(), '>', bytes.size());
      if (end == nullptr)
        return {};
      bytes = bytes.subspan(
          static_cast<std::size_t>(static_cast<const unsigned char *>(end) - bytes.data()) + 1);
      state_ = Line::start;
      continue;
    }
    if (c == '<')
      state_ = Line::in_tag;
    else if (c != ' ' && c != '\t' && c != '>' && c != 0xef && c != 0xbb && c != 0xbf)
      break;
    bytes = bytes.subspan(1);
  }
  return bytes;
}

// A piece of a line. Few lines begin as a marker does; others are not copied.
void TextContent::take_line(Bytes bytes, bool ended) {
  if (line_length_ == 0 && !bytes.empty())
    first_byte_ = bytes.front();
  line_length_ += bytes.size();
  Bytes rest = bytes;
  if (state_ == Line::start || state_ == Line::in_tag) {
    rest = skip_decoration(bytes);
    if (!rest.empty())
      state_ = rest.front() == '-' || rest.front() == 'b' ? Line::marker : Line::ordinary;
  }
  if (state_ == Line::marker) {
    std::size_t room = longest_marker - std::min(line_.size(), longest_marker);
    line_.append(reinterpret_cast<const char *>(rest.data()), std::min(room, rest.size()));
  }
  if (cms_ != nullptr && !line_.starts_with('-'))
    feed_cms(bytes);
  if (ended)
    end_line();
}

// "begin 644 name", and then a line as long as its first character says.
void TextContent::look_for_uuencoded() {
  if (after_uu_header_) {
    std::size_t octets = (first_byte_ - 32U) & 63U;
    std::size_t expected = 1 + (octets + 2) / 3 * 4;
    found_uuencoded_ = found_uuencoded_ ||
                       (octets > 0 && line_length_ >= expected && line_length_ <= expected + 2);
  }
  std::string_view line = line_;
  after_uu_header_ = false;
  if (line.starts_with("begin ")) {
    line.remove_prefix(6);
    std::size_t digits = std::min(line.find_first_not_of("01234567"), line.size());
    after_uu_header_ = (digits == 3 || digits == 4) && line.substr(digits).starts_with(' ');
  }
}

void TextContent::end_line() {
  std::string_view line = line_;
  if (line.starts_with("-----")) {
    if (cms_ != nullptr)
      end_cms();
    if (line.starts_with(pgp_message_armor))
      found_message_ = true;
    else if (line.starts_with(pgp_signed_armor))
      found_signed_ = true;
    else if (std::any_of(cms_armors.begin(), cms_armors.end(),
                         [&](std::string_view label) { return line.starts_with(label); }))
      begin_cms();
  }
  look_for_uuencoded();
  line_.clear();
  line_length_ = 0;
  state_ = Line::start;
}

void TextContent::begin_cms() {
  found_cms_ = true;
  decoder_ = std::make_unique<TransferDecoder>(TransferDecoder::Encoding::base64);
  // What is shown is the text, and whatever else is in it.
  Place inside = place_;
  inside.cover.whole = false;
  cms_ = std::make_unique<CmsLayer>(inspection_, std::move(inside), outcome_);
}

void TextContent::feed_cms(Bytes bytes) {
  if (cms_ != nullptr)
    cms_->feed(decoder_->decode(bytes));
}

void TextContent::end_cms() {
  cms_->finish();
  cms_.reset();
  decoder_.reset();
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

void TextContent::finish() {
  end_line();
  if (cms_ != nullptr)
    end_cms();
  if (found_uuencoded_)
    inspection_.add_uninspectable(place_, "unknown-encoding");
  if (found_message_) {
    report_pgp_message(inspection_, place_, outcome_);
  } else if (found_signed_) {
    outcome_.is_protected = true;
    if (!place_.in_archive) {
      inspection_.add_class(MessageClass::pgp_signed);
      inspection_.add_layer({place_.path, "pgp-signed", {}, {}});
    }
  }
  if (place_.has_cms_label && !found_cms_)
    report_not_cms(inspection_, place_);
}

void report_pgp_message(Inspection &inspection, const Place &place, Outcome &outcome) {
  outcome.is_protected = true;
  inspection.add_class(MessageClass::pgp_encrypted);
  if (!place.in_archive)
    inspection.add_layer({place.path, "pgp-encrypted", {}, {}});
  inspection.add_uninspectable(place, "pgp-encrypted");
}

} // namespace smime
