#include "scanner/cms/stream.h"

#include "scanner/base/padding.h"
#include "scanner/base/scan-limits.h"
#include "scanner/cms/ber.h"

#include <algorithm>
#include <openssl/asn1.h>

namespace smime {
namespace {

constexpr std::size_t first_try = 64;
constexpr std::size_t max_string_header = 12;

// The SEQUENCE that bytes begin with; it may go on behind them.
std::optional<BerElement> read_sequence(Bytes bytes) {
  auto sequence = read_element(bytes);
  return sequence && sequence->is(V_ASN1_SEQUENCE) && sequence->constructed ? sequence
                                                                            : std::nullopt;
}

// Takes the first element off bytes, if it is of that kind and whole.
std::optional<Bytes> take_element(Bytes &bytes, int tag, int tag_class = V_ASN1_UNIVERSAL) {
  auto element = read_element(bytes);
  if (!element || !element->is(tag, tag_class))
    return std::nullopt;
  auto size = element_size(bytes);
  if (!size)
    return std::nullopt;
  Bytes whole = bytes.first(*size);
  bytes = bytes.subspan(*size);
  return whole;
}

void append(std::vector<unsigned char> &to, Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append(std::vector<unsigned char> &to, std::initializer_list<unsigned char> bytes) {
  to.insert(to.end(), bytes);
}

} // namespace

void CmsStream::feed(Bytes bytes) {
  if (state_ == State::head) {
    std::size_t room = max_cms_head - std::min(max_cms_head, buffer_.size());
    Bytes taken = bytes.first(std::min(room, bytes.size()));
    append(buffer_, taken);
    bytes = bytes.subspan(taken.size());
    if (buffer_.size() >= next_try_ || buffer_.size() >= max_cms_head)
      try_head(false);
  }
  if (state_ == State::content || state_ == State::trailer)
    take_content(bytes);
}

// A head that cannot be read may only be too short yet; the next try comes when
// there is twice as much, so that the cost stays linear.
void CmsStream::try_head(bool last) {
  next_try_ = std::max(first_try, buffer_.size() * 2);
  if (!read_head(buffer_)) {
    if (last || buffer_.size() >= max_cms_head) {
      over_limit_ = buffer_.size() >= max_cms_head;
      state_ = State::broken;
    }
    return;
  }
  std::vector<unsigned char> more(buffer_.begin() + static_cast<std::ptrdiff_t>(content_start_),
                                  buffer_.end());
  state_ = has_content_ ? State::content : State::trailer;
  offset_ = content_start_;
  if (has_content_)
    sink_.content_begins(head_);
  take_content(more);
}

// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, [0] EXPLICIT ANY }
bool CmsStream::read_head(Bytes bytes) {
  head_ = {};
  auto sequence = read_sequence(bytes);
  if (!sequence)
    return false;
  Bytes rest = sequence->content;
  auto type = take_element(rest, V_ASN1_OBJECT);
  if (!type)
    return false;
  head_.type = cms_type_of(*type);
  object_type_ = *type;
  auto explicit0 = read_element(rest);
  if (!explicit0 || !explicit0->is(0, V_ASN1_CONTEXT_SPECIFIC) || !explicit0->constructed)
    return false;
  auto offset = static_cast<std::uint64_t>(explicit0->content.data() - bytes.data());
  if (head_.type != CmsType::data)
    return read_inner(explicit0->content, offset);
  head_.content_type = *type;
  return begin_content(explicit0->content, offset);
}

bool CmsStream::read_inner(Bytes bytes, std::uint64_t offset) {
  auto sequence = read_sequence(bytes);
  if (!sequence)
    return false;
  offset += sequence->header_size;
  inner_ = {sequence->indefinite, offset + sequence->length};
  Bytes rest = sequence->content;
  if (!take_element(rest, V_ASN1_INTEGER))
    return false;
  switch (head_.type) {
  case CmsType::signed_data:
    if (!take_element(rest, V_ASN1_SET)) // digestAlgorithms
      return false;
    break;
  case CmsType::digested_data:
  case CmsType::compressed_data: {
    auto algorithm = take_element(rest, V_ASN1_SEQUENCE);
    if (!algorithm)
      return false;
    if (head_.type == CmsType::compressed_data)
      head_.algorithm = *algorithm;
    break;
  }
  case CmsType::enveloped_data:
  case CmsType::auth_enveloped_data:
    (void)take_element(rest, 0, V_ASN1_CONTEXT_SPECIFIC); // originatorInfo
    if (!take_element(rest, V_ASN1_SET))                  // recipientInfos
      return false;
    break;
  case CmsType::authenticated_data:
    (void)take_element(rest, 0, V_ASN1_CONTEXT_SPECIFIC);
    if (!take_element(rest, V_ASN1_SET) || !take_element(rest, V_ASN1_SEQUENCE))
      return false;
    (void)take_element(rest, 1, V_ASN1_CONTEXT_SPECIFIC); // digestAlgorithm
    break;
  case CmsType::signed_and_enveloped_data: // recipientInfos, digestAlgorithms
    if (!take_element(rest, V_ASN1_SET))
      return false;
    (void)take_element(rest, V_ASN1_SET); // Some writers leave it out.
    break;
  case CmsType::encrypted_data: break;
  case CmsType::none:
  case CmsType::data:
  case CmsType::other: return false;
  }
  head_.before = sequence->content.first(sequence->content.size() - rest.size());
  return read_encapsulated(rest, offset + head_.before.size());
}

// SEQUENCE { contentType, [0] EXPLICIT OCTET STRING OPTIONAL }, or for encrypted
// content SEQUENCE { contentType, algorithm, [0] IMPLICIT OCTET STRING OPTIONAL }
bool CmsStream::read_encapsulated(Bytes bytes, std::uint64_t offset) {
  auto sequence = read_sequence(bytes);
  if (!sequence)
    return false;
  offset += sequence->header_size;
  encapsulated_ = {sequence->indefinite, offset + sequence->length};
  Bytes rest = sequence->content;
  auto type = take_element(rest, V_ASN1_OBJECT);
  if (!type)
    return false;
  head_.content_type = *type;
  bool encrypted = is_encrypted_type(head_.type);
  if (encrypted) {
    auto algorithm = take_element(rest, V_ASN1_SEQUENCE);
    if (!algorithm)
      return false;
    head_.algorithm = *algorithm;
  }
  offset += sequence->content.size() - rest.size();
  has_content_ = false;
  has_explicit_ = false;
  content_start_ = offset;
  if (!encapsulated_.indefinite && offset >= encapsulated_.end)
    return offset == encapsulated_.end;
  auto tagged = read_element(rest);
  if (!tagged)
    return false;
  if (tagged->is_end_of_contents() && encapsulated_.indefinite)
    return true;
  if (!tagged->is(0, V_ASN1_CONTEXT_SPECIFIC))
    return false;
  if (encrypted)
    return begin_content(rest, offset);
  if (!tagged->constructed)
    return false;
  offset += tagged->header_size;
  has_explicit_ = true;
  explicit_ = {tagged->indefinite, offset + tagged->length};
  return begin_content(tagged->content, offset);
}

// The content's first header. PKCS #7 allows content that is no OCTET STRING;
// what is in it is then the content.
bool CmsStream::begin_content(Bytes bytes, std::uint64_t offset) {
  auto element = read_element(bytes);
  if (!element)
    return false;
  has_content_ = true;
  content_start_ = offset + element->header_size;
  strings_.clear();
  chunk_ = 0;
  bool is_string = element->is(V_ASN1_OCTET_STRING) || element->is(0, V_ASN1_CONTEXT_SPECIFIC);
  if (is_string && element->constructed)
    strings_.push_back({element->indefinite, content_start_ + element->length});
  else if (!element->indefinite)
    chunk_ = element->length;
  else
    return false;
  return true;
}

void CmsStream::take_content(Bytes bytes) {
  while (state_ == State::content) {
    if (chunk_ > 0) {
      if (bytes.empty())
        return;
      auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, bytes.size()));
      sink_.content(bytes.first(size));
      bytes = bytes.subspan(size);
      chunk_ -= size;
      offset_ += size;
    } else if (strings_.empty()) {
      end_content();
    } else if (!strings_.back().indefinite && offset_ >= strings_.back().end) {
      strings_.pop_back();
    } else {
      if (bytes.empty())
        return;
      unsigned char byte = bytes.front();
      bytes = bytes.subspan(1);
      if (!take_string_header(byte)) {
        state_ = State::broken;
        sink_.content_ends();
      }
    }
  }
  if (state_ == State::trailer)
    take_trailer(bytes);
}

