#include "plugin/quarantine/mailbox.h"

#include "plugin/protect/protected-content.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"

#include <algorithm>
#include <string_view>

namespace smime {

std::string canonical_sha256(istream *input, std::string &error) {
  auto digest = digest_stream(input, error);
  return digest ? to_hex(*digest) : std::string();
}

std::optional<ParsedBlock> read_block(istream *input) {
  std::size_t size = 0;
  const unsigned char *data = nullptr;
  std::size_t wanted = 4096;
  // The report makes a block that is larger than the buffers of most streams.
  if (i_stream_get_max_buffer_size(input) < max_block_size)
    i_stream_set_max_buffer_size(input, max_block_size);
  for (;;) {
    int ret = i_stream_read_bytes(input, &data, &size, wanted);
    std::string_view text(reinterpret_cast<const char *>(data), size);
    auto block = parse_block(text);
    if (block || ret <= 0 || size >= max_block_size)
      return block;
    // Messages that were never quarantined are told by their first byte.
    if (!text.starts_with("X-SMIME-Quarantine-Id: "))
      return std::nullopt;
    wanted = size * 2;
  }
}

bool is_marked_released(mail *quarantined) {
  auto keywords = keywords_of(quarantined);
  return std::find(keywords.begin(), keywords.end(), released_keyword) != keywords.end();
}

} // namespace smime
