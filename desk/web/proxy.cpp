#include "desk/web/proxy.h"

#include "desk/protocol/request.h"

namespace smime::desk {
namespace {

// The last entry of a list with commas, which is taken off.
std::string_view take_last(std::string_view &list) {
  std::size_t comma = list.rfind(',');
  std::string_view entry = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  constexpr std::string_view blanks = " \t";
  std::size_t begin = entry.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return entry.substr(begin, entry.find_last_not_of(blanks) - begin + 1);
}

bool is_address(std::string_view text) {
  return !text.empty() && text.size() <= max_ip && Network::parse(text).has_value() &&
         text.find('/') == std::string_view::npos;
}

} // namespace

Origin origin_of(const DeskConfig &config, const Origin &peer, std::string_view forwarded_for,
                 std::string_view forwarded_proto) {
  if (!config.trusts(peer.ip))
    return peer;
  Origin origin = peer;
  while (!forwarded_for.empty() && config.trusts(origin.ip)) {
    std::string_view entry = take_last(forwarded_for);
    if (!is_address(entry))
      break;
    origin.ip = entry;
  }
  if (!forwarded_proto.empty())
    origin.secure = take_last(forwarded_proto) == "https";
  return origin;
}

} // namespace smime::desk
