#include "plugin/dovecot/watch-stream.h"

extern "C" {
#include "istream-private.h"
}

#include <algorithm>
#include <cstring>

namespace smime {
namespace {

// Dovecot frees it; the stream must be the first member.
struct WatchedStream {
  istream_private stream;
  WatchFunction watch;
  void *context;
};

ssize_t read_watched(istream_private *stream) noexcept {
  auto *watched = reinterpret_cast<WatchedStream *>(stream);
  if (i_stream_get_data_size(stream->parent) == 0) {
    ssize_t ret = i_stream_read_memarea(stream->parent);
    if (ret <= 0) {
      stream->istream.stream_errno = stream->parent->stream_errno;
      stream->istream.eof = stream->parent->eof;
      return ret;
    }
  }
  std::size_t size;
  const unsigned char *data = i_stream_get_data(stream->parent, &size);
  std::size_t room;
  if (!i_stream_try_alloc(stream, size, &room))
    return -2;
  size = std::min(size, room);
  std::memcpy(stream->w_buffer + stream->pos, data, size);
  watched->watch(watched->context, data, size);
  stream->pos += size;
  i_stream_skip(stream->parent, size);
  return static_cast<ssize_t>(size);
}

} // namespace

StreamPtr create_watched_stream(istream *input, WatchFunction watch, void *context) {
  WatchedStream *watched = i_new(WatchedStream, 1);
  watched->watch = watch;
  watched->context = context;
  watched->stream.max_buffer_size = input->real_stream->max_buffer_size;
  watched->stream.read = read_watched;
  watched->stream.stream_size_passthrough = TRUE;
  watched->stream.istream.blocking = input->blocking;
  return StreamPtr(i_stream_create(&watched->stream, input, i_stream_get_fd(input),
                                   static_cast<istream_create_flag>(0)));
}

} // namespace smime
