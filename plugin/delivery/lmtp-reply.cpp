#include "plugin/delivery/lmtp-reply.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"

extern "C" {
#include "lmtp-common.h"
#include "lmtp-recipient.h"
#include "smtp-server-private.h"

// All of these are in the lmtp binary and nowhere else.
#pragma weak lmtp_client_created_hook_set
#pragma weak lmtp_module_register
#pragma weak lmtp_server
}

namespace smime {
namespace {

// One process delivers one message to one recipient at a time.
bool delivering = false;
std::string rejection;

lmtp_client_created_func_t *next_client_created = nullptr;

MODULE_CONTEXT_DEFINE_INIT(smime_lmtp_module, &lmtp_module_register);

int local_deliver(client *lmtp_client, lmtp_recipient *recipient, smtp_server_cmd_ctx *cmd,
                  smtp_server_transaction *transaction,
                  lmtp_local_deliver_context *context) noexcept {
  auto *module = static_cast<lmtp_module_context *>(MODULE_CONTEXT(lmtp_client, smime_lmtp_module));
  delivering = true;
  rejection.clear();
  int ret = module->super.local_deliver(lmtp_client, recipient, cmd, transaction, context);
  delivering = false;
  if (ret < 0 && !rejection.empty())
    smtp_server_recipient_reply(recipient->rcpt, 550, "5.7.1", "%s", rejection.c_str());
  return ret;
}

void adopt(client *lmtp_client) {
  if (MODULE_CONTEXT(lmtp_client, smime_lmtp_module) != nullptr)
    return;
  auto *module = p_new(lmtp_client->pool, lmtp_module_context, 1);
  module->super = lmtp_client->v;
  lmtp_client->v.local_deliver = local_deliver;
  MODULE_CONTEXT_SET_SELF(lmtp_client, smime_lmtp_module, module);
}

void client_created(client **lmtp_client) noexcept {
  if (next_client_created != nullptr)
    next_client_created(lmtp_client);
  adopt(*lmtp_client);
}

// Plugins are loaded at the first RCPT TO of a process, when its first client
// is there already.
void adopt_connected_clients() {
  if (&lmtp_server == nullptr || lmtp_server == nullptr)
    return;
  for (connection *c = lmtp_server->conn_list->connections; c != nullptr; c = c->next) {
    auto *server_connection = reinterpret_cast<smtp_server_connection *>(c);
    if (server_connection->context != nullptr)
      adopt(static_cast<client *>(server_connection->context));
  }
}

} // namespace

void lmtp_reply_init() {
  if (&lmtp_client_created_hook_set == nullptr)
    return;
  next_client_created = lmtp_client_created_hook_set(client_created);
  adopt_connected_clients();
}

void lmtp_reply_deinit() {
  if (&lmtp_client_created_hook_set != nullptr)
    lmtp_client_created_hook_set(next_client_created);
}

bool lmtp_can_reject() { return delivering; }

void lmtp_reject(const std::string &reason) {
  rejection = reason.empty() ? "Message rejected" : reply_text(reason);
}

} // namespace smime
