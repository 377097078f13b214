// Digests of signed content, computed as it passes: which one a signer used is
// known only behind the content.
#ifndef SMIME_CONTENT_DIGESTS_H
#define SMIME_CONTENT_DIGESTS_H

#include "common/byte-sink.h"
#include "scanner/base/openssl-ptr.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

class ContentDigests {
public:
  // Those that a micalg parameter (lower case) names (RFC 8551 section 3.5.3.2),
  // and SHA-256; SHA-1 and SHA-2 where it names none that is known.
  static ContentDigests for_micalg(std::string_view micalg);
  // Those of a SignedData's digestAlgorithms; before as in CmsHead.
  static ContentDigests for_signed_data(Bytes before);

  ContentDigests(ContentDigests &&) noexcept = default;
  ContentDigests &operator=(ContentDigests &&) noexcept = default;

  // The bytes as they are, as of content inside a CMS object.
  void update(Bytes bytes);
  // The bytes of a MIME entity; each line is taken to end in CRLF, which is its
  // form when it is signed (RFC 8551 section 3.1.1), in pieces of any size.
  void update_lines(Bytes bytes);

  bool has(int nid) const;
  // Computes one that nobody named in advance, from a copy of the content. False if the content
  // is larger than what is kept, or there is no such digest in this OpenSSL.
  bool compute(int nid);
  // Whether the bytes of update() are one DER SET, as signed attributes are: a
  // signature over attributes can be passed off as one over content that is
  // those attributes.
  bool is_set() const;
  // How many bytes were digested.
  std::uint64_t size() const { return size_; }
  // SHA-256 in hex of what update_lines() was given, if that is in canonical form
  // as it stands: no NUL, each line end one CRLF, no CR at the end. Nullopt if it is not, or if no
  // SHA-256 was computed.
  std::optional<std::string> sha256_of_canonical() const;
  // "sha256 and sha1", for a message.
  std::string names() const;
  // A chain of OpenSSL's digest filters, as CMS_SignerInfo_verify_content()
  // wants it; complete once all bytes were given.
  BIO *chain() const { return chain_.get(); }

private:
  ContentDigests() = default;
  void add(int nid);
  void add_usual();
  void close();

  std::vector<int> nids_;
  BioPtr chain_;
  // The last two bytes of update_lines().
  unsigned char last_ = 0;
  unsigned char before_last_ = 0;
  bool canonical_ = true;
  std::uint64_t size_ = 0;
  std::vector<unsigned char> prefix_;
  // All of it as it was digested, as long as it is not larger than max_kept.
  std::vector<unsigned char> kept_;
};

} // namespace smime

#endif
