// What a request is answered: a function of the request and of what the worker answered so far, so
// that all of it is tested without either. It is called again with each answer that it asked for.
// No Dovecot header.
#ifndef SMIME_DESK_DESK_H
#define SMIME_DESK_DESK_H

#include "desk/protocol/answer.h"
#include "desk/protocol/config.h"
#include "desk/protocol/request.h"
#include "desk/web/http.h"
#include "desk/web/templates.h"
#include "desk/web/texts.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

// The worker's answers by name: "whoami", "list" and so on.
using Answers = std::map<std::string, AnswerBody, std::less<>>;

struct Ask {
  std::string name;
  Request request;
};

struct Decision {
  // To be asked, all at once. Empty: it is answered.
  std::vector<Ask> asks;
  HttpReply reply;
  // What is streamed behind the reply's headers; a failure of it is an answer like the others.
  std::optional<Ask> stream;
};

// What is read when the process starts: files of texts by name.
struct Library {
  Texts en;
  Texts de;
  std::unique_ptr<Templates> templates;
  // desk.css and the others, openapi.json.
  std::map<std::string, std::string, std::less<>> files;
};

// From the directory's files by name. Nullopt with error set.
std::optional<Library> library_of(const std::map<std::string, std::string> &files,
                                  std::string &error);
// The names of all of them.
const std::vector<std::string> &library_files();

class Desk {
public:
  Desk(const DeskConfig &config, Library library) : config_(config), library_(std::move(library)) {}

  Decision decide(const HttpRequest &request, const Answers &answers) const;
  // For what cannot be answered otherwise: the worker is gone, or does not answer.
  HttpReply failure(const HttpRequest &request, ErrorCode code) const;

  const DeskConfig &config() const { return config_; }

private:
  DeskConfig config_;
  Library library_;
};

} // namespace smime::desk

#endif
