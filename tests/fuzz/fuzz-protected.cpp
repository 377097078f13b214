// The one parser of messages that runs in Dovecot's own processes.
#include "plugin/protect/protected-content.h"

#include "fuzz.h"

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) {
  lib_init();
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  istream *input = i_stream_create_from_data(data, size);
  ProtectedContent content;
  std::string error;
  FUZZ_CHECK(find_protected(input, {"1", "2.1"}, content, error));
  for (const ProtectedPart &part : content.parts)
    FUZZ_CHECK(part.offset <= size && part.size <= size - part.offset);
  FUZZ_CHECK(find_lost_part(content, content) == nullptr);
  i_stream_unref(&input);
  return 0;
}
