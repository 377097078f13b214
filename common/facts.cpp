#include "common/facts.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace smime {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json &document) {
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json problems_json(const std::vector<ReportError> &problems) {
  Json list = Json::array();
  for (const ReportError &problem : problems)
    list.push_back({{"code", problem.code},
                    {"path", problem.path},
                    {"text", problem.text},
                    {"remedy", problem.remedy}});
  return list;
}

Json object_json(const ObjectFacts &facts) {
  return {{"kind", facts.kind},
          {"file", facts.file},
          {"domain", facts.domain},
          {"subject", facts.subject},
          {"issuer", facts.issuer},
          {"serial", facts.serial},
          {"aki", facts.aki},
          {"ski", facts.ski},
          {"sha256", facts.sha256},
          {"not_before", facts.not_before},
          {"not_after", facts.not_after},
          {"email", facts.email},
          {"not_for_mail", facts.not_for_mail},
          {"crl_address", facts.crl_address},
          {"der", facts.der},
          {"problems", problems_json(facts.problems)}};
}

Json objects_json(const std::vector<ObjectFacts> &objects) {
  Json list = Json::array();
  for (const ObjectFacts &facts : objects)
    list.push_back(object_json(facts));
  return list;
}

Json store_json(const StoreFacts &facts) {
  return {{"directory", facts.directory},
          {"crl_policy", facts.crl_policy},
          {"objects", objects_json(facts.objects)},
          {"problems", problems_json(facts.problems)},
          {"error", facts.error}};
}

// Reads members of one object; the first that is missing or of another type
// fails all.
class Members {
public:
  Members(const Json &object, std::string &error) : object_(object), error_(error) {
    if (!object.is_object())
      error_ = "an object is missing";
  }

  void get(const char *key, std::string &value) {
    if (const Json *found = find(key, [](const Json &entry) { return entry.is_string(); }))
      value = found->get<std::string>();
  }
  void get(const char *key, bool &value) {
    if (const Json *found = find(key, [](const Json &entry) { return entry.is_boolean(); }))
      value = found->get<bool>();
  }
  void get(const char *key, std::int64_t &value) {
    if (const Json *found = find(key, [](const Json &entry) { return entry.is_number_integer(); }))
      value = found->get<std::int64_t>();
  }
  template <typename Unsigned> void get_unsigned(const char *key, Unsigned &value) {
    if (const Json *found = find(key, [](const Json &entry) { return entry.is_number_unsigned(); }))
      value = found->get<Unsigned>();
  }
  void get(const char *key, std::vector<std::string> &values) {
    each(key, max_fact_list, [&](const Json &entry) {
      if (entry.is_string())
        values.push_back(entry.get<std::string>());
      else
        fail(key);
    });
  }
  template <typename Take> void each(const char *key, std::size_t most, Take take) {
    const Json *list = find(key, [](const Json &entry) { return entry.is_array(); });
    if (list == nullptr)
      return;
    if (list->size() > most)
      return fail(key);
    for (const Json &entry : *list) {
      if (error_.empty())
        take(entry);
    }
  }
  const Json *object(const char *key) {
    return find(key, [](const Json &entry) { return entry.is_object(); });
  }

private:
  void fail(const char *key) {
    if (error_.empty())
      error_ = "smime-scanner's answer has no usable \"" + std::string(key) + "\"";
  }
  template <typename Is> const Json *find(const char *key, Is is) {
    if (!error_.empty())
      return nullptr;
    auto it = object_.find(key);
    if (it != object_.end() && is(*it))
      return &*it;
    fail(key);
    return nullptr;
  }

  const Json &object_;
  std::string &error_;
};

void read_problems(Members &members, std::vector<ReportError> &problems, std::size_t most,
                   std::string &error) {
  members.each("problems", most, [&](const Json &entry) {
    ReportError problem;
    Members one(entry, error);
    one.get("code", problem.code);
    one.get("path", problem.path);
    one.get("text", problem.text);
    one.get("remedy", problem.remedy);
    problems.push_back(std::move(problem));
  });
}

