#include "scanner/cms/content-digests.h"

#include "common/sha256.h"
#include "scanner/cms/ber.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string>
#include <utility>

namespace smime {
namespace {

// Of one signed content at once; a message may name hundreds.
constexpr std::size_t max_digests = 4;
constexpr std::size_t max_algorithms = 16;
// Of those that are computed afterwards.
constexpr std::size_t max_late_digests = 8;
// A copy of so many bytes is cheap, and nearly all signed text is smaller.
constexpr std::size_t max_kept = 1024UL * 1024;
constexpr std::size_t max_prefix = 10; // of a header in DER

constexpr std::array<std::pair<std::string_view, int>, 17> micalg_names{{
    {"sha-256", NID_sha256},
    {"sha256", NID_sha256},
    {"sha-512", NID_sha512},
    {"sha512", NID_sha512},
    {"sha-384", NID_sha384},
    {"sha384", NID_sha384},
    {"sha-224", NID_sha224},
    {"sha224", NID_sha224},
    {"sha1", NID_sha1},
    {"sha-1", NID_sha1},
    {"rsa-sha1", NID_sha1},
    // RFC 9688.
    {"sha3-224", NID_sha3_224},
    {"sha3-256", NID_sha3_256},
    {"sha3-384", NID_sha3_384},
    {"sha3-512", NID_sha3_512},
    {"md5", NID_md5},
    {"rsa-md5", NID_md5},
}};

} // namespace

bool ContentDigests::has(int nid) const {
  return std::find(nids_.begin(), nids_.end(), nid) != nids_.end();
}

bool ContentDigests::compute(int nid) {
  if (has(nid))
    return true;
  const EVP_MD *digest = EVP_get_digestbynid(nid);
  if (digest == nullptr || size_ > max_kept || nids_.size() >= max_late_digests)
    return false;
  BioPtr filter(BIO_new(BIO_f_md()));
  BioPtr end(BIO_new(BIO_s_null()));
  if (filter == nullptr || end == nullptr || BIO_set_md(filter.get(), digest) <= 0) {
    ERR_clear_error();
    return false;
  }
  // By itself first: what is written to a chain goes through all of it.
  (void)BIO_push(filter.get(), end.get());
  if (!kept_.empty())
    (void)BIO_write(filter.get(), kept_.data(), static_cast<int>(kept_.size()));
  (void)BIO_pop(end.get());
  (void)BIO_push(filter.get(), chain_.release());
  chain_ = std::move(filter);
  nids_.push_back(nid);
  return true;
}

std::string ContentDigests::names() const {
  std::string text;
  for (int nid : nids_)
    text += (text.empty() ? "" : ", ") + std::string(OBJ_nid2sn(nid));
  return text;
}

void ContentDigests::add(int nid) {
  const EVP_MD *digest = EVP_get_digestbynid(nid);
  if (digest == nullptr || has(nid) || nids_.size() >= max_digests)
    return;
  BioPtr filter(BIO_new(BIO_f_md()));
  if (filter == nullptr || BIO_set_md(filter.get(), digest) <= 0)
    return; // no such digest in this OpenSSL: it is then not computed
  if (chain_ != nullptr)
    (void)BIO_push(filter.get(), chain_.release());
  chain_ = std::move(filter);
  nids_.push_back(nid);
}

void ContentDigests::add_usual() {
  for (int nid : {NID_sha1, NID_sha256, NID_sha384, NID_sha512})
    add(nid);
}

void ContentDigests::close() {
  BIO *end = BIO_new(BIO_s_null());
  if (end == nullptr)
    throw std::bad_alloc();
  if (chain_ == nullptr)
    chain_.reset(end);
  else
    (void)BIO_push(chain_.get(), end);
  ERR_clear_error();
}

ContentDigests ContentDigests::for_micalg(std::string_view micalg) {
  ContentDigests digests;
  while (!micalg.empty()) {
    auto comma = micalg.find(',');
    std::string_view word = micalg.substr(0, comma);
    micalg = comma == std::string_view::npos ? std::string_view() : micalg.substr(comma + 1);
    while (word.starts_with(' '))
      word.remove_prefix(1);
    while (word.ends_with(' '))
      word.remove_suffix(1);
    for (const auto &[name, nid] : micalg_names) {
      if (name == word)
        digests.add(nid);
    }
  }
  if (digests.nids_.empty())
    digests.add_usual();
  else
    digests.add(NID_sha256); // signers that moved on and left the label behind
  digests.close();
  return digests;
}

ContentDigests ContentDigests::for_signed_data(Bytes before) {
  ContentDigests digests;
  auto version = element_size(before);
  auto set = version ? read_element(before.subspan(*version)) : std::nullopt;
  Bytes rest = set ? set->content : Bytes();
  if (set && !set->indefinite)
    rest = rest.first(std::min(rest.size(), set->length));
  for (std::size_t count = 0; count < max_algorithms && !rest.empty(); count++) {
    const unsigned char *at = rest.data();
    AlgorithmPtr algorithm(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(rest.size())));
    if (algorithm == nullptr)
      break;
    rest = rest.subspan(static_cast<std::size_t>(at - rest.data()));
    const ASN1_OBJECT *object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm.get());
    digests.add(OBJ_obj2nid(object));
  }
  if (digests.nids_.empty())
    digests.add_usual();
  digests.close();
  return digests;
}

