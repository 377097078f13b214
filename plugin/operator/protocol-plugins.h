// In which of Dovecot's protocols the plugin is loaded, as doveconf tells it.
#ifndef SMIME_PROTOCOL_PLUGINS_H
#define SMIME_PROTOCOL_PLUGINS_H

#include "plugin/operator/health-check.h"

#include <functional>
#include <optional>

namespace smime {

// What doveconf prints of settings under a filter such as "protocol=lmtp"; nullopt with
// error set if it cannot.
using AskDoveconf = std::function<std::optional<std::string>(
    const std::string &filter, const std::vector<std::string> &names, std::string &error)>;

// mail_plugins of the protocols that are served, of lda and of doveadm. Nullopt with error
// set if doveconf does not tell.
std::optional<std::vector<ProtocolPlugins>> read_protocols(const AskDoveconf &ask,
                                                           std::string &error);

} // namespace smime

#endif
