/* A Dovecot plugin for the tests: a faulty storage layer below dovecot-smime.
   It saves every "sample" as "SAMPLE", and a ~ that begins a line as ^. */
#include "config.h"
#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "mail-user.h"
#include "mail-storage-private.h"
#include "mail-storage-hooks.h"

struct stream_changer_mailbox {
	union mailbox_module_context module_ctx;
};

static MODULE_CONTEXT_DEFINE_INIT(stream_changer_module,
				  &mail_storage_module_register);

static int changer_save_begin(struct mail_save_context *ctx,
			      struct istream *input)
{
	struct stream_changer_mailbox *mbox = (struct stream_changer_mailbox *)
		MODULE_CONTEXT(ctx->transaction->box, stream_changer_module);
	buffer_t *message = buffer_create_dynamic(default_pool, 4096);
	struct istream *changed;
	const unsigned char *data;
	char *at;
	size_t size;
	int ret;

	while (i_stream_read_more(input, &data, &size) > 0) {
		buffer_append(message, data, size);
		i_stream_skip(input, size);
	}
	at = str_c_modifiable(message);
	while ((at = strstr(at, "sample")) != NULL)
		memcpy(at, "SAMPLE", 6);
	at = str_c_modifiable(message);
	while ((at = strstr(at, "\n~")) != NULL)
		at[1] = '^';
	changed = i_stream_create_copy_from_data(message->data, message->used);
	ret = mbox->module_ctx.super.save_begin(ctx, changed);
	i_stream_unref(&changed);
	buffer_free(&message);
	return ret;
}

static void changer_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct stream_changer_mailbox *mbox =
		p_new(box->pool, struct stream_changer_mailbox, 1);

	if (box->storage->user->autocreated || v->save_begin == NULL)
		return;
	mbox->module_ctx.super = *v;
	box->vlast = &mbox->module_ctx.super;
	v->save_begin = changer_save_begin;
	MODULE_CONTEXT_SET(box, stream_changer_module, mbox);
}

static struct mail_storage_hooks changer_hooks = {
	.mailbox_allocated = changer_mailbox_allocated,
};

const char *stream_changer_plugin_version = DOVECOT_ABI_VERSION;

void stream_changer_plugin_init(struct module *module);
void stream_changer_plugin_deinit(void);

void stream_changer_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &changer_hooks);
}

void stream_changer_plugin_deinit(void)
{
	mail_storage_hooks_remove(&changer_hooks);
}
