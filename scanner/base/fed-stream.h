/* An input stream over bytes that its owner hands to it piece by piece, for
   lib-mail's parser: it reads 0 when it has to wait for the next piece. */
#ifndef SMIME_FED_STREAM_H
#define SMIME_FED_STREAM_H

#include <stddef.h>

struct istream;

/* The caller unreferences the stream. */
struct istream *smime_fed_stream_create(void);
/* Copies the bytes. Before the next call the stream is to be read until it
   returns 0, which keeps its buffer small. */
void smime_fed_stream_feed(struct istream *input, const void *data, size_t size);
/* No more bytes will come. */
void smime_fed_stream_end(struct istream *input);

#endif
