#include "universe/aliyun/form.hpp"

#include <algorithm>
#include <charconv>

namespace hongyan::universe::aliyun {
namespace {

constexpr std::size_t most_pairs = 200;

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const char c = text.front();
        if (c != '%') {
            out += c == '+' ? ' ' : c;
            text.remove_prefix(1);
            continue;
        }
        unsigned byte = 0;
        const std::string_view digits = text.substr(1, 2);
        const char* end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, byte, 16);
        if (digits.size() < 2 || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
        out += static_cast<char>(byte);
        text.remove_prefix(3);
    }
    return out;
}

}  // namespace

bool add_pairs(Parameters& parameters, std::string_view text) {
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        const auto name = decoded(pair.substr(0, equals));
        const auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value || parameters.size() == most_pairs) return false;
        if (!parameters.emplace(*name, *value).second) return false;
    }
    return true;
}

std::string value_in(const Parameters& parameters, const std::string& name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? "" : found->second;
}

}  // namespace hongyan::universe::aliyun
