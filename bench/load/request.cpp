#include "load/request.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace hongyan::bench {
namespace {

constexpr std::string_view placeholder = "########";

std::string read_body(const std::string& file_name) {
    std::ifstream file(file_name, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read the body file " + file_name);
    std::string body{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    while (!body.empty() && body.back() == '\n') body.pop_back();
    return body;
}

std::string head(const Options& options, std::size_t body_size) {
    std::string head = "POST " + options.path + " HTTP/1.1\r\nHost: " + options.host;
    if (!options.key.empty()) head += "\r\nAuthorization: Bearer " + options.key;
    if (!options.idempotency_prefix.empty()) {
        head += "\r\nIdempotency-Key: " + options.idempotency_prefix + std::string(placeholder);
    }
    head += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body_size);
    return head + "\r\n\r\n";
}

}  // namespace

RequestTemplate::RequestTemplate(const Options& options) {
    const std::string body = read_body(options.body_file);
    text_ = head(options, body.size());
    text_ += body;
    std::size_t place = 0;
    while ((place = text_.find(placeholder, place)) != std::string::npos) {
        places_.push_back(place);
        place += placeholder.size();
    }
}

void RequestTemplate::renumber(std::string& copy, std::uint64_t& next_number) const {
    for (const std::size_t place : places_) {
        auto number = static_cast<std::uint32_t>(next_number++ % 100'000'000);
        for (std::size_t digit = placeholder.size(); digit > 0; --digit) {
            copy[place + digit - 1] = static_cast<char>('0' + number % 10);
            number /= 10;
        }
    }
}

}  // namespace hongyan::bench
