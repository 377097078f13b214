// A stream that shows its bytes to a watcher on their way.
#ifndef SMIME_WATCH_STREAM_H
#define SMIME_WATCH_STREAM_H

#include "plugin/dovecot/ptr.h"

#include <cstddef>

namespace smime {

using WatchFunction = void (*)(void *context, const unsigned char *data, std::size_t size) noexcept;

// Reads input from its present position. The context must outlive the stream.
// Not seekable; has a buffer of its own, so that input may be read and moved by
// others between reads.
StreamPtr create_watched_stream(istream *input, WatchFunction watch, void *context);

} // namespace smime

#endif
