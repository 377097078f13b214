// Pages from templates (ctemplate), which escape every value for the place it stands in: nothing
// in this room puts HTML together. A page's values are JSON:
//   a text    {{NAME}}, and {{#NAME}} ... {{/NAME}} is shown where it is not empty
//   true      {{#NAME}} ... {{/NAME}} is shown
//   a list    {{#NAME}} ... {{/NAME}} is repeated, with the values of each element's object
// What an element does not have is looked for around it. {{T_name}} is the text "name" of the
// language. No Dovecot header.
#ifndef SMIME_DESK_TEMPLATES_H
#define SMIME_DESK_TEMPLATES_H

#include "desk/web/texts.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ctemplate {
class TemplateCache;
}

namespace smime::desk {

using View = nlohmann::json;

class Templates {
public:
  // Files by name: "list.tpl" and the others. Null with error set.
  static std::unique_ptr<Templates> parse(const std::map<std::string, std::string> &files,
                                          std::string &error);
  ~Templates();
  Templates(const Templates &) = delete;
  Templates &operator=(const Templates &) = delete;

  // body: "list", inside layout.tpl.
  std::string page(std::string_view body, const Texts &texts, const View &frame,
                   const View &view) const;

private:
  Templates();
  std::unique_ptr<ctemplate::TemplateCache> cache_;
};

} // namespace smime::desk

#endif
