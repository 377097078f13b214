// A process beside the scanner that does one thing for it which the scanner itself may not, and
// that ends with it.
#ifndef SMIME_HELPER_PROCESS_H
#define SMIME_HELPER_PROCESS_H

#include <ctime>
#include <functional>
#include <string>

namespace smime {

// Starts the process, before the sandbox is entered. serve runs in it, with the process's end of
// a channel of packets that serve closes, or leaves open until the process ends with serve; it
// gives up the rights that it does not need. Returns the scanner's end, which the caller closes
// and on which a read waits for answer_seconds; -1 with error set if there is no process.
int start_helper(time_t answer_seconds, const std::function<void(int channel)> &serve,
                 std::string &error);

// In the process: signals do what they do by default. What the scanner has open is closed,
// except the channel, which becomes descriptor 0, and kept, which becomes 3 (-1: nothing is
// kept); 1 and 2 are /dev/null. Returns false with errno set.
bool close_all_but(int channel, int kept = -1);

} // namespace smime

#endif
