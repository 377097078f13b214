// clang 14 cannot compile qpdf 11's own JSON.hh as C++20 (std::vector of a type
// that is not complete yet). The scanner uses nothing of it; for the
// instrumented build, its name is enough. Later ones can.
#if __clang_major__ > 14
#include_next <qpdf/JSON.hh>
#else
#ifndef JSON_HH
#define JSON_HH
#include <functional>
#include <memory>
#include <string>
#include <vector>
class JSON;
#endif
#endif
