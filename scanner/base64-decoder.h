/* Dovecot's base64 decoder behind a C interface: base64.h has implicit enum
   conversions that C++ refuses. */
#ifndef SMIME_BASE64_DECODER_H
#define SMIME_BASE64_DECODER_H

#include <stddef.h>

struct buffer;
struct smime_base64_decoder;

struct smime_base64_decoder *smime_base64_decoder_create(void);
void smime_base64_decoder_free(struct smime_base64_decoder *decoder);
/* Appends what data decodes to. Returns 1 to go on, 0 at the end of the base64
   text, -1 at a character that base64 does not have. */
int smime_base64_decoder_more(struct smime_base64_decoder *decoder,
			      const unsigned char *data, size_t size,
			      struct buffer *output);

#endif
