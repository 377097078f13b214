#include "text-content.h"

#include "cms-layer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace smime {
namespace {

constexpr std::string_view pgp_message = "-----BEGIN PGP MESSAGE-----";
constexpr std::string_view pgp_signed = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::array<std::string_view, 3> cms_labels{
    "-----BEGIN PKCS7-----", "-----BEGIN CMS-----", "-----BEGIN PKCS #7 SIGNED DATA-----"};
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
        newline == nullptr ? bytes.size()
                           : static_cast<std::size_t>(
                                 static_cast<const unsigned char *>(newline) - bytes.data());
    take_line(bytes.first(length), newline != nullptr);
    bytes = bytes.subspan(std::min(bytes.size(), length + 1));
  }
}

// A piece of a line. Nearly no line begins with a dash; those that do not are
// not copied.
void TextContent::take_line(Bytes bytes, bool ended) {
  if (cms_ != nullptr && (line_.empty() ? bytes.empty() || bytes.front() != '-' : line_[0] != '-'))
    feed_cms(bytes);
  std::size_t room = longest_marker - std::min(line_.size(), longest_marker);
  std::size_t taken = std::min(room, bytes.size());
  if (taken > 0 && (!line_.empty() || bytes.front() == '-'))
    line_.append(reinterpret_cast<const char *>(bytes.data()), taken);
  else if (line_.empty() && !bytes.empty())
    line_.assign(longest_marker, ' ');
  if (ended)
    end_line();
}

void TextContent::end_line() {
  std::string_view line = line_;
  if (line.starts_with("-----")) {
    if (cms_ != nullptr)
      end_cms();
    if (line.starts_with(pgp_message))
      found_message_ = true;
    else if (line.starts_with(pgp_signed))
      found_signed_ = true;
    else if (std::any_of(cms_labels.begin(), cms_labels.end(),
                         [&](std::string_view label) { return line.starts_with(label); }))
      begin_cms();
  }
  line_.clear();
}

void TextContent::begin_cms() {
  found_cms_ = true;
  decoder_ = std::make_unique<TransferDecoder>(TransferDecoder::Encoding::base64);
  cms_ = std::make_unique<CmsLayer>(inspection_, place_, outcome_);
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