ObjectFacts read_object(const Json &entry, std::string &error) {
  ObjectFacts facts;
  Members members(entry, error);
  members.get("kind", facts.kind);
  members.get("file", facts.file);
  members.get("domain", facts.domain);
  members.get("subject", facts.subject);
  members.get("issuer", facts.issuer);
  members.get("serial", facts.serial);
  members.get("aki", facts.aki);
  members.get("ski", facts.ski);
  members.get("sha256", facts.sha256);
  members.get("not_before", facts.not_before);
  members.get("not_after", facts.not_after);
  members.get("email", facts.email);
  members.get("not_for_mail", facts.not_for_mail);
  members.get("crl_address", facts.crl_address);
  members.get("der", facts.der);
  read_problems(members, facts.problems, max_fact_list, error);
  return facts;
}

void read_objects(Members &members, std::vector<ObjectFacts> &objects, std::string &error) {
  members.each("objects", max_fact_objects,
               [&](const Json &entry) { objects.push_back(read_object(entry, error)); });
}

StoreFacts read_store(const Json &document, std::string &error) {
  StoreFacts facts;
  Members members(document, error);
  members.get("directory", facts.directory);
  members.get("crl_policy", facts.crl_policy);
  read_objects(members, facts.objects, error);
  read_problems(members, facts.problems, max_fact_objects, error);
  members.get("error", facts.error);
  return facts;
}

PathFacts read_path(const Json &entry, std::string &error) {
  PathFacts facts;
  Members members(entry, error);
  members.get("setting", facts.setting);
  members.get("path", facts.path);
  members.get_unsigned("mode", facts.mode);
  members.get_unsigned("owner", facts.owner);
  members.get("error", facts.error);
  return facts;
}

// What read makes of the text, unless there is an error.
template <typename Read>
auto from_json(std::string_view text, std::string &error, Read read)
    -> std::optional<decltype(read(Json(), error))> {
  error.clear();
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    error = "smime-scanner's answer is no JSON";
    return std::nullopt;
  }
  auto facts = read(document, error);
  if (!error.empty())
    return std::nullopt;
  return facts;
}

} // namespace

std::string to_json(const FileFacts &facts) {
  return dump(
      {{"file", facts.file}, {"objects", objects_json(facts.objects)}, {"error", facts.error}});
}

std::string to_json(const StoreFacts &facts) { return dump(store_json(facts)); }

std::string to_json(const HealthFacts &facts) {
  Json paths = Json::array();
  for (const PathFacts &path : facts.paths)
    paths.push_back({{"setting", path.setting},
                     {"path", path.path},
                     {"mode", path.mode},
                     {"owner", path.owner},
                     {"error", path.error}});
  return dump({{"version", facts.version},
               {"config", facts.config},
               {"config_error", facts.config_error},
               {"timeout", facts.timeout},
               {"max_document_size", facts.max_document_size},
               {"max_opened_size", facts.max_opened_size},
               {"clamd", facts.clamd},
               {"trusted_users", facts.trusted_users},
               {"paths", std::move(paths)},
               {"escrow_error", facts.escrow_error},
               {"report_certificates", facts.report_certificates},
               {"trust", store_json(facts.trust)}});
}

std::optional<FileFacts> file_facts_from_json(std::string_view text, std::string &error) {
  return from_json(text, error, [](const Json &document, std::string &problem) {
    FileFacts facts;
    Members members(document, problem);
    members.get("file", facts.file);
    read_objects(members, facts.objects, problem);
    members.get("error", facts.error);
    return facts;
  });
}

std::optional<StoreFacts> store_facts_from_json(std::string_view text, std::string &error) {
  return from_json(text, error, read_store);
}

std::optional<HealthFacts> health_facts_from_json(std::string_view text, std::string &error) {
  return from_json(text, error, [](const Json &document, std::string &problem) {
    HealthFacts facts;
    Members members(document, problem);
    members.get("version", facts.version);
    members.get("config", facts.config);
    members.get("config_error", facts.config_error);
    members.get_unsigned("timeout", facts.timeout);
    members.get_unsigned("max_document_size", facts.max_document_size);
    members.get_unsigned("max_opened_size", facts.max_opened_size);
    members.get("clamd", facts.clamd);
    members.get("trusted_users", facts.trusted_users);
    members.each("paths", max_fact_list,
                 [&](const Json &entry) { facts.paths.push_back(read_path(entry, problem)); });
    members.get("escrow_error", facts.escrow_error);
    members.get("report_certificates", facts.report_certificates);
    if (const Json *trust = members.object("trust"))
      facts.trust = read_store(*trust, problem);
    return facts;
  });
}

} // namespace smime
