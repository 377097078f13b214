#include "config.h"
#include "lib.h"
#include "buffer.h"
#include "istream-private.h"

#include "scanner/base/fed-stream.h"

struct fed_istream {
	struct istream_private istream;
	buffer_t *buffer;
	bool ended;
};

static void fed_istream_destroy(struct iostream_private *stream)
{
	struct fed_istream *fed =
		container_of(stream, struct fed_istream, istream.iostream);

	buffer_free(&fed->buffer);
}

static ssize_t fed_istream_read(struct istream_private *stream)
{
	struct fed_istream *fed =
		container_of(stream, struct fed_istream, istream);
	size_t old_pos;

	if (stream->skip > 0) {
		buffer_delete(fed->buffer, 0, stream->skip);
		stream->pos -= stream->skip;
		stream->skip = 0;
	}
	old_pos = stream->pos;
	stream->buffer = fed->buffer->data;
	if (fed->buffer->used > old_pos) {
		stream->pos = fed->buffer->used;
		return stream->pos - old_pos;
	}
	if (fed->ended) {
		stream->istream.eof = TRUE;
		return -1;
	}
	return stream->pos >= stream->max_buffer_size ? -2 : 0;
}

struct istream *smime_fed_stream_create(void)
{
	struct fed_istream *fed = i_new(struct fed_istream, 1);

	fed->buffer = buffer_create_dynamic(default_pool, 8192);
	fed->istream.iostream.destroy = fed_istream_destroy;
	fed->istream.read = fed_istream_read;
	fed->istream.max_buffer_size = IO_BLOCK_SIZE * 8;
	return i_stream_create(&fed->istream, NULL, -1, 0);
}

void smime_fed_stream_feed(struct istream *input, const void *data, size_t size)
{
	struct fed_istream *fed =
		container_of(input->real_stream, struct fed_istream, istream);

	buffer_append(fed->buffer, data, size);
	/* The buffer may have moved. */
	fed->istream.buffer = fed->buffer->data;
}

void smime_fed_stream_end(struct istream *input)
{
	struct fed_istream *fed =
		container_of(input->real_stream, struct fed_istream, istream);

	fed->ended = TRUE;
}
