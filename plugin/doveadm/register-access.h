// The register as doveadm opens it: the settings, the database and the spool.
#ifndef SMIME_DOVEADM_REGISTER_ACCESS_H
#define SMIME_DOVEADM_REGISTER_ACCESS_H

#include "plugin/doveadm/compat.h"
#include "plugin/register/database.h"
#include "plugin/register/drain.h"
#include "plugin/rules/settings.h"

#include <memory>
#include <string>

namespace smime {

// Null with error set where there is no register, or it cannot be opened. Not yet connected.
std::unique_ptr<Database> open_register(const Settings &settings, std::string &error);

// Empties the spool, and logs what is wrong with files in it. False with error set if something
// is left; that another process is at it is no error.
bool drain_register(const Settings &settings, Database &database, DrainResult &result,
                    std::string &error);

} // namespace smime

#endif
