#include "contract/lock.hpp"

#include <algorithm>

namespace hongyan {
namespace {

constexpr std::size_t word_max = 200;
constexpr Millis ttl_least{10};
constexpr Millis ttl_most{86'400'000};
constexpr Millis wait_most{3'600'000};

bool is_word(const std::string& text) {
    return !text.empty() && text.size() <= word_max &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return c > ' ' && c < '\x7f' && c != '{' && c != '}'; });
}

}  // namespace

Status check_lock_request(const LockRequest& request) {
    Error error = make_error(ErrorCode::invalid_fields, "the lock cannot be asked for like this");
    const auto complain = [&](const char* field, const char* code, const char* detail) {
        error.problems.push_back({field, code, detail});
    };
    if (!is_word(request.name))
        complain("name", "invalid", "1 to 200 printable ASCII bytes without blank, { and }");
    if (!is_word(request.owner))
        complain("owner", "invalid", "1 to 200 printable ASCII bytes without blank, { and }");
    if (request.ttl < ttl_least || request.ttl > ttl_most)
        complain("ttl", "out_of_range", "from 10 ms to one day");
    if (request.wait < Millis(0) || request.wait > wait_most)
        complain("wait", "out_of_range", "from 0 to one hour");
    if (error.problems.empty()) return Done{};
    error.detail += ": " + error.problems[0].path + " must be " + error.problems[0].detail;
    return error;
}

Error lock_is_taken(const std::string& name, Millis rest) {
    Error error = make_error(ErrorCode::conflict, "the lock " + name + " is held by another");
    error.retry_after = std::max(Millis(1), rest);
    return error;
}

Error lease_is_over(const Lease& lease) {
    return make_error(ErrorCode::conflict,
                      "the lease of " + lease.owner + " on " + lease.name +
                          " is over; whatever it protected must be asked for anew");
}

}  // namespace hongyan
