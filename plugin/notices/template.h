// The texts of notices, which the operator writes: "{{name}}" stands for a value. What is put in
// its place is made harmless for the place where it stands, whoever wrote it. A small part of
// Mustache, known to many:
//
//   {{name}}                    the value
//   {{#name}} ... {{/name}}     where the value is not empty; of a list, for each of its entries
//   {{^name}} ... {{/name}}     where it is empty
//   {{! for who reads this }}
//
// One of the last three that stands alone on its line takes the line with it. No Dovecot header.
#ifndef SMIME_NOTICES_TEMPLATE_H
#define SMIME_NOTICES_TEMPLATE_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// Where a text goes. subject: one line of a header, which is encoded afterwards.
enum class Place : std::uint8_t { subject, text, html };

// The names that a template may have: of values, and of one list, whose entries have names of
// their own beside those.
struct Vocabulary {
  std::vector<std::string_view> values;
  std::string_view list;
  std::vector<std::string_view> entry_values;
  // The value that may stand in an attribute, as href="{{link}}".
  std::string_view link;
};

using Values = std::map<std::string_view, std::string>;

struct TemplateFacts {
  Values values;
  std::vector<Values> entries;
};

inline constexpr std::size_t max_template = 64UL * 1024;

class Template {
public:
  // Nullopt with error set to "line N: what is wrong with which word". In HTML no value may stand
  // in a tag, a comment, a script or a style sheet, where nothing makes it harmless.
  static std::optional<Template> parse(std::string_view text, Place place,
                                       const Vocabulary &vocabulary, std::string &error);

  std::string render(const TemplateFacts &facts) const;

  struct Node;

private:
  Place place_ = Place::text;
  std::string list_;
  std::vector<Node> nodes_;
};

struct Template::Node {
  enum class Kind : std::uint8_t { literal, value, if_any, if_none };
  Kind kind = Kind::literal;
  // The literal, or the name.
  std::string text;
  std::vector<Node> inside;
};

} // namespace smime

#endif
