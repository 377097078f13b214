// smime-scanner.conf: "key = value" lines, "#" comments.
#ifndef SMIME_SCANNER_CONFIG_H
#define SMIME_SCANNER_CONFIG_H

#include "scanner/base/scan-limits.h"
#include "scanner/verify/trust-config.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

struct ScannerConfig {
  Limits limits;
  // Addresses of clamd, tried in turn: paths of unix sockets, "host:port".
  std::vector<std::string> clamd;
  // PEM files; both or none are set.
  std::string escrow_key;
  std::string escrow_certificate;
  // Users whose processes belong to the mail system (Peers), as they are written.
  std::vector<std::string> trusted_users;
  TrustConfig trust;
};

// Parses the text of a configuration file. Unknown keys and bad values are
// refused: returns nullopt and sets error to "FILE:LINE: what is wrong".
std::optional<ScannerConfig> parse_scanner_config(std::string_view text, const std::string &file,
                                                  std::string &error);

// Reads file. A missing file is an error only if required.
std::optional<ScannerConfig> read_scanner_config(const std::string &file, bool required,
                                                 std::string &error);

} // namespace smime

#endif
