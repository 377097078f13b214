// Rows of the register as somebody asks for them: page after page, so that what is held in memory
// does not grow with the register. No Dovecot header.
#ifndef SMIME_REGISTER_PAGES_H
#define SMIME_REGISTER_PAGES_H

#include "plugin/register/query.h"

#include <functional>
#include <string>
#include <vector>

namespace smime {

struct RowsWanted {
  RegisterFilter filter;
  RegisterSort sort = RegisterSort::oldest;
  // 0: all.
  std::size_t limit = 0;
  // Which of them are there for who asks; empty: all. The limit counts these alone.
  std::function<bool(const RegisterRow &)> keep = {};
  // Where the page before ended, in the same order; not set: they begin at the beginning.
  std::optional<RegisterPosition> after = {};
};

// Runs a statement, and gives the values of each row until it is told to stop. False with error
// set.
using AskDatabase = std::function<bool(
    const SqlStatement &, const std::function<bool(const std::vector<std::string> &)> &,
    std::string &)>;

enum class RowsResult : std::uint8_t { all, more, failed };

// Gives the rows to take. more: there are others behind the limit. failed: error is set, and some
// rows may have been given.
RowsResult read_rows(const AskDatabase &ask, const RowsWanted &wanted,
                     const std::function<void(const RegisterRow &)> &take, std::string &error);

} // namespace smime

#endif
