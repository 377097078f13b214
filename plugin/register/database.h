// The register's database by Dovecot's lib-sql and its drivers, in doveadm.
#ifndef SMIME_REGISTER_DATABASE_H
#define SMIME_REGISTER_DATABASE_H

#include "plugin/dovecot/compat.h"
#include "plugin/register/pages.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct sql_db;
struct sql_result;

namespace smime {

class Database {
public:
#ifdef SMIME_DOVECOT_24
  // The database of "dict NAME { }" in dict_server { }, or of one at the top.
  static std::unique_ptr<Database> open(const std::string &dict, std::string &error);
#else
  // connect: as the dict's file says it.
  static std::unique_ptr<Database> open(const std::string &driver, const std::string &connect,
                                        std::string &error);
#endif
  ~Database();
  Database(const Database &) = delete;
  Database &operator=(const Database &) = delete;

  // All of them or none. True once they are committed. After a failure the connection is a new
  // one: what the drivers make of theirs depends on them (Dovecot's for PostgreSQL closes it, and
  // opens no other for a while).
  bool run(const std::vector<SqlStatement> &statements, std::string &error);

  // Calls take for each row of a result, whose null values are empty, until it returns false.
  bool query(const SqlStatement &statement,
             const std::function<bool(const std::vector<std::string> &)> &take, std::string &error);

  // query() as read_rows() wants it, as long as the database is there.
  AskDatabase asking() {
    return [this](const SqlStatement &statement, const auto &take, std::string &error) {
      return query(statement, take, error);
    };
  }

  // Whether it answers and has the register's tables: not to be mistaken for one that refuses
  // what it is given.
  bool works(std::string &error);

  // When doveadm begins, in the I/O loop that it ends with.
  static void begin_drivers();

  // When doveadm ends, and there is no Database any more: the drivers of Dovecot 2.4 keep their
  // connections until then.
  static void end_drivers();

private:
  // Null with the reason set.
  using Connect = std::function<sql_db *(std::string &)>;
  explicit Database(Connect connect) : connect_(std::move(connect)) {}

  bool connect_again(std::string &error);
  bool answers(std::string &error);
  sql_result *ask(const SqlStatement &statement, std::string &error);
  void disconnect();
  bool run_connected(const std::vector<SqlStatement> &statements, std::string &error);

  Connect connect_;
  sql_db *db_ = nullptr;
};

} // namespace smime

#endif
