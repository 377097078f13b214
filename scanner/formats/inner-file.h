// A file inside a document: content of its own, which counts against the bounds of the message.
#ifndef SMIME_INNER_FILE_H
#define SMIME_INNER_FILE_H

#include "scanner/inspection/inspection.h"
#include "scanner/inspection/reader.h"

#include <memory>
#include <string_view>

namespace smime {

class InnerFile : public ByteSink {
public:
  // outer is the document, name the file's, or what the document calls it. type is its media
  // type if the document says one.
  InnerFile(Inspection &inspection, const Place &outer, std::string_view name,
            std::string_view type = {});
  ~InnerFile() override;

  // What comes behind a bound is dropped; the bound is in the report then.
  void feed(Bytes bytes) override;
  void finish() override;

private:
  Inspection &inspection_;
  Place place_;
  std::unique_ptr<ContentReader> reader_;
};

// How content begins that may stand anywhere in a document, under any name: archives and
// documents with a signature that nothing else has by chance.
bool begins_as_file(Bytes prefix);

} // namespace smime

#endif
