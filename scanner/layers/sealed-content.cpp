#include "scanner/layers/sealed-content.h"

#include "scanner/cms/ber.h"
#include "scanner/cms/recipient-key.h"
#include "scanner/mime/entity-check.h"

#include <algorithm>
#include <openssl/asn1.h>
#include <utility>

namespace smime {
namespace {

constexpr std::size_t piece_size = 64 * 1024;

} // namespace

SealedContent::SealedContent(Inspection &inspection, const Place &place, ContentKeys &keys)
    : inspection_(inspection), place_(place), keys_(keys) {}

std::unique_ptr<SealedContent> SealedContent::create(Inspection &inspection, const Place &place,
                                                     ContentKeys &keys, const CmsHead &head) {
  auto cipher = ContentCipher::create(head.type, head.algorithm);
  auto wrapped = cipher == nullptr ? std::nullopt
                                   : find_wrapped_key(head, keys.certificate(), cipher->key_size());
  if (!wrapped)
    return nullptr;
  std::unique_ptr<SealedContent> sealed(new SealedContent(inspection, place, keys));
  sealed->cipher_ = std::move(cipher);
  sealed->wrapped_ = std::move(*wrapped);
  return sealed;
}

SealedContent::~SealedContent() { drop(); }

void SealedContent::drop() {
  pieces_.clear();
  inspection_.give_back_sealed(std::exchange(kept_, 0));
}

void SealedContent::add(Bytes bytes) {
  if (too_large_)
    return;
  if (!inspection_.keep_sealed(bytes.size())) {
    too_large_ = true;
    drop();
    return;
  }
  kept_ += bytes.size();
  while (!bytes.empty()) {
    if (pieces_.empty() || pieces_.back().size() == piece_size)
      pieces_.emplace_back().reserve(
          std::min(piece_size, pieces_.empty() ? bytes.size() : piece_size));
    auto &last = pieces_.back();
    Bytes taken = bytes.first(std::min(bytes.size(), piece_size - last.size()));
    last.insert(last.end(), taken.begin(), taken.end());
    bytes = bytes.subspan(taken.size());
  }
}

// [1] authAttrs OPTIONAL, mac: the attributes are authenticated as the SET OF that they are
// (RFC 5083 section 2.2).
void SealedContent::read_after(Bytes after) {
  auto first = read_element(after);
  auto size = element_size(after);
  if (first && size && first->is(1, V_ASN1_CONTEXT_SPECIFIC)) {
    additional_.assign(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(*size));
    additional_.front() = V_ASN1_SET | V_ASN1_CONSTRUCTED;
    after = after.subspan(*size);
    first = read_element(after);
    size = element_size(after);
  }
  if (first && size && first->is(V_ASN1_OCTET_STRING) && !first->constructed)
    tag_.assign(first->content.begin(),
                first->content.begin() + static_cast<std::ptrdiff_t>(first->length));
}

// Whether length and padding, or the tag, are right, and what there is without a tag is a
// MIME entity.
bool SealedContent::look(const ContentKey &key) {
  EntityCheck check(inspection_.limits());
  auto take = [&](Bytes plain) {
    if (!cipher_->is_authenticated())
      check.feed(plain);
  };
  (void)cipher_->start(key, additional_);
  for (const auto &piece : pieces_)
    cipher_->decrypt(piece, take);
  bool right = cipher_->finish(tag_, take);
  check.finish();
  bool is_entity = check.is_well_formed();
  return right && (cipher_->is_authenticated() || is_entity);
}

void SealedContent::read(const ContentKey &key, ByteSink &reader) {
  auto take = [&](Bytes plain) { reader.feed(plain); };
  (void)cipher_->start(key, additional_);
  while (!pieces_.empty() && inspection_.in_time(place_)) {
    cipher_->decrypt(pieces_.front(), take);
    std::size_t size = pieces_.front().size();
    pieces_.pop_front();
    kept_ -= size;
    inspection_.give_back_sealed(size);
  }
  if (pieces_.empty())
    (void)cipher_->finish(tag_, take);
  reader.finish();
}

bool SealedContent::open(Bytes after, const MakeReader &make_reader) {
  if (too_large_) {
    inspection_.add_error("too-large-to-open", place_.path,
                          "More is encrypted to escrow_certificate than max_opened_size=" +
                              std::to_string(inspection_.limits().max_opened_size) + ".",
                          "Raise max_opened_size in smime-scanner.conf, and vsz_limit of service "
                          "smime-scanner.");
    return false;
  }
  if (cipher_->is_authenticated())
    read_after(after);
  ContentKey key = keys_.unwrap(wrapped_);
  // From here on there may be plaintext in memory, of whatever is opened or not.
  inspection_.note_opened();
  bool opened = look(key);
  keys_.settle(opened);
  if (!opened) {
    inspection_.note_refused();
    return false;
  }
  auto reader = make_reader(cipher_->is_authenticated());
  read(key, *reader);
  return true;
}

} // namespace smime
