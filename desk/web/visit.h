// One request on its way to an answer: what pages and calls have in common. No Dovecot header.
#ifndef SMIME_DESK_VISIT_H
#define SMIME_DESK_VISIT_H

#include "desk/web/desk.h"
#include "desk/web/form.h"
#include "desk/web/headers.h"
#include "desk/web/route.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

struct Visit {
  const HttpRequest &http;
  const Answers &answers;
  const DeskConfig &config;
  const Library &library;
  const Texts &texts;
  Route route;
  Fields query;
  // Of a POST of a page.
  Fields form;
  // At most one of the two is not empty.
  std::string session;
  std::string bearer;

  const AnswerBody *answer(std::string_view name) const;
  // An answer of this type; null where there is none.
  template <typename Body> const Body *get(std::string_view name) const {
    const AnswerBody *body = answer(name);
    return body == nullptr ? nullptr : std::get_if<Body>(body);
  }
  // The message of the path and of user= in the query; nullopt if it names none.
  std::optional<ItemKey> item() const;
};

struct Question {
  std::string_view name;
  RequestBody body;
};

Ask ask_for(const Visit &visit, const Question &question);
// Asks what is not answered yet. Nullopt: all is, and well.
std::optional<Decision> need(const Visit &visit, const std::vector<Question> &questions);
// The same where a failure is for the page to tell.
std::optional<Decision> await(const Visit &visit, const std::vector<Question> &questions);
// Needs whoami, and that a POST comes from a page of this session.
std::optional<Decision> need_own_page(const Visit &visit, std::string_view token);

Decision answered(HttpReply reply);
// A page in the layout.
Decision page(const Visit &visit, std::string_view body, const std::string &title, const View &view,
              unsigned status = 200);
Decision json_reply(const Visit &visit, const nlohmann::json &value, unsigned status = 200);
Decision redirect(const Visit &visit, const std::string &where);
// A page or JSON, as the route has it.
Decision refusal(const Visit &visit, ErrorCode code, const std::string &detail = {});
Decision refusal(const Visit &visit, unsigned status, const char *what);

// The parts that the routes lead to.
Decision visit_page(const Visit &visit);
Decision visit_api(const Visit &visit);
// The message as it came, for both.
Decision original(const Visit &visit);

} // namespace smime::desk

#endif
