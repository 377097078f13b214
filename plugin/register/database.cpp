#include "plugin/register/database.h"

#include "plugin/dovecot/ptr.h"

#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include "master-service.h"
#include "lib-event-private.h"
#include "module-dir.h"
#include "sql-api-private.h"
#include "sql-api.h"
#ifdef SMIME_DOVECOT_24
#include "settings.h"
#endif
}

namespace smime {
namespace {

// Dovecot's drivers are modules of the dict service, which has no rights to spare either.
// They stay loaded until doveadm ends.
bool drivers_are_initialised = false;
module *loaded = nullptr;

// Dovecot 2.4's drivers keep connections, also those that are still being made, until they end
// themselves. They must not be in the I/O loop of a command over HTTP, which ends with it.
ioloop *drivers_loop = nullptr;

class InDriversLoop {
public:
  InDriversLoop() : before_(current_ioloop) { io_loop_set_current(drivers_loop); }
  ~InDriversLoop() { io_loop_set_current(before_); }
  InDriversLoop(const InDriversLoop &) = delete;
  InDriversLoop &operator=(const InDriversLoop &) = delete;

private:
  ioloop *before_;
};

void load_driver(const char *name) {
  // SQLite makes a file that is not there, with the rights that this leaves: the register has
  // subjects and names, and whoever makes its tables later keeps the file as it is.
  (void)umask(077);
  if (!drivers_are_initialised)
    sql_drivers_init();
  drivers_are_initialised = true;
  module_dir_load_settings settings{};
  settings.abi_version = DOVECOT_ABI_VERSION;
  settings.require_init_funcs = TRUE;
  settings.ignore_missing = TRUE;
  std::string module_name = std::string("driver_") + name;
#ifdef SMIME_DOVECOT_24
  const char *const names[] = {module_name.c_str(), nullptr};
#else
  const char *names = module_name.c_str();
#endif
  loaded = module_dir_load_missing(loaded, SMIME_DICT_MODULES, names, &settings);
  module_dir_init(loaded);
}

// A value without NUL, which lib-sql's texts end at.
void bind(sql_statement *statement, const std::vector<SqlValue> &values) {
  unsigned column = 0;
  for (const SqlValue &value : values) {
    if (const auto *text = std::get_if<std::string>(&value))
      sql_statement_bind_str(statement, column++, text->c_str());
    else
      sql_statement_bind_int64(statement, column++, std::get<std::int64_t>(value));
  }
}

// Dovecot 2.3's driver for SQLite forgets the event of a transaction that is over; doveadm would
// tell of it at its end, in the log for each row that comes.
void drop_events_of_transaction(const sql_db *db) {
  if (std::string_view(db->name) != "sqlite")
    return;
  event *next = nullptr;
  for (event *e = events_get_head(); e != nullptr; e = next) {
    next = e->next;
    if (e->parent == db->event)
      event_unref(&e);
  }
}

} // namespace

#ifdef SMIME_DOVECOT_24

std::unique_ptr<Database> Database::open(const std::string &dict, std::string &error) {
  DataStackFrame frame;
  for (const char *driver : {"sqlite", "pgsql"})
    load_driver(driver);
  auto connect = [dict](std::string &reason) -> sql_db * {
    EventPtr e(event_create(master_service_get_event(master_service)));
    settings_event_add_filter_name(e.get(), "dict_server");
    settings_event_add_list_filter_name(e.get(), "dict", dict.c_str());
    sql_db *db = nullptr;
    const char *problem = nullptr;
    if (sql_init_auto(e.get(), &db, &problem) > 0)
      return db;
    reason = "smime_register: dict " + dict + ": " + problem;
    return nullptr;
  };
  std::unique_ptr<Database> database(new Database(connect));
  InDriversLoop in_loop;
  database->db_ = database->connect_(error);
  return database->db_ == nullptr ? nullptr : std::move(database);
}

#else

std::unique_ptr<Database> Database::open(const std::string &driver, const std::string &connect_text,
                                         std::string &error) {
  DataStackFrame frame;
  load_driver(driver.c_str());
  auto connect = [driver, connect_text](std::string &reason) -> sql_db * {
    sql_settings settings{};
    settings.driver = driver.c_str();
    settings.connect_string = connect_text.c_str();
    sql_db *db = nullptr;
    const char *problem = nullptr;
    if (sql_init_full(&settings, &db, &problem) == 0)
      return db;
    reason = "smime_register: " + driver + ": " + problem + " (is the package dovecot-" + driver +
             " installed?)";
    return nullptr;
  };
  std::unique_ptr<Database> database(new Database(connect));
  InDriversLoop in_loop;
  database->db_ = database->connect_(error);
  return database->db_ == nullptr ? nullptr : std::move(database);
}

#endif

Database::~Database() { disconnect(); }

void Database::begin_drivers() {
  ioloop *before = current_ioloop;
  drivers_loop = io_loop_create();
  io_loop_set_current(before);
}

void Database::end_drivers() {
  io_loop_set_current(drivers_loop);
  if (drivers_are_initialised) {
    module_dir_unload(&loaded);
    sql_drivers_deinit();
    drivers_are_initialised = false;
  }
  // The one before, doveadm's own, is the current one then.
  io_loop_destroy(&drivers_loop);
}

// Dovecot 2.4's pool of connections lets nobody connect again for a second after a failure, such as
// that of a row which was refused: what is tried then would be taken for refused, too.
bool Database::connect_again(std::string &error) {
  constexpr int tries = 3;
  for (int i = 0; db_ == nullptr && i < tries; i++) {
    if (i > 0)
      (void)sleep(1);
    db_ = connect_(error);
    if (db_ == nullptr)
      return false;
    if (!answers(error))
      disconnect();
  }
  return db_ != nullptr;
}

bool Database::answers(std::string &error) {
  sql_result *result = sql_query_s(db_, "SELECT 1");
  bool ok = sql_result_next_row(result) >= 0;
  if (!ok)
    error = sql_result_get_error(result);
  sql_result_unref(result);
  return ok;
}

void Database::disconnect() {
  InDriversLoop in_loop;
  if (db_ != nullptr)
    sql_unref(&db_);
  db_ = nullptr;
}

bool Database::run(const std::vector<SqlStatement> &statements, std::string &error) {
  DataStackFrame frame;
  InDriversLoop in_loop;
  if (connect_again(error) && run_connected(statements, error))
    return true;
  disconnect();
  return false;
}

bool Database::run_connected(const std::vector<SqlStatement> &statements, std::string &error) {
  sql_transaction_context *transaction = sql_transaction_begin(db_);
  for (const SqlStatement &statement : statements) {
    sql_statement *bound = sql_statement_init(db_, statement.text.c_str());
    bind(bound, statement.values);
    sql_update_stmt(transaction, &bound);
  }
  const char *reason = nullptr;
  bool done = sql_transaction_commit_s(&transaction, &reason) == 0;
  drop_events_of_transaction(db_);
  if (done)
    return true;
  error = reason == nullptr ? "unknown error" : reason;
  return false;
}

// The rows are taken in the caller's own I/O loop, in which he may write them to a client.
sql_result *Database::ask(const SqlStatement &statement, std::string &error) {
  InDriversLoop in_loop;
  if (!connect_again(error))
    return nullptr;
  sql_statement *bound = sql_statement_init(db_, statement.text.c_str());
  bind(bound, statement.values);
  return sql_statement_query_s(&bound);
}

bool Database::query(const SqlStatement &statement,
                     const std::function<bool(const std::vector<std::string> &)> &take,
                     std::string &error) {
  DataStackFrame frame;
  sql_result *result = ask(statement, error);
  if (result == nullptr)
    return false;
  int ret;
  while ((ret = sql_result_next_row(result)) > 0) {
    std::vector<std::string> values;
    unsigned count = sql_result_get_fields_count(result);
    for (unsigned i = 0; i < count; i++) {
      const char *value = sql_result_get_field_value(result, i);
      values.emplace_back(value == nullptr ? "" : value);
    }
    if (!take(values)) {
      ret = 0;
      break;
    }
  }
  if (ret < 0)
    error = sql_result_get_error(result);
  InDriversLoop in_loop;
  sql_result_unref(result);
  if (ret < 0)
    disconnect();
  return ret >= 0;
}

// A database that is full, locked or a copy to read from answers all the same: it must also write.
bool Database::works(std::string &error) {
  auto nothing = [](const std::vector<std::string> &) { return true; };
  return query({"SELECT id FROM smime_register WHERE id = ?", {std::string("x")}}, nothing,
               error) &&
         run({{"INSERT INTO smime_register_history (id, username, changed, state, who, why) "
               "VALUES ('x', 'x', 0, 'x', '', '') ON CONFLICT (id, username, changed, state) "
               "DO NOTHING",
               {}},
              {"DELETE FROM smime_register_history WHERE id = ?", {std::string("x")}}},
             error);
}

} // namespace smime
