#include "plugin/register/thin.h"

#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

namespace smime {
namespace {

constexpr std::size_t batch_size = 400;
// The service brings no rows in meanwhile.
constexpr std::size_t most_batches = 250;

class Thinning {
public:
  Thinning(Database &database, std::int64_t before, ThinResult &result)
      : database_(database), before_(before), result_(result) {}

  bool run(OldRows what, std::string &error) {
    OldRow last;
    for (bool first = true; !result_.more; first = false) {
      std::vector<OldRow> rows;
      if (!read(what, first ? nullptr : &last, rows, error))
        return false;
      if (rows.empty())
        return true;
      last = rows.back();
      if (!take_out(what, rows, error))
        return false;
    }
    return true;
  }

private:
  bool read(OldRows what, const OldRow *after, std::vector<OldRow> &rows, std::string &error) {
    auto take = [&](const std::vector<std::string> &values) {
      rows.push_back({std::strtoll(values[0].c_str(), nullptr, 10), values[1], values[2]});
      return true;
    };
    return database_.query(select_old(what, before_, batch_size, after), take, error);
  }

  bool take_out(OldRows what, const std::vector<OldRow> &rows, std::string &error) {
    std::vector<SqlStatement> statements;
    for (const OldRow &row : rows) {
      auto its = statements_of_thinning(what, row, before_);
      std::move(its.begin(), its.end(), std::back_inserter(statements));
    }
    if (!database_.run(statements, error))
      return false;
    result_.taken.at(static_cast<std::size_t>(what)) += rows.size();
    result_.more = ++batches_ >= most_batches;
    return true;
  }

  Database &database_;
  std::int64_t before_;
  ThinResult &result_;
  std::size_t batches_ = 0;
};

} // namespace

bool thin_register(Database &database, std::int64_t before, ThinResult &result,
                   std::string &error) {
  Thinning thinning(database, before, result);
  return thinning.run(OldRows::messages, error) && thinning.run(OldRows::history, error) &&
         thinning.run(OldRows::deliveries, error);
}

} // namespace smime
