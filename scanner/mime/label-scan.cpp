#include "scanner/mime/label-scan.h"

#include "common/ascii.h"
#include "common/mime-labels.h"
#include "scanner/base/base64.h"
#include "scanner/base/scan-limits.h"
#include "scanner/cms/cms.h"
#include "scanner/formats/detect.h"
#include "scanner/mime/entity.h"
#include "scanner/openpgp/packets.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace smime {
namespace {

// What is kept of a line, and of a field with its continuations.
constexpr std::size_t max_line = 1024;
constexpr std::size_t max_field = 4096;
// Encodings in encodings: a message in a message in a message.
constexpr unsigned max_decoding = 3;
// Encoded containers that are read to the end of all.
constexpr std::size_t max_containers = 2;
// What a late scan has of the bytes before it.
constexpr std::size_t max_before = 16UL * 1024;

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// A line of base64 is none, whatever it begins with: a name is printable, and a colon ends
// it (RFC 5322 section 2.2).
bool is_content_field(std::string_view line) {
  if (lower(line.substr(0, 8)) != "content-")
    return false;
  std::size_t colon = line.find(':');
  return colon != std::string_view::npos &&
         std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_base64_line(Bytes line) {
  return std::all_of(line.begin(), line.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
           c == '/' || c == '=';
  });
}

// The first file of a ZIP archive is encrypted (APPNOTE section 4.4.4).
bool is_encrypted_zip(Bytes prefix) {
  static constexpr std::array<unsigned char, 4> local_file{'P', 'K', 3, 4};
  return prefix.size() > 6 && std::equal(local_file.begin(), local_file.end(), prefix.begin()) &&
         (prefix[6] & 1U) != 0;
}

} // namespace

struct LabelScan::Decoded {
  Decoded(TransferDecoder::Encoding e, unsigned depth, bool container)
      : encoding(e), is_container(container), decoder(e), scan(depth) {
    if (is_container && encoding == TransferDecoder::Encoding::base64)
      line_scan.reset(new LabelScan(depth));
  }
  void feed(Bytes piece) { scan.feed(decoder.decode(piece)); }

  TransferDecoder::Encoding encoding;
  bool is_container;
  TransferDecoder decoder;
  LabelScan scan;
  // For readers who decode each line of base64 by itself and leave out what is none: no line
  // shifts the others for them.
  std::unique_ptr<LabelScan> line_scan;
};

LabelScan::LabelScan(unsigned depth) : depth_(depth), sniffing_(depth > 0) {}
LabelScan::~LabelScan() = default;

void LabelScan::feed(Bytes bytes) {
  while (!bytes.empty()) {
    const void *newline = std::memchr(bytes.data(), '\n', bytes.size());
    std::size_t length = newline == nullptr
                             ? bytes.size()
                             : static_cast<std::size_t>(
                                   static_cast<const unsigned char *>(newline) - bytes.data() + 1);
    take(bytes.first(length), newline != nullptr);
    bytes = bytes.subspan(length);
  }
}

// A piece of a line, with its line end if that is there.
void LabelScan::take(Bytes piece, bool ended) {
  if (!line_begun_) {
    line_begun_ = true;
    is_delimiter_ = piece.front() == '-';
  }
  if (!is_delimiter_) {
    if (sniffing_) {
      std::size_t room = max_type_prefix - prefix_.size();
      Bytes taken = piece.first(std::min(room, piece.size()));
      prefix_.insert(prefix_.end(), taken.begin(), taken.end());
      if (prefix_.size() >= max_type_prefix)
        sniff();
    }
    for (const auto &decoded : decoded_)
      decoded->feed(piece);
    if (armored_ != nullptr)
      armored_->feed(piece);
  }
  // What looks like a delimiter stands in quoted-printable as it is.
  for (const auto &container : containers_) {
    if (!is_delimiter_ || container->encoding == TransferDecoder::Encoding::quoted_printable)
      container->feed(piece);
  }
  append_to_line(piece);
  if (ended)
    end_line();
}

