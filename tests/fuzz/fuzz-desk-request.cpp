// What comes from the desk's web process: frames of any size, and requests that are refused or are
// what the reader says, in which nothing can become an option of a command.
#include "desk/protocol/frames.h"
#include "desk/protocol/object-reader.h"
#include "desk/protocol/request.h"
#include "desk/worker/commands.h"
#include "desk/worker/replies.h"
#include "fuzz.h"

#include <algorithm>

using namespace smime;
using namespace smime::desk;

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

namespace {

const Caller caller{"carla", Kind::reviewer, "192.0.2.1"};

// Each word that may begin with "-" does so as we wrote it.
void check_words(const Command &command, const std::string &user) {
  bool is_value = false;
  for (const std::string &word : command.words) {
    FUZZ_CHECK(word.find('\0') == std::string::npos);
    FUZZ_CHECK(!is_value || word == user);
    FUZZ_CHECK(is_value || !word.starts_with('-') || word == "-u" || word.starts_with("--"));
    is_value = !is_value && word == "-u";
  }
  auto as = std::count_if(command.words.begin(), command.words.end(),
                          [](const std::string &word) { return word.starts_with("--as="); });
  FUZZ_CHECK(as == 1 || user == "--as=carla" || user.starts_with("--as="));
}

void check_commands(const Request &request) {
  if (!wrong_request(request).empty())
    return;
  if (const auto *list = std::get_if<ListRequest>(&request.body))
    check_words(list_command(caller, *list, "held", list->limit, list->after), "");
  if (const auto *show = std::get_if<ShowRequest>(&request.body))
    check_words(show_command(caller, show->item), show->item.user);
  const auto *act = std::get_if<ActRequest>(&request.body);
  if (act == nullptr)
    return;
  for (const ItemKey &item : act->items) {
    FUZZ_CHECK(is_item_id(item.id) && is_one_user(item.user) && !item.user.empty());
    check_words(act_command(caller, *act, item.user, {item.id}), item.user);
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text = as_text(data, size);
  ReadRequest read = read_request(text);
  FUZZ_CHECK(read.request.has_value() == read.error.empty());
  if (read.request) {
    ReadRequest again = read_request(write_request(*read.request));
    FUZZ_CHECK(again.request && write_request(*again.request) == write_request(*read.request));
    check_commands(*read.request);
  }
  FrameReader frames(max_request_frame);
  frames.add(text);
  while (auto json = frames.next())
    FUZZ_CHECK(!json->empty() && json->size() <= max_request_frame);
  std::string line(text.substr(0, max_cursor));
  auto cursor = read_cursor(line);
  FUZZ_CHECK(!cursor || write_cursor(*cursor) == line);
  ProgramResult result;
  result.status = 0;
  result.output = text;
  FUZZ_CHECK(act_results(result, "anna", {"x"}).size() == 1);
  (void)parts_answer(result);
  (void)token_answer(result);
  return 0;
}
