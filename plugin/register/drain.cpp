#include "plugin/register/drain.h"

#include "plugin/register/row.h"

#include <algorithm>
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

// Nullopt: there is no such user.
using OwnerOfName = std::optional<OwnerOfMail>;

class Drain {
public:
  Drain(Spool &spool, Database &database, const OwnerOfUser &owner_of)
      : spool_(spool), database_(database), owner_of_(owner_of) {}

  DrainResult run() {
    // What does not work is not to be mistaken for rows that it refuses.
    bool works = database_.works(result_.error);
    while (works) {
      auto lines = spool_.read(batch_size);
      if (lines.empty())
        break;
      works = write(readable(lines));
    }
    return std::move(result_);
  }

private:
  void refuse(const SpooledLine &line, const std::string &reason) {
    std::string aside;
    bool removed = false;
    if (!spool_.set_aside(line, aside, removed))
      result_.error = spool_.error();
    else if (removed || !aside.empty())
      result_.refused.push_back({aside, line.owner, reason});
  }

  // Nullopt with result_.error set: it cannot be told. Each uid has so many tries, since the names
  // may be made so that each takes its time.
  std::optional<OwnerOfName> owner_of(uid_t asking, const std::string &user) {
    constexpr unsigned most_failures = 8;
    auto known = owners_.find(user);
    if (known != owners_.end())
      return known->second;
    if (failures_[asking] >= most_failures)
      return std::nullopt;
    std::string error;
    auto owner = owner_of_(user, error);
    if (error.empty())
      return owners_.emplace(user, owner).first->second;
    failures_[asking]++;
    result_.error = error;
    return std::nullopt;
  }

  // False: it waits. reason: why it is none of ours.
  bool may_write(const SpooledLine &line, const std::string &user, std::string &reason) {
    if (line.owner == 0)
      return true;
    auto owner = owner_of(line.owner, user);
    auto speaks_for = [&](const OwnerOfMail &mail) {
      return mail.uid == line.owner ||
             std::find(mail.groups.begin(), mail.groups.end(), line.group) != mail.groups.end();
    };
    if (owner && !(*owner && speaks_for(**owner)))
      reason = "it is about " + user + ", whose mail does not belong to uid " +
               std::to_string(line.owner);
    return owner.has_value();
  }

  std::vector<ReadRow> readable(const std::vector<SpooledLine> &lines) {
    std::vector<ReadRow> rows;
    for (const SpooledLine &line : lines) {
      std::string reason = line.fault;
      std::optional<RegisterRow> row;
      if (reason.empty())
        row = row_from_line(line.text, reason);
      if (row && !may_write(line, row->user, reason)) {
        spool_.leave(line.name);
        continue;
      }
      if (!reason.empty()) {
        refuse(line, reason);
        continue;
      }
      // The later state counts: none is from the future, whatever clock or user said so.
      row->changed = std::min(row->changed, microseconds_now());
      rows.push_back({line.name, line.owner, std::move(*row)});
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

  // Of rows that are refused together, each is tried alone: one does not block the others. False
  // with result_.error set if the database does not work.
  bool write(const std::vector<ReadRow> &rows) {
    std::string error;
    if (rows.empty() || commit(rows, error))
      return true;
    for (const ReadRow &row : rows) {
      if (commit({row}, error))
        continue;
      if (!database_.works(result_.error))
        return false;
      refuse({row.name, row.owner, {}, {}}, "the database refuses it: " + error);
    }
    return true;
  }

  Spool &spool_;
  Database &database_;
  const OwnerOfUser &owner_of_;
  std::map<std::string, OwnerOfName> owners_;
  // Look-ups of names that failed, by who wrote them.
  std::map<uid_t, unsigned> failures_;
  DrainResult result_;
};

} // namespace

std::vector<std::string> tell_refused(const std::vector<RefusedLine> &refused) {
  constexpr std::size_t told_of_each = 10;
  struct Owner {
    std::size_t count = 0;
    std::size_t removed = 0;
  };
  std::map<uid_t, Owner> owners;
  std::vector<std::string> texts;
  for (const RefusedLine &line : refused) {
    Owner &owner = owners[line.owner];
    owner.removed += line.name.empty() ? 1 : 0;
    if (++owner.count <= told_of_each)
      texts.push_back("a file of uid " + std::to_string(line.owner) + " is refused and " +
                      (line.name.empty() ? "removed" : "kept as " + line.name) + ": " +
                      line.reason);
  }
  for (const auto &[uid, owner] : owners) {
    std::string text;
    if (owner.count > told_of_each)
      text = std::to_string(owner.count - told_of_each) + " more files of uid " +
             std::to_string(uid) + " are refused";
    if (owner.removed > 0)
      text += (text.empty() ? "" : "; ") + std::to_string(owner.removed) + " of uid " +
              std::to_string(uid) + " were removed, since " + std::to_string(max_refused) +
              " of his are kept already (\"doveadm smime register check\" tells what the register "
              "lacks)";
    if (!text.empty())
      texts.push_back(text);
  }
  return texts;
}

DrainResult drain(Spool &spool, Database &database, const OwnerOfUser &owner_of) {
  return Drain(spool, database, owner_of).run();
}

} // namespace smime
