#include "config.h"
#include "lib.h"
#include "base64.h"

#include "base64-decoder.h"

struct smime_base64_decoder {
	struct base64_decoder decoder;
};

struct smime_base64_decoder *smime_base64_decoder_create(void)
{
	struct smime_base64_decoder *decoder =
		i_new(struct smime_base64_decoder, 1);

	base64_decode_init(&decoder->decoder, &base64_scheme, 0);
	return decoder;
}

void smime_base64_decoder_free(struct smime_base64_decoder *decoder)
{
	i_free(decoder);
}

int smime_base64_decoder_more(struct smime_base64_decoder *decoder,
			      const unsigned char *data, size_t size,
			      struct buffer *output)
{
	return base64_decode_more(&decoder->decoder, data, size, NULL, output);
}
