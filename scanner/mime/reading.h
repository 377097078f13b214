// Other readings of a part: how mail clients read it who differ from lib-mail. Each is given
// the raw bytes of the part's body, with the headers and boundaries of whatever is in it, and
// does nothing if the bytes are not of its kind.
#ifndef SMIME_READING_H
#define SMIME_READING_H

#include "scanner/inspection/inspection.h"
#include "scanner/mime/entity.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace smime {

using MakeReader = std::function<std::unique_ptr<ByteSink>()>;

// What make returns is given the bytes, behind head; null if as many readings are open as may
// be, of which the report then tells. The inspection outlives it.
std::unique_ptr<ByteSink> make_reading(Inspection &inspection, const Place &place,
                                       std::string_view head, const MakeReader &make);

// A body that is encoded where nothing may be (RFC 2046 section 5.2.1), decoded: what is
// called base64 only if it begins so.
std::unique_ptr<ByteSink> make_decoded_reading(Inspection &inspection, Place place,
                                               TransferDecoder::Encoding encoding, MakeReader make);

// A body that begins with fields of a MIME header, as where an empty line cut the header. type
// is the field of that, which counts if they are without one.
std::unique_ptr<ByteSink> make_header_reading(Inspection &inspection, Place place, std::string type,
                                              MakeReader make);

} // namespace smime

#endif
