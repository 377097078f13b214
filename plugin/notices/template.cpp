#include "plugin/notices/template.h"

#include "common/safe-text.h"
#include "plugin/notices/html-place.h"

#include <algorithm>

namespace smime {
namespace {

using Node = Template::Node;
using Kind = Template::Node::Kind;

constexpr std::size_t max_depth = 4;
constexpr std::string_view open_mark = "{{";
constexpr std::string_view close_mark = "}}";

bool has(const std::vector<std::string_view> &names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view without_blanks(std::string_view text) {
  std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// One "{{...}}".
struct Tag {
  // '\0' for a value.
  char sort = '\0';
  std::string_view name;
  // As it stands, for messages.
  std::string_view text;
  // Where what is before it ends, and what is behind it begins.
  std::size_t before = 0;
  std::size_t behind = 0;
};

class Parser {
public:
  Parser(std::string_view text, Place place, const Vocabulary &vocabulary)
      : text_(text), place_(place), vocabulary_(vocabulary) {}

  bool parse(std::vector<Node> &nodes) {
    return parse_inside(nodes, {}, 0) &&
           (place_ != Place::html || html_.is_between_tags() || fail("a tag is not closed"));
  }
  const std::string &error() const { return error_; }

private:
  bool fail(const std::string &problem) {
    auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size()));
    error_ = "line " + std::to_string(std::count(text_.begin(), end, '\n') + 1) + ": " + problem;
    return false;
  }
  bool fail(const Tag &tag, const std::string &problem) {
    return fail("\"" + terminal_text(tag.text) + "\" " + problem);
  }

  void add_literal(std::vector<Node> &nodes, std::size_t end) {
    std::string_view literal = text_.substr(at_, end - at_);
    if (literal.empty())
      return;
    html_.read(literal);
    nodes.push_back({Kind::literal, std::string(literal), {}});
  }

  // False with the error set. found: there is another one.
  bool find_tag(Tag &tag, bool &found) {
    std::size_t start = text_.find(open_mark, at_);
    found = start != std::string_view::npos;
    if (!found)
      return true;
    std::size_t end = text_.find(close_mark, start);
    if (end == std::string_view::npos) {
      at_ = start;
      return fail("\"{{\" has no \"}}\"");
    }
    end += close_mark.size();
    tag.text = text_.substr(start, end - start);
    std::string_view inside =
        without_blanks(tag.text.substr(open_mark.size(), tag.text.size() - 4));
    if (!inside.empty() && std::string_view("#^/!").find(inside[0]) != std::string_view::npos) {
      tag.sort = inside[0];
      inside = without_blanks(inside.substr(1));
    }
    tag.name = inside;
    tag.before = start;
    tag.behind = end;
    if (tag.sort != '\0')
      take_whole_line(tag);
    return true;
  }

  void take_whole_line(Tag &tag) const {
    std::size_t line = tag.before == 0 ? 0 : text_.rfind('\n', tag.before - 1) + 1;
    std::size_t end = text_.find('\n', tag.behind);
    std::size_t stop = end == std::string_view::npos ? text_.size() : end;
    if (line < at_ || !is_blank(text_.substr(line, tag.before - line)) ||
        !is_blank(text_.substr(tag.behind, stop - tag.behind)))
      return;
    tag.before = line;
    tag.behind = std::min(stop + 1, text_.size());
  }

  bool is_known(const Tag &tag) {
    bool is_list = tag.name == vocabulary_.list && !vocabulary_.list.empty();
    if (is_list)
      return (tag.sort != '\0' && place_ != Place::subject && !in_entry_) ||
             fail(tag, "cannot stand here");
    if (has(vocabulary_.values, tag.name) || (in_entry_ && has(vocabulary_.entry_values, tag.name)))
      return true;
    return fail(tag, has(vocabulary_.entry_values, tag.name)
                         ? "stands outside of {{#" + std::string(vocabulary_.list) + "}}"
                         : "is no name that is known");
  }

  bool may_stand_here(const Tag &tag) {
    if (place_ != Place::html || html_.is_between_tags())
      return true;
    bool is_link = tag.sort == '\0' && tag.name == vocabulary_.link && html_.is_link() &&
                   text_.substr(tag.behind).starts_with('"');
    return is_link || fail(tag, "stands in a tag, a comment, a script or a style, where no value "
                                "is safe but href=\"{{" +
                                    std::string(vocabulary_.link) + "}}\"");
  }

  bool parse_section(std::vector<Node> &nodes, const Tag &tag, std::size_t depth) {
    if (depth == max_depth)
      return fail(tag, "is too deep in others");
    Node node{tag.sort == '#' ? Kind::if_any : Kind::if_none, std::string(tag.name), {}};
    bool enters = tag.sort == '#' && tag.name == vocabulary_.list;
    in_entry_ = in_entry_ || enters;
    bool ok = parse_inside(node.inside, tag.name, depth + 1);
    in_entry_ = in_entry_ && !enters;
    nodes.push_back(std::move(node));
    return ok;
  }

  // Up to "{{/section}}", or to the end if section is empty.
  bool parse_inside(std::vector<Node> &nodes, std::string_view section, std::size_t depth) {
    for (;;) {
      Tag tag;
      bool found = false;
      if (!find_tag(tag, found))
        return false;
      add_literal(nodes, found ? tag.before : text_.size());
      if (!found) {
        at_ = text_.size();
        return section.empty() || fail("\"{{#" + std::string(section) + "}}\" is not closed");
      }
      at_ = tag.before;
      if (tag.sort == '/') {
        if (tag.name != section || section.empty())
          return fail(tag, "closes nothing that is open");
        if (!may_stand_here(tag))
          return false;
        at_ = tag.behind;
        return true;
      }
      if (tag.sort != '!' && (!is_known(tag) || !may_stand_here(tag)))
        return false;
      at_ = tag.behind;
      if (tag.sort == '\0')
        nodes.push_back({Kind::value, std::string(tag.name), {}});
      else if (tag.sort != '!' && !parse_section(nodes, tag, depth))
        return false;
    }
  }

  std::string_view text_;
  Place place_;
  const Vocabulary &vocabulary_;
  HtmlPlace html_;
  // What is behind was not read yet.
  std::size_t at_ = 0;
  bool in_entry_ = false;
  std::string error_;
};

// Whether the bytes of a line are what everybody sees: an operator's file in Latin-1 is told.
bool is_text(std::string_view text) { return terminal_lines(text) == text; }

class Renderer {
public:
  Renderer(Place place, std::string_view list, const TemplateFacts &facts)
      : place_(place), list_(list), facts_(facts) {}

