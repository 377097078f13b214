// Content of no kind that is known: it is named in the report, with what can be said of it.
#ifndef SMIME_UNKNOWN_CONTENT_H
#define SMIME_UNKNOWN_CONTENT_H

#include "scanner/inspection/inspection.h"

#include <cstdint>
#include <string>

namespace smime {

class UnknownContent : public ByteSink {
public:
  // word: libmagic's. inspection outlives it.
  UnknownContent(Inspection &inspection, Place place, std::string word);

  void feed(Bytes bytes) override;
  void finish() override;

private:
  Inspection &inspection_;
  Place place_;
  std::string word_;
  std::uint64_t counts_[256] = {};
  std::uint64_t size_ = 0;
};

} // namespace smime

#endif
