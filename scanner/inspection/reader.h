// What the rooms that find content (parts of messages, files of archives, layers) know of
// those who read it: they hand it over, and ask what it was. content/ makes the readers.
#ifndef SMIME_READER_H
#define SMIME_READER_H

#include "common/byte-sink.h"
#include "scanner/cms/cms.h"
#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// What the part's surroundings need to know about its content.
struct ContentOutcome {
  // It is, or has in it, signed or encrypted content that must not change.
  bool is_protected = false;
  // It is text, or begins as a kind of content does that is known.
  bool is_text = false;
  bool is_known = false;
  // Of type none if it is no CMS object.
  CmsFacts cms;
  // An encrypted OpenPGP message, or one in text.
  bool is_pgp_encrypted = false;

  bool is_encrypted() const { return is_pgp_encrypted || is_encrypted_type(cms.type); }
};

class ContentReader : public ByteSink {
public:
  // False once nothing depends on the rest of the bytes.
  virtual bool wants_more() const = 0;
  // Known after finish().
  virtual const ContentOutcome &outcome() const = 0;
};

// Of the decoded content at place: finds out from its bytes what it is, and hands them to
// who can look inside. The inspection outlives it.
std::unique_ptr<ContentReader> make_content_reader(Inspection &inspection, Place place);

// Of what comes out of the layer at place. decrypted: anything but a MIME entity is then
// suspicious, because other recipients' keys may show something else; of what has no tag
// (CBC) only MIME entities come here.
std::unique_ptr<ByteSink> make_layer_reader(Inspection &inspection, Place place, bool decrypted);

} // namespace smime

#endif
