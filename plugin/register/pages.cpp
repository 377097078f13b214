#include "plugin/register/pages.h"

#include <algorithm>

namespace smime {
namespace {

constexpr std::size_t page_size = 1000;

} // namespace

RowsResult read_rows(const AskDatabase &ask, const RowsWanted &wanted,
                     const std::function<void(const RegisterRow &)> &take, std::string &error) {
  auto position = wanted.after;
  std::size_t taken = 0;
  bool more = false;
  // One row beyond the limit says whether there are more.
  std::size_t size = wanted.limit == 0 ? page_size : std::min(wanted.limit + 1, page_size);
  for (;;) {
    std::size_t count = 0;
    auto take_values = [&](const std::vector<std::string> &values) {
      RegisterRow row = row_of(values);
      position = position_of(row, wanted.sort);
      count++;
      if (wanted.keep && !wanted.keep(row))
        return true;
      more = wanted.limit != 0 && taken == wanted.limit;
      if (more)
        return false;
      taken++;
      take(row);
      return true;
    };
    if (!ask(select_rows(wanted.filter, wanted.sort, size, position ? &*position : nullptr),
             take_values, error))
      return RowsResult::failed;
    if (more || count < size)
      return more ? RowsResult::more : RowsResult::all;
    size = page_size;
  }
}

} // namespace smime
