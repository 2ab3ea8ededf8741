#include "load/response.hpp"

#include <strings.h>

#include <charconv>

namespace hongyan::bench {
namespace {

constexpr std::string_view length_name = "content-length:";

/// The length that the head declares; nothing when it declares none.
std::optional<std::size_t> content_length(std::string_view head) {
    std::size_t line = head.find("\r\n");
    while (line != std::string_view::npos) {
        std::string_view field = head.substr(line + 2);
        if (field.size() > length_name.size() &&
            strncasecmp(field.data(), length_name.data(), length_name.size()) == 0) {
            field.remove_prefix(length_name.size());
            while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
            std::size_t length = 0;
            std::from_chars(field.data(), field.data() + field.size(), length);
            return length;
        }
        line = head.find("\r\n", line + 2);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Response> parse_response(std::string_view bytes) {
    const std::size_t head_size = bytes.find("\r\n\r\n");
    if (head_size == std::string_view::npos) return std::nullopt;
    const std::string_view head = bytes.substr(0, head_size);
    int status = 0;
    if (head.starts_with("HTTP/1.") && head.size() >= 12) {
        std::from_chars(head.data() + 9, head.data() + 12, status);
    }
    const std::optional<std::size_t> length = content_length(head);
    if (!length && status != 204) return Response{0, bytes.size()};
    const std::size_t size = head_size + 4 + length.value_or(0);
    if (bytes.size() < size) return std::nullopt;
    return Response{status, size};
}

}  // namespace hongyan::bench