void LabelScan::append_to_line(Bytes piece) {
  for (unsigned char c : piece) {
    if (line_.size() >= max_line)
      return;
    bool blank = c == ' ' || c == '\t';
    if (c != '\r' && c != '\n' && !(blank && line_.ends_with(' ')))
      line_ += blank ? ' ' : static_cast<char>(c);
  }
}

void LabelScan::end_line() {
  if (is_delimiter_ && sniffing_)
    sniff();
  for (const auto &decoded : decoded_)
    read_line_by_itself(*decoded);
  for (const auto &container : containers_)
    read_line_by_itself(*container);
  bool ends_header = line_.empty();
  if (!field_.empty() && line_.starts_with(' ')) {
    field_.append(line_, 0, max_field - std::min(max_field, field_.size()));
  } else {
    end_field();
    if (is_content_field(line_))
      begin_field();
  }
  look_for_armor();
  line_.clear();
  line_begun_ = false;
  if (ends_header && in_header_)
    begin_body();
}

void LabelScan::begin_field() {
  if (!in_header_)
    end_body();
  in_header_ = true;
  field_ = line_;
}

void LabelScan::end_field() {
  if (field_.empty())
    return;
  const std::string field = lower(field_);
  field_.clear();
  if (field.starts_with("content-transfer-encoding")) {
    base64_ = base64_ || has(field, "base64");
    quoted_printable_ = quoted_printable_ || has(field, "quoted-printable");
    return;
  }
  says_container_ = says_container_ || has(field, "message/") || has(field, "multipart/");
  bool is_cms = has(field, cms_type_word) || has(field, ".p7m");
  says_cms_ = says_cms_ || is_cms;
  says_readable_ = says_readable_ || has(field, "signed-data") || has(field, "certs-only") ||
                   has(field, "compressed-data");
  if (has(field, "pgp-encrypted"))
    found_.classes.add(MessageClass::pgp_encrypted);
  else if (has(field, "multipart/encrypted"))
    found_.classes.add(MessageClass::encrypted);
  found_.is_protected = found_.is_protected || is_cms || !found_.classes.empty() ||
                        has(field, "multipart/signed") || has(field, cms_signature_word) ||
                        has(field, "pgp-signature") || has(field, ".p7s") || has(field, ".p7c");
}

void LabelScan::begin_body() {
  in_header_ = false;
  sniffing_ = true;
  if (base64_)
    add_decoded(TransferDecoder::Encoding::base64);
  if (quoted_printable_)
    add_decoded(TransferDecoder::Encoding::quoted_printable);
}

// What says that it is CMS, and is nothing that is known, is taken at its word: a reader
// may make sense of it.
void LabelScan::end_body() {
  if (sniffing_)
    sniff();
  for (auto &decoded : decoded_) {
    if (decoded->is_container)
      go_on_beside(std::move(decoded));
    else
      end_decoded(*decoded);
  }
  decoded_.clear();
  if (armored_ != nullptr)
    end_decoded(*armored_);
  armored_.reset();
  if (says_cms_ && !says_readable_ && !saw_cms_)
    found_.classes.add(MessageClass::encrypted);
  base64_ = quoted_printable_ = says_cms_ = says_readable_ = says_container_ = saw_cms_ = false;
}

void LabelScan::go_on_beside(std::unique_ptr<Decoded> container) {
  if (containers_.size() < max_containers) {
    containers_.push_back(std::move(container));
    return;
  }
  found_.is_incomplete = true;
  end_decoded(*container);
}