// One byte of the header of a string inside a constructed string (X.690
// section 8.7.3), or of the end of one.
bool CmsStream::take_string_header(unsigned char byte) {
  header_.push_back(byte);
  offset_++;
  auto element = read_element(header_);
  if (!element)
    return header_.size() < max_string_header && is_partial_header(header_);
  header_.clear();
  Level &outer = strings_.back();
  if (element->is_end_of_contents()) {
    if (!outer.indefinite)
      return false;
    strings_.pop_back();
    return true;
  }
  if (!element->is(V_ASN1_OCTET_STRING))
    return false;
  std::uint64_t end = offset_ + element->length;
  if (!outer.indefinite && (element->indefinite || end > outer.end))
    return false;
  if (!element->constructed) {
    chunk_ = element->length;
    return true;
  }
  if (strings_.size() >= max_ber_depth)
    return false;
  strings_.push_back({element->indefinite, end});
  return true;
}

void CmsStream::end_content() {
  state_ = State::trailer;
  sink_.content_ends();
}

void CmsStream::take_trailer(Bytes bytes) {
  std::size_t room = max_cms_trailer - std::min(max_cms_trailer, trailer_.size());
  if (bytes.size() > room)
    over_limit_ = true;
  append(trailer_, bytes.first(std::min(room, bytes.size())));
}

