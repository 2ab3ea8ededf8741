#include "http/response_writer.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace hongyan::http {

namespace {

constexpr std::string_view default_content_security_policy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'";

void append_number(std::string& out, std::size_t number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_status_line(std::string& out, int status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    if (status == 202) {
        out += "HTTP/1.1 202 Accepted\r\n";
        return;
    }
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(status));
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
}

void append_page_fields(std::string& out, const Response& response) {
    if (response.headers.find("Content-Security-Policy").empty()) {
        out += "Content-Security-Policy: ";
        out += default_content_security_policy;
        out += "\r\n";
    }
    out += "X-Frame-Options: DENY\r\n";
}

}  // namespace

bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Unknown";
    }
}

std::string common_fields_at(std::int64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 64> date;
    const std::size_t length =
        std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return "Date: " + std::string(date.data(), length) +
           "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
}

void append_head(std::string& out, const Response& response, std::size_t body_bytes,
                 const WireFacts& facts) {
    append_status_line(out, response.status);
    out += facts.common_fields;
    if (!response.content_type.empty() && !is_bodiless(response.status)) {
        out += "Content-Type: ";
        out += response.content_type;
        out += "\r\n";
        if (response.content_type.starts_with("text/html")) append_page_fields(out, response);
    }
    if (!is_bodiless(response.status)) {
        out += "Content-Length: ";
        append_number(out, body_bytes);
        out += "\r\n";
    }
    out += "X-Request-Id: ";
    out += facts.request_id;
    if (response.headers.empty()) {
        out += "\r\nCache-Control: no-store\r\n";
    } else {
        out += "\r\n";
        out += response.headers.lines();
        if (response.headers.find("Cache-Control").empty()) out += "Cache-Control: no-store\r\n";
    }
    if (facts.close) {
        out += "Connection: close\r\n";
    } else if (!facts.http_11) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

}  // namespace hongyan::http