bool ContentDigests::is_set() const {
  auto element = read_element(prefix_);
  return element && element->is(V_ASN1_SET) && !element->indefinite &&
         element->header_size + element->length == size_;
}

void ContentDigests::update(Bytes bytes) {
  size_ += bytes.size();
  if (size_ <= max_kept)
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
  else
    kept_ = {};
  if (prefix_.size() < max_prefix)
    prefix_.insert(prefix_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(
                                       std::min(bytes.size(), max_prefix - prefix_.size())));
  while (!bytes.empty()) {
    Bytes piece = bytes.first(std::min<std::size_t>(bytes.size(), 1U << 20));
    (void)BIO_write(chain_.get(), piece.data(), static_cast<int>(piece.size()));
    bytes = bytes.subspan(piece.size());
  }
}

void ContentDigests::update_lines(Bytes bytes) {
  static constexpr std::array<unsigned char, 2> line_end{'\r', '\n'};
  if (bytes.empty())
    return;
  canonical_ = canonical_ && std::memchr(bytes.data(), 0, bytes.size()) == nullptr;
  // Canonical input, which is nearly all of it, goes on in one piece.
  std::size_t start = 0;
  for (std::size_t at = 0; at < bytes.size(); at++) {
    const void *found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr)
      break;
    at = static_cast<std::size_t>(static_cast<const unsigned char *>(found) - bytes.data());
    if ((at == 0 ? last_ : bytes[at - 1]) == '\r') {
      unsigned char before = at > 1 ? bytes[at - 2] : at == 1 ? last_ : before_last_;
      canonical_ = canonical_ && before != '\r';
      continue;
    }
    canonical_ = false;
    update(bytes.subspan(start, at - start));
    update(line_end);
    start = at + 1;
  }
  update(bytes.subspan(start));
  before_last_ = bytes.size() > 1 ? bytes[bytes.size() - 2] : last_;
  last_ = bytes.back();
}

std::optional<std::string> ContentDigests::sha256_of_canonical() const {
  BIO *filter = chain_.get();
  while (canonical_ && last_ != '\r' && (filter = BIO_find_type(filter, BIO_TYPE_MD)) != nullptr) {
    EVP_MD_CTX *running = nullptr;
    if (BIO_get_md_ctx(filter, &running) > 0 && EVP_MD_CTX_get_type(running) == NID_sha256) {
      DigestPtr copy(EVP_MD_CTX_new());
      Digest digest;
      if (copy != nullptr && EVP_MD_CTX_copy_ex(copy.get(), running) == 1 &&
          EVP_DigestFinal_ex(copy.get(), digest.data(), nullptr) == 1)
        return to_hex(digest);
    }
    filter = BIO_next(filter);
  }
  return std::nullopt;
}

} // namespace smime
