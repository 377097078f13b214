#include "plugin/notices/texts.h"

#include "common/safe-text.h"
#include "plugin/store/atomic-file.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

constexpr std::string_view infected = "infected";
constexpr std::string_view uninspectable = "uninspectable";
constexpr std::string_view signature_failed = "signature-failed";
constexpr std::string_view other = "other";
constexpr std::string_view subject_name = "Subject:";

// The classes for which there are words, in the order in which they are said.
constexpr std::array<MessageClass, 7> told_classes{
    MessageClass::encrypted,          MessageClass::pgp_encrypted, MessageClass::encrypted_archive,
    MessageClass::encrypted_document, MessageClass::malformed,     MessageClass::non_canonical,
    MessageClass::unrecognised,
};

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

// What is wrong with a line of "words"; empty if nothing is.
std::string take_word(std::string_view line,
                      std::map<std::string, std::string, std::less<>> &words) {
  std::size_t equals = line.find('=');
  std::string key(without_blanks(line.substr(0, equals)));
  auto known = reason_words();
  if (std::find(known.begin(), known.end(), key) == known.end())
    return "\"" + mail_text(key) + "\" is no key that is known";
  std::string_view value =
      equals == std::string_view::npos ? "" : without_blanks(line.substr(equals + 1));
  if (value.empty())
    return key + " has no text";
  if (terminal_text(value) != value)
    return key + " has what is no UTF-8, or cannot be seen";
  if (!words.emplace(key, value).second)
    return key + " stands there twice";
  return {};
}

class Reader {
public:
  Reader(std::string directory, std::vector<std::string> &errors)
      : directory_(std::move(directory)), errors_(errors) {}

  std::optional<std::string> read(const std::string &name) {
    std::string text;
    std::string error;
    if (read_file(directory_ + "/" + name, max_template, text, error))
      return text;
    errors_.push_back(error);
    return std::nullopt;
  }
  void add(const std::string &name, const std::string &error) {
    errors_.push_back(directory_ + "/" + name + ": " + error);
  }

private:
  std::string directory_;
  std::vector<std::string> &errors_;
};

std::optional<Template> parse_html(Reader &reader, const std::string &name) {
  auto text = reader.read(name);
  std::string error;
  auto result =
      text ? Template::parse(*text, Place::html, notice_vocabulary(), error) : std::nullopt;
  if (text && !result)
    reader.add(name, error);
  return result;
}

// The first line is the subject. So that lines are counted from the file's beginning, the text
// keeps an empty one in its place, which is not shown.
bool parse_text(Reader &reader, const std::string &name, std::optional<Template> &subject,
                std::optional<Template> &body) {
  auto text = reader.read(name);
  if (!text)
    return false;
  std::string first = text->substr(0, text->find('\n'));
  std::string error = "line 1: it does not begin with \"Subject: \"";
  if (first.starts_with(subject_name))
    subject = Template::parse(without_blanks(std::string_view(first).substr(subject_name.size())),
                              Place::subject, notice_vocabulary(), error);
  if (subject) {
    text->replace(0, first.size(), "{{! }}");
    body = Template::parse(*text, Place::text, notice_vocabulary(), error);
  }
  if (!body)
    reader.add(name, error);
  return body.has_value();
}

// "others.txt"
std::optional<PlainTemplates> parse_plain(Reader &reader, const std::string &name) {
  std::optional<Template> subject;
  std::optional<Template> text;
  if (!parse_text(reader, name + ".txt", subject, text))
    return std::nullopt;
  return PlainTemplates{std::move(*subject), std::move(*text)};
}

// "held.txt" and "held.html"
std::optional<NoticeTemplates> parse_templates(Reader &reader, const std::string &name) {
  std::optional<Template> subject;
  std::optional<Template> text;
  bool ok = parse_text(reader, name + ".txt", subject, text);
  auto html = parse_html(reader, name + ".html");
  if (!ok || !html)
    return std::nullopt;
  return NoticeTemplates{std::move(*subject), std::move(*text), std::move(*html)};
}

} // namespace

const Vocabulary &notice_vocabulary() {
  static const Vocabulary vocabulary{{"user", "count", "more", "server", "warning"},
                                     "messages",
                                     {"from", "sender", "to", "time", "subject", "why", "reason",
                                      "id", "link", "ask", "take", "until", "deleted", "released",
                                      "gone", "rejected"},
                                     "link"};
  return vocabulary;
}

std::vector<std::string_view> reason_words() {
  std::vector<std::string_view> names{infected, uninspectable, signature_failed, other};
  for (MessageClass c : told_classes)
    names.push_back(name_of(c));
  return names;
}

std::optional<std::map<std::string, std::string, std::less<>>> parse_words(std::string_view text,
                                                                           std::string &error) {
  std::map<std::string, std::string, std::less<>> words;
  for (std::size_t number = 1; !text.empty(); number++) {
    std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    std::string_view line = without_blanks(whole);
    std::string problem =
        line.empty() || line.starts_with('#') ? std::string() : take_word(line, words);
    if (problem.empty())
      continue;
    error = "line " + std::to_string(number) + ": " + problem;
    return std::nullopt;
  }
  for (std::string_view key : reason_words()) {
    if (words.contains(key))
      continue;
    error = "there is no " + std::string(key) + " = ...";
    return std::nullopt;
  }
  return words;
}

std::optional<NoticeTexts> read_notice_texts(const std::string &directory,
                                             const std::string &language,
                                             std::vector<std::string> &errors) {
  Reader reader(directory + "/" + language, errors);
  auto held = parse_templates(reader, "held");
  auto decided = parse_templates(reader, "decided");
  auto others = parse_plain(reader, "others");
  auto sender = parse_plain(reader, "sender");
  auto file = reader.read("words");
  std::string error;
  auto words = file ? parse_words(*file, error) : std::nullopt;
  if (file && !words)
    reader.add("words", error);
  if (!held || !decided || !others || !sender || !words)
    return std::nullopt;
  return NoticeTexts{std::move(*held), std::move(*decided), std::move(*others), std::move(*sender),
                     std::move(*words)};
}

std::string why_held(const NoticeTexts &texts, const Report *report) {
  std::string why;
  auto say = [&](std::string_view key) {
    why += (why.empty() ? "" : " ") + texts.words.find(key)->second;
  };
  if (report != nullptr) {
    if (report->scan == ScanVerdict::infected)
      say(infected);
    for (MessageClass c : told_classes) {
      if (report->classes.has(c))
        say(name_of(c));
    }
    if (why.empty() && report->scan == ScanVerdict::uninspectable)
      say(uninspectable);
    if (report->signature == SignatureStatus::signed_failed ||
        report->signature == SignatureStatus::encrypted_signed_failed)
      say(signature_failed);
  }
  if (why.empty())
    say(other);
  return why;
}

} // namespace smime
