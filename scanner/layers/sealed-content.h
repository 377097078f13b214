// The encrypted content of a layer that is addressed to the escrow key. Nothing of what is
// inside is used before all of it was seen to be what it should be: the ciphertext is kept,
// decrypted once to look, and once more for those who read it. Whatever is wrong, the work
// and the answer are the same, so that neither tells of what.
#ifndef SMIME_SEALED_CONTENT_H
#define SMIME_SEALED_CONTENT_H

#include "scanner/cms/content-cipher.h"
#include "scanner/cms/content-key.h"
#include "scanner/cms/stream.h"
#include "scanner/inspection/inspection.h"

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace smime {

class SealedContent {
public:
  // Null if the content is not addressed to the certificate of keys, or if its cipher is
  // not known. What is given outlives it.
  static std::unique_ptr<SealedContent> create(Inspection &inspection, const Place &place,
                                               ContentKeys &keys, const CmsHead &head);
  ~SealedContent();
  SealedContent(const SealedContent &) = delete;
  SealedContent &operator=(const SealedContent &) = delete;

  void add(Bytes bytes);

  // Once, when the object was seen to its end and is whole; after is what it has behind its
  // content (CmsStream::after()). Feeds what is inside to the reader that make_reader makes,
  // and returns true, or does neither.
  using MakeReader = std::function<std::unique_ptr<ByteSink>(bool is_authenticated)>;
  bool open(Bytes after, const MakeReader &make_reader);

private:
  SealedContent(Inspection &inspection, const Place &place, ContentKeys &keys);
  bool look(const ContentKey &key);
  void read(const ContentKey &key, ByteSink &reader);
  void drop();
  void read_after(Bytes after);

  Inspection &inspection_;
  const Place &place_;
  ContentKeys &keys_;
  std::unique_ptr<ContentCipher> cipher_;
  WrappedKey wrapped_;
  std::deque<std::vector<unsigned char>> pieces_;
  std::size_t kept_ = 0;
  bool too_large_ = false;
  // AuthEnvelopedData
  std::vector<unsigned char> tag_;
  std::vector<unsigned char> additional_;
};

} // namespace smime

#endif
