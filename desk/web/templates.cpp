#include "desk/web/templates.h"

#include <ctemplate/template.h>
#include <ctemplate/template_cache.h>

#include <array>

namespace smime::desk {
namespace {

constexpr ctemplate::Strip strip = ctemplate::STRIP_BLANK_LINES;
constexpr std::array<std::string_view, 9> names{"layout",  "login",   "error", "list",    "confirm",
                                                "results", "message", "token", "overview"};

void fill(ctemplate::TemplateDictionary &dictionary, const View &view);

void fill_member(ctemplate::TemplateDictionary &dictionary, const std::string &name,
                 const View &value) {
  if (value.is_boolean()) {
    if (value.get<bool>())
      dictionary.ShowSection(name);
  } else if (value.is_array()) {
    for (const View &element : value)
      fill(*dictionary.AddSectionDictionary(name), element);
  } else {
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    dictionary.SetValue(name, text);
    if (!text.empty())
      dictionary.ShowSection(name);
  }
}

void fill(ctemplate::TemplateDictionary &dictionary, const View &view) {
  for (const auto &[name, value] : view.items())
    fill_member(dictionary, name, value);
}

} // namespace

Templates::Templates() : cache_(std::make_unique<ctemplate::TemplateCache>()) {}
Templates::~Templates() = default;

std::unique_ptr<Templates> Templates::parse(const std::map<std::string, std::string> &files,
                                            std::string &error) {
  std::unique_ptr<Templates> result(new Templates);
  for (std::string_view name : names) {
    std::string file = std::string(name) + ".tpl";
    auto found = files.find(file);
    if (found == files.end() ||
        !result->cache_->StringToTemplateCache(file, found->second, strip)) {
      error = file + (found == files.end() ? " is missing" : " is no template");
      return nullptr;
    }
  }
  // From here on nothing is looked for in files.
  result->cache_->Freeze();
  return result;
}

std::string Templates::page(std::string_view body, const Texts &texts, const View &frame,
                            const View &view) const {
  ctemplate::TemplateDictionary dictionary("page");
  for (const auto &[key, text] : texts.texts())
    dictionary.SetTemplateGlobalValue("T_" + key, text);
  dictionary.SetTemplateGlobalValue("LANG", texts.code());
  for (const auto &[name, value] : frame.items()) {
    // The frame's texts, such as the CSRF token, are every part's; its sections are its own.
    if (value.is_string())
      dictionary.SetTemplateGlobalValue(name, value.get<std::string>());
    fill_member(dictionary, name, value);
  }
  ctemplate::TemplateDictionary *inside = dictionary.AddIncludeDictionary("BODY");
  inside->SetFilename(std::string(body) + ".tpl");
  fill(*inside, view);
  std::string result;
  (void)cache_->ExpandNoLoad("layout.tpl", strip, &dictionary, nullptr, &result);
  return result;
}

} // namespace smime::desk
