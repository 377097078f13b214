// Bytes and a stream behind them as one stream.
#ifndef SMIME_JOINED_STREAM_H
#define SMIME_JOINED_STREAM_H

#include "plugin/dovecot/large-read.h"
#include "plugin/dovecot/ptr.h"

#include <string_view>

namespace smime {

// The bytes are copied. When Dovecot's concatenation comes to its second stream it puts what a
// reader left of the first into its buffer, and panics where that has only just been made and
// is too small (lib/istream-concat.c): so it is made large enough for all of them.
inline StreamPtr join(std::string_view bytes, istream *rest) {
  StreamPtr head(i_stream_create_copy_from_data(bytes.data(), bytes.size()));
  istream *parts[] = {head.get(), rest, nullptr};
  StreamPtr joined(i_stream_create_concat(parts));
  i_stream_set_init_buffer_size(joined.get(), bytes.size() + large_read_size);
  i_stream_set_max_buffer_size(joined.get(), bytes.size() + large_read_size);
  return joined;
}

} // namespace smime

#endif
