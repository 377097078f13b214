#include "plugin/register/drain.h"

#include "plugin/register/row.h"

#include <map>
#include <utility>

namespace smime {
namespace {

// Rows in a transaction.
constexpr std::size_t batch_size = 200;

struct ReadRow {
  std::string name;
  uid_t owner = 0;
  RegisterRow row;
};

class Drain {
public:
  Drain(Spool &spool, Database &database, const OwnerOfUser &owner_of)
      : spool_(spool), database_(database), owner_of_(owner_of) {}

  DrainResult run() {
    // What does not work is not to be mistaken for rows that it refuses.
    if (!database_.works(result_.error))
      return std::move(result_);
    while (result_.error.empty()) {
      auto lines = spool_.read(batch_size);
      if (lines.empty())
        break;
      write(readable(lines));
    }
    return std::move(result_);
  }

private:
  void refuse(const std::string &name, uid_t owner, const std::string &reason) {
    std::string aside;
    if (spool_.set_aside(name, aside))
      result_.refused.push_back({aside, owner, reason});
    else
      result_.error = spool_.error();
  }

  // Empty if the owner may write the row; with result_.error set it cannot be told.
  std::string not_his(uid_t owner, const std::string &user) {
    if (owner == 0)
      return {};
    auto known = owners_.find(user);
    if (known == owners_.end())
      known = owners_.emplace(user, owner_of_(user, result_.error)).first;
    if (known->second == owner || !result_.error.empty())
      return {};
    return "it is about " + user + ", whose mail does not belong to uid " + std::to_string(owner);
  }

  std::vector<ReadRow> readable(const std::vector<SpooledLine> &lines) {
    std::vector<ReadRow> rows;
    for (const SpooledLine &line : lines) {
      std::string reason = line.fault;
      std::optional<RegisterRow> row;
      if (reason.empty())
        row = row_from_line(line.text, reason);
      if (row)
        reason = not_his(line.owner, row->user);
      if (!result_.error.empty())
        return {};
      if (reason.empty())
        rows.push_back({line.name, line.owner, std::move(*row)});
      else
        refuse(line.name, line.owner, reason);
    }
    return rows;
  }

  bool commit(const std::vector<ReadRow> &rows, std::string &error) {
    std::vector<SqlStatement> statements;
    for (const ReadRow &row : rows) {
      auto its = statements_of(row.row);
      std::move(its.begin(), its.end(), std::back_inserter(statements));
    }
    if (!database_.run(statements, error))
      return false;
    for (const ReadRow &row : rows) {
      if (!spool_.remove(row.name))
        result_.error = spool_.error();
    }
    result_.written += rows.size();
    return true;
  }

  // Of rows that are refused together, each is tried alone: one does not block the others.
  void write(const std::vector<ReadRow> &rows) {
    std::string error;
    if (rows.empty() || commit(rows, error))
      return;
    for (const ReadRow &row : rows) {
      if (commit({row}, error))
        continue;
      if (!database_.works(result_.error))
        return;
      refuse(row.name, row.owner, "the database refuses it: " + error);
    }
  }

  Spool &spool_;
  Database &database_;
  const OwnerOfUser &owner_of_;
  std::map<std::string, std::optional<uid_t>> owners_;
  DrainResult result_;
};

} // namespace

DrainResult drain(Spool &spool, Database &database, const OwnerOfUser &owner_of) {
  return Drain(spool, database, owner_of).run();
}

} // namespace smime
