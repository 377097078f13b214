// Reading streams in larger pieces than Dovecot's 8 kB: fewer system calls
// where whole messages are read.
#ifndef SMIME_LARGE_READ_H
#define SMIME_LARGE_READ_H

#include "plugin/dovecot/compat.h"

#include <cstddef>

namespace smime {

inline constexpr std::size_t large_read_size = 64 * 1024;

// To be called before the stream, or one made from it, is read that way.
inline void allow_large_reads(istream *input) {
  if (i_stream_get_max_buffer_size(input) < large_read_size)
    i_stream_set_max_buffer_size(input, large_read_size);
}

// Makes bytes available, many if it can. Returns false at the end and on errors
// (stream_errno tells which).
inline bool read_large(istream *input, const unsigned char **data, std::size_t *size) {
  (void)i_stream_read_bytes(input, data, size, large_read_size / 2);
  return *size > 0;
}

// Gives what is left of the stream to take(data, size), piece by piece. Returns false if it
// cannot be read (stream_errno tells why).
template <typename Take> bool read_rest(istream *input, Take take) {
  const unsigned char *data;
  std::size_t size;
  allow_large_reads(input);
  while (read_large(input, &data, &size)) {
    take(data, size);
    i_stream_skip(input, size);
  }
  return input->stream_errno == 0;
}

} // namespace smime

#endif
