// A CMS object as a layer of the message: says what it is, and opens it where
// that is possible (signed, compressed, encrypted to the escrow key).
#ifndef SMIME_CMS_LAYER_H
#define SMIME_CMS_LAYER_H

#include "scanner/cms/content-digests.h"
#include "scanner/cms/stream.h"
#include "scanner/inspection/reader.h"
#include "scanner/layers/sealed-content.h"

#include <memory>
#include <optional>
#include <vector>

namespace smime {

class CmsLayer : public ByteSink, private CmsContentSink {
public:
  CmsLayer(Inspection &inspection, Place place, ContentOutcome &outcome);

  void feed(Bytes bytes) override { stream_.feed(bytes); }
  void finish() override;

private:
  void content_begins(const CmsHead &head) override;
  void content(Bytes bytes) override;
  void content_ends() override;

  void open_sealed();
  void check_cover(const CmsHead &head);
  bool is_signed_file() const;
  void note_layer(const std::string &type);
  void classify(const CmsFacts &facts);
  void classify_signed(const CmsFacts &facts);
  void note_encryption(const CmsFacts &facts);
  void report_unknown_type();
  void verify(const CmsFacts &facts);
  void check_label(const CmsFacts &facts);

  Inspection &inspection_;
  Place place_;
  ContentOutcome &outcome_;
  CmsStream stream_;
  // It is a part of what the reader sees, and no text.
  bool is_beside_others_;
  // Of the content.
  std::vector<unsigned char> beginning_;
  bool opened_ = false;
  std::optional<ContentDigests> digests_;
  std::unique_ptr<ByteSink> inside_;
  // Encrypted content that is addressed to the escrow key, until the object's end.
  std::unique_ptr<SealedContent> sealed_;
};

// A label promises CMS and the bytes are none.
void report_not_cms(Inspection &inspection, const Place &place);

} // namespace smime

#endif
