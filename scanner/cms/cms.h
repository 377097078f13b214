// What one CMS object (RFC 5652) is, told without any key.
#ifndef SMIME_CMS_H
#define SMIME_CMS_H

#include "common/byte-sink.h"
#include "common/report.h"
#include "scanner/base/openssl-ptr.h"
#include "scanner/cms/stream.h"
#include "scanner/cms/type.h"

#include <memory>
#include <string>
#include <vector>

namespace smime {

struct CmsFacts {
  CmsType type = CmsType::none;
  // Whether OpenSSL parsed the whole object. False as well when only its
  // beginning was at hand.
  bool parsed = false;
  // SignedData: the content is inside (RFC 8551 section 3.5.2).
  bool has_content = false;
  // SignedData: known only if parsed.
  bool has_signers = false;

  // SignedData: the object without its content; null if it could not be parsed.
  std::shared_ptr<CMS_ContentInfo> object;
  // In small letters: the algorithm of the content's encryption or compression.
  std::string algorithm;
  // The content encryption protects integrity too (RFC 5083, RFC 8551 section
  // 2.7); without that, EFAIL-like changes go unnoticed.
  bool authenticated = false;
  std::vector<Recipient> recipients;
  // How many recipients there are; recipients keeps Report::max_list.
  std::size_t recipient_count = 0;
  // By RFC 8551 sections 2.1 to 2.7 and 4; unknown without any algorithm.
  Strength strength = Strength::unknown;
  // Why it is weak, for a person: "3DES", "RSA with 1024 bits".
  std::vector<std::string> weaknesses;
};

// True if bytes can be the beginning of a ContentInfo: of one of S/MIME's types, or of any
// other (bare data as well) of which all lengths fit. For a part that no label calls CMS; needs
// max_sniff_prefix bytes.
bool looks_like_cms(Bytes bytes);

// The facts about an object that has flowed through stream to its end.
CmsFacts cms_facts(const CmsStream &stream);

// Reads the object that starts at the first byte. complete: bytes holds all of
// it; otherwise it holds only the beginning and the leading headers decide.
CmsFacts inspect_cms(Bytes bytes, bool complete);

} // namespace smime

#endif