// The line is there as it is, but for blanks, if it is short enough to be one of base64.
void LabelScan::read_line_by_itself(Decoded &decoded) const {
  if (decoded.line_scan == nullptr || is_delimiter_ || line_.size() >= max_line)
    return;
  const Bytes line(reinterpret_cast<const unsigned char *>(line_.data()), line_.size());
  if (!is_base64_line(line))
    return;
  Base64Decoder decoder;
  std::vector<unsigned char> bytes;
  decoder.decode(line, bytes);
  decoded.line_scan->feed(bytes);
}

void LabelScan::add_decoded(TransferDecoder::Encoding encoding) {
  if (depth_ < max_decoding)
    decoded_.push_back(std::make_unique<Decoded>(encoding, depth_ + 1, says_container_));
  else if (says_container_)
    found_.is_incomplete = true;
}

void LabelScan::begin_armor() {
  if (armored_ != nullptr)
    end_decoded(*armored_);
  armored_.reset();
  if (depth_ < max_decoding)
    armored_ = std::make_unique<Decoded>(TransferDecoder::Encoding::base64, depth_ + 1, false);
}

void LabelScan::end_decoded(Decoded &decoded) {
  for (LabelScan *scan : {&decoded.scan, decoded.line_scan.get()}) {
    if (scan == nullptr)
      continue;
    scan->finish();
    found_.classes = found_.classes | scan->found_.classes;
    found_.is_protected = found_.is_protected || scan->found_.is_protected;
    found_.is_incomplete = found_.is_incomplete || scan->found_.is_incomplete;
    saw_cms_ = saw_cms_ || scan->saw_cms_;
  }
}

// Anywhere in the line, because readers look past quoting and tags.
void LabelScan::look_for_armor() {
  std::string_view words = armor_words(line_);
  if (words.empty())
    return;
  bool is_message = is_pgp_message_armor(words);
  if (is_message)
    found_.classes.add(MessageClass::pgp_encrypted);
  bool is_cms = is_cms_armor(words);
  found_.is_protected = found_.is_protected || is_cms || is_message || words == pgp_signed_words;
  if (is_cms)
    begin_armor();
}

void LabelScan::sniff() {
  sniffing_ = false;
  look_at(prefix_);
  if (!saw_cms_) {
    // Base64 that no header field calls so.
    TransferDecoder decoder(TransferDecoder::Encoding::base64);
    Bytes decoded = decoder.decode(prefix_);
    if (looks_like_cms(decoded))
      look_at(decoded);
  }
  prefix_ = {};
}

void LabelScan::look_at(Bytes prefix) {
  if (looks_like_cms(prefix)) {
    saw_cms_ = true;
    found_.is_protected = true;
    if (is_encrypted_type(inspect_cms(prefix, false).type))
      found_.classes.add(MessageClass::encrypted);
  } else if (looks_like_pgp(prefix)) {
    found_.is_protected = true;
    found_.classes.add(MessageClass::pgp_encrypted);
  } else if (is_encrypted_zip(prefix)) {
    found_.classes.add(MessageClass::encrypted_archive);
  }
}

void LabelScan::finish() {
  if (line_begun_)
    end_line();
  end_field();
  end_body();
  for (const auto &container : containers_)
    end_decoded(*container);
  containers_.clear();
}

void LateLabelScan::feed(Bytes bytes, bool wanted) {
  if (scan_ == nullptr && wanted) {
    scan_ = std::make_unique<LabelScan>();
    scan_->feed(before_);
    before_ = {};
  }
  if (scan_ != nullptr) {
    scan_->feed(bytes);
    return;
  }
  Bytes last = bytes.last(std::min(bytes.size(), max_before));
  std::size_t kept = std::min(before_.size(), max_before - last.size());
  before_.erase(before_.begin(), before_.end() - static_cast<std::ptrdiff_t>(kept));
  before_.insert(before_.end(), last.begin(), last.end());
}

FoundLabels LateLabelScan::finish(bool wanted) {
  feed({}, wanted);
  if (scan_ == nullptr)
    return {};
  scan_->finish();
  return scan_->found();
}

} // namespace smime
