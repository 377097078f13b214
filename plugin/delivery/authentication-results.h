// The Authentication-Results field (RFC 8601) with the method smime (RFC 7281) of
// one delivery. Text alone: no Dovecot header.
#ifndef SMIME_AUTHENTICATION_RESULTS_H
#define SMIME_AUTHENTICATION_RESULTS_H

#include "common/report.h"

#include <string>
#include <string_view>

namespace smime {

// The result word of RFC 7281 section 4 for a report; null: there is none.
std::string_view smime_result(const Report *report);

// The field with its line end, folded, ASCII. report: null if there is none.
// foreign: fields under the same authserv-id that the message came with; they
// are counted in a comment, since nothing of the message is removed.
std::string authentication_results(const std::string &authserv_id, const Report *report,
                                   unsigned foreign);

// How many Authentication-Results fields of the header, which may have more than
// the header behind it, claim the authserv-id (RFC 8601 section 5).
unsigned count_results_of(std::string_view header, std::string_view authserv_id);

} // namespace smime

#endif