  void render(const std::vector<Node> &nodes, const Values *entry) {
    for (const Node &node : nodes) {
      switch (node.kind) {
      case Kind::literal: result_ += node.text; break;
      case Kind::value: result_ += safe(value_of(node.text, entry)); break;
      case Kind::if_any: render_any(node, entry); break;
      case Kind::if_none:
        if (node.text == list_ ? facts_.entries.empty() : value_of(node.text, entry).empty())
          render(node.inside, entry);
        break;
      }
    }
  }
  std::string result() && { return std::move(result_); }

private:
  void render_any(const Node &node, const Values *entry) {
    if (node.text == list_) {
      for (const Values &each : facts_.entries)
        render(node.inside, &each);
    } else if (!value_of(node.text, entry).empty())
      render(node.inside, entry);
  }

  std::string_view value_of(const std::string &name, const Values *entry) const {
    for (const Values *values : {entry, &facts_.values}) {
      if (values == nullptr)
        continue;
      auto found = values->find(name);
      if (found != values->end())
        return found->second;
    }
    return {};
  }

  std::string safe(std::string_view value) const {
    return place_ == Place::html ? html_text(value, max_value) : mail_text(value, max_value);
  }

  // What others wrote is cut where the facts are made; links are longer.
  static constexpr std::size_t max_value = 2000;

  Place place_;
  std::string_view list_;
  const TemplateFacts &facts_;
  std::string result_;
};

} // namespace

std::optional<Template> Template::parse(std::string_view text, Place place,
                                        const Vocabulary &vocabulary, std::string &error) {
  if (text.size() > max_template) {
    error = "line 1: this is too large for a template";
    return std::nullopt;
  }
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); number++) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (!is_text(line)) {
      error = "line " + std::to_string(number) +
              ": there is what is no UTF-8, or cannot be seen: " + mail_text(line);
      return std::nullopt;
    }
  }
  Template result;
  result.place_ = place;
  result.list_ = vocabulary.list;
  Parser parser(text, place, vocabulary);
  if (!parser.parse(result.nodes_)) {
    error = parser.error();
    return std::nullopt;
  }
  return result;
}

std::string Template::render(const TemplateFacts &facts) const {
  Renderer renderer(place_, list_, facts);
  renderer.render(nodes_, nullptr);
  return std::move(renderer).result();
}

} // namespace smime
