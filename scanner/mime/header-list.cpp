#include "scanner/mime/header-list.h"

#include "common/ascii.h"
#include "common/json-writer.h"
#include "scanner/base/charset-text.h"
#include "scanner/base/dovecot-lib.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// Of a field's name, in bytes.
constexpr std::size_t max_field_name = 200;

} // namespace

void HeaderList::add(const message_header_line &hdr) {
  if (!hdr.continued)
    finish();
  if (hdr.eoh)
    return;
  if (!hdr.continued) {
    is_open_ = true;
    name_.assign(hdr.name, std::min(hdr.name_len, max_field_name));
  }
  std::size_t room = std::min(max_field_value - value_.size(),
                              max_header_size - std::min(max_header_size, total_));
  std::size_t taken = std::min(room, hdr.value_len);
  value_ += as_text({hdr.value, taken});
  is_cut_ = is_cut_ || taken < hdr.value_len;
  total_ += taken;
}

void HeaderList::finish() {
  if (!std::exchange(is_open_, false))
    return;
  std::string value = utf8_header(std::exchange(value_, {}));
  std::size_t end = value.find_last_not_of(" \t\r\n");
  value.erase(end == std::string::npos ? 0 : end + 1);
  is_cut_ = cut_utf8(value, max_field_value - cut_mark.size()) || is_cut_;
  if (std::exchange(is_cut_, false))
    value += cut_mark;
  inspection_.record_field({utf8_text(as_bytes(name_), {}), std::move(value)});
}

} // namespace smime
