// What JPush checks of a push, and the code it answers with. Pure, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace hongyan::universe::jpush {

struct Finding {
    int code = 0;  ///< 0 = fine
    std::string message;
};

struct Limits {
    std::size_t android = 4000;
    std::size_t ios = 2000;
    std::vector<std::string> unknown_ids;
};

[[nodiscard]] Finding check_push(const boost::json::object& push, const Limits& limits);
/// The registration ids of the audience; empty if it is of another kind.
[[nodiscard]] std::vector<std::string> ids_of(const boost::json::object& push);
/// HTTP status of a code.
[[nodiscard]] int status_of(int code);

}  // namespace hongyan::universe::jpush
