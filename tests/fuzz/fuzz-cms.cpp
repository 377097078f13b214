// One CMS object: the facts, and what is inside. The first byte says how it is
// cut into pieces.
#include "scanner/base/dovecot-lib.h"
#include "scanner/layers/cms.h"
#include "fuzz-tools.h"

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) {
  lib_init();
  return 0;
}

namespace {

class Ignore : public CmsContentSink {
public:
  void content_begins(const CmsHead &) override {}
  void content(Bytes bytes) override { size += bytes.size(); }
  void content_ends() override {}
  std::size_t size = 0;
};

struct Seen {
  CmsFacts facts;
  bool whole;
  std::size_t content;
};

Seen look(Bytes bytes, std::size_t piece) {
  Ignore sink;
  CmsStream stream(sink);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    stream.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  stream.finish();
  return {cms_facts(stream), stream.whole(), sink.size};
}

Place cms_place() {
  Place place;
  place.path = "1";
  place.type = "application/pkcs7-mime";
  place.name = "smime.p7m";
  place.has_cms_label = true;
  return place;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0)
    return 0;
  std::size_t piece = data[0] + std::size_t{1};
  Bytes object(data + 1, size - 1);
  // How it arrives makes no difference.
  Seen once = look(object, size);
  Seen in_pieces = look(object, piece);
  FUZZ_CHECK(once.facts.type == in_pieces.facts.type && once.whole == in_pieces.whole);
  FUZZ_CHECK(once.facts.algorithm == in_pieces.facts.algorithm);
  FUZZ_CHECK(once.facts.recipient_count == in_pieces.facts.recipient_count);
  FUZZ_CHECK(once.content == in_pieces.content);

  static const Limits limits = fuzz_limits();
  Inspection inspection(limits, fuzz_tools());
  ContentOutcome outcome;
  {
    CmsLayer layer(inspection, cms_place(), outcome);
    for (std::size_t at = 0; at < object.size(); at += piece)
      layer.feed(object.subspan(at, std::min(piece, object.size() - at)));
    layer.finish();
  }
  check_report(inspection.finish(size));
  return 0;
}