// Leaves a level at the end of rest's first byte: its end-of-contents, or where
// its length says.
bool CmsStream::close_level(const Level &level, Bytes &rest, std::uint64_t &at) {
  if (!level.indefinite)
    return at == level.end;
  auto end = read_element(rest);
  if (!end || !end->is_end_of_contents())
    return false;
  rest = rest.subspan(end->header_size);
  at += end->header_size;
  return true;
}

bool CmsStream::read_trailer() {
  Bytes rest = trailer_;
  std::uint64_t at = offset_;
  if (head_.type == CmsType::data) {
    make_skeleton({});
    return true;
  }
  if (has_explicit_ && !close_level(explicit_, rest, at))
    return false;
  if (!close_level(encapsulated_, rest, at))
    return false;
  if (!inner_.indefinite) {
    if (at > inner_.end || inner_.end - at > rest.size())
      return false;
    auto used = static_cast<std::size_t>(inner_.end - at);
    make_skeleton(rest.first(used));
    look_behind(rest.subspan(used));
    return true;
  }
  std::size_t used = 0;
  for (;;) {
    auto element = read_element(rest.subspan(used));
    if (!element)
      return false;
    if (element->is_end_of_contents())
      break;
    auto size = element_size(rest.subspan(used));
    if (!size)
      return false;
    used += *size;
  }
  make_skeleton(rest.first(used));
  look_behind(rest.subspan(used));
  return true;
}

// The ends of the outer elements are zeros, and so is what programs fill up with.
void CmsStream::look_behind(Bytes rest) {
  has_more_behind_ = without_padding_in_front(rest).size() >= least_behind;
}

// Every level gets an indefinite length, so that no length has to be computed.
void CmsStream::make_skeleton(Bytes rest) {
  skeleton_.clear();
  append(skeleton_, {0x30, 0x80});
  append(skeleton_, object_type_);
  if (head_.type == CmsType::data) {
    append(skeleton_, {0xa0, 0x80, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00});
    return;
  }
  append(skeleton_, {0xa0, 0x80, 0x30, 0x80});
  append(skeleton_, head_.before);
  append(skeleton_, {0x30, 0x80});
  append(skeleton_, head_.content_type);
  if (is_encrypted_type(head_.type))
    append(skeleton_, head_.algorithm);
  append(skeleton_, {0x00, 0x00});
  auto set = read_element(rest);
  auto size = set && set->is(0, V_ASN1_CONTEXT_SPECIFIC) && set->constructed && !set->indefinite
                  ? element_size(rest)
                  : std::nullopt;
  if (size && head_.type == CmsType::signed_data) {
    certificates_at_ = skeleton_.size();
    certificates_size_ = *size;
  }
  after_at_ = skeleton_.size();
  after_size_ = rest.size();
  append(skeleton_, rest);
  append(skeleton_, {0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
}

void CmsStream::finish() {
  if (state_ == State::head)
    try_head(true);
  if (state_ == State::content) // cut off in its content
    sink_.content_ends();
  state_ = state_ == State::trailer && !over_limit_ && read_trailer() ? State::done : State::broken;
}

} // namespace smime
