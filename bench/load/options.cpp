#include "load/options.hpp"

#include <charconv>
#include <map>
#include <stdexcept>
#include <string_view>

namespace hongyan::bench {
namespace {

template <class Number>
void read_number(const std::string& name, const std::string& text, Number& number) {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stopped != end || number < 0) {
        throw std::invalid_argument(name + " must be a number >= 0, not \"" + text + "\"");
    }
}

void apply(Options& options, const std::string& name, const std::string& value) {
    if (name == "--host")
        options.host = value;
    else if (name == "--port")
        read_number(name, value, options.port);
    else if (name == "--path")
        options.path = value;
    else if (name == "--key")
        options.key = value;
    else if (name == "--body")
        options.body_file = value;
    else if (name == "--idempotency")
        options.idempotency_prefix = value;
    else if (name == "--connections")
        read_number(name, value, options.connections);
    else if (name == "--warmup")
        read_number(name, value, options.warmup_seconds);
    else if (name == "--seconds")
        read_number(name, value, options.seconds);
    else if (name == "--rate")
        read_number(name, value, options.rate);
    else if (name == "--stop-after")
        read_number(name, value, options.stop_after);
    else if (name == "--first-number")
        read_number(name, value, options.first_number);
    else if (name == "--refused-pause")
        read_number(name, value, options.refused_pause);
    else
        throw std::invalid_argument("unknown option " + name);
}

void check(const Options& options) {
    if (options.port == 0) throw std::invalid_argument("--port is missing");
    if (options.body_file.empty()) throw std::invalid_argument("--body is missing");
    if (options.connections == 0 || options.connections > 20'000) {
        throw std::invalid_argument("--connections must be 1 to 20000");
    }
    if (options.seconds > 3'600) throw std::invalid_argument("--seconds must be at most 3600");
}

}  // namespace

Options parse_options(int count, char** arguments) {
    Options options;
    for (int index = 1; index < count; index += 2) {
        const std::string name = arguments[index];
        if (index + 1 == count) throw std::invalid_argument(name + " needs a value");
        apply(options, name, arguments[index + 1]);
    }
    check(options);
    return options;
}

const char* usage() {
    return "usage: bench_load --port N --body FILE [--host ADDRESS] [--path PATH] [--key KEY]\n"
           "  [--connections N] [--warmup S] [--seconds S] [--rate R] [--stop-after N]\n"
           "  [--first-number N] [--refused-pause MS] [--idempotency PREFIX]\n"
           "Posts FILE over keep-alive connections and prints one line of JSON. Each run of eight "
           "# in\n"
           "FILE becomes a fresh number in every request. With --rate the loop is open and a "
           "latency\n"
           "begins when the request should have left.\n";
}

}  // namespace hongyan::bench
