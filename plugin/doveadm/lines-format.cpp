#include "plugin/doveadm/lines-format.h"

#include "plugin/doveadm/smime.h"
#include "plugin/quarantine/summary.h"

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "doveadm-print-private.h"
#include "ostream.h"
}

namespace smime {
namespace {

struct Format {
  std::vector<std::string> keys;
  std::vector<std::string> row;
  // Of the value that comes in pieces.
  std::string pieces;
  bool title_printed = false;
  bool in_use = false;
};

Format &format() {
  static Format known;
  return known;
}

void send(const std::string &line) {
  o_stream_nsend_str(doveadm_print_ostream, (line + "\n").c_str());
}

void print_title() {
  if (!format().title_printed && !doveadm_print_hide_titles)
    send(summary_title());
  format().title_printed = true;
}

void print_row() {
  Format &known = format();
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < known.keys.size(); i++)
    values[known.keys[i]] = known.row[i];
  // The register, whose rows say why, does not have the header's From.
  if (values.contains("why"))
    values["header_from_address"] = values["from"];
  HeldRow row{values["id"],
              values["time"],
              values["user"],
              values["from"],
              values["to"],
              values["class"],
              values["reason"],
              values["subject"],
              values["header_from"],
              values["header_from_address"],
              std::strtoull(values["size"].c_str(), nullptr, 10),
              values["requested_by"],
              values["state"],
              values["who"]};
  print_title();
  send(summary_of(row, ioloop_time));
  send(std::string(short_id + 1, ' ') + about_text(row));
  known.row.clear();
}

void take_value(const std::string &value) {
  format().row.push_back(value);
  if (format().row.size() == format().keys.size())
    print_row();
}

template <typename Function> void print_guarded(Function function) noexcept {
  (void)guarded("printing a list", false, [&] {
    function();
    return true;
  });
}

void take_header(const struct doveadm_print_header *header) noexcept {
  print_guarded([&] { format().keys.emplace_back(header->key); });
}

void print_value(const char *value) noexcept {
  print_guarded([&] { take_value(value == nullptr ? "" : value); });
}

// The value ends with an empty piece.
void print_piece(const unsigned char *data, std::size_t size) noexcept {
  print_guarded([&] {
    if (size > 0)
      format().pieces.append(reinterpret_cast<const char *>(data), size);
    else
      take_value(std::exchange(format().pieces, {}));
  });
}

void print_end() noexcept {
  print_guarded([] {
    if (!format().keys.empty())
      print_title();
  });
}

constexpr const char *name = "smime-lines";

const doveadm_print_vfuncs functions{name,        nullptr,     nullptr,  take_header,
                                     print_value, print_piece, print_end};

} // namespace

void init_lines_format() {
  if (doveadm_print_is_initialized())
    return;
  // doveadm finds a format by its name, in a list that has no room for more: one of its own
  // steps aside for a moment.
  const doveadm_print_vfuncs *first = std::exchange(doveadm_print_vfuncs_all[0], &functions);
  doveadm_print_init(name);
  doveadm_print_vfuncs_all[0] = first;
  format().in_use = true;
}

void end_lines_format() {
  if (!std::exchange(format().in_use, false))
    return;
  doveadm_print_flush();
  doveadm_print_deinit();
}

} // namespace smime
