#include "plugin/operator/protocol-plugins.h"

#include <sstream>

namespace smime {

std::optional<std::vector<ProtocolPlugins>> read_protocols(const AskDoveconf &ask,
                                                           std::string &error) {
  auto protocols = ask("", {"protocols"}, error);
  auto everywhere = protocols ? ask("", {"mail_plugins"}, error) : std::nullopt;
  if (!everywhere)
    return std::nullopt;
  std::vector<ProtocolPlugins> result;
  std::string plugins = words_of_list(*everywhere, "");
  std::istringstream words(words_of_list(*protocols, "") + " lda doveadm");
  for (std::string protocol; words >> protocol;) {
    auto printed = ask("protocol=" + protocol, {"mail_plugins"}, error);
    if (!printed)
      return std::nullopt;
    result.push_back({protocol, words_of_list(*printed, plugins)});
  }
  return result;
}

} // namespace smime
