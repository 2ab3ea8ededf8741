// bench_load: see usage() in load/options.cpp.
#include <sys/resource.h>

#include <boost/json.hpp>
#include <exception>
#include <iostream>

#include "load/load.hpp"

namespace {

using hongyan::bench::LoadResult;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

boost::json::object to_json(const LoadResult& result) {
    const auto milliseconds = [&](double share) {
        return static_cast<double>(result.latency.quantile(share)) / 1e6;
    };
    boost::json::object errors;
    for (const auto& [name, count] : result.errors) errors[name] = count;
    return {{"started_ns", result.started_ns},
            {"seconds", result.seconds},
            {"requests", result.requests},
            {"answered", result.answered},
            {"accepted", result.accepted},
            {"per_second", static_cast<double>(result.answered) / std::max(result.seconds, 1e-9)},
            {"errors", errors},
            {"first_error", result.first_error},
            {"p50_ms", milliseconds(0.5)},
            {"p90_ms", milliseconds(0.9)},
            {"p99_ms", milliseconds(0.99)},
            {"p999_ms", milliseconds(0.999)},
            {"max_ms", static_cast<double>(result.latency.max()) / 1e6},
            {"cpu_seconds", cpu_seconds()}};
}

}  // namespace

int main(int count, char** arguments) try {
    const hongyan::bench::Options options = hongyan::bench::parse_options(count, arguments);
    hongyan::bench::Load load(options);
    std::cout << boost::json::serialize(to_json(load.run())) << std::endl;
    return 0;
} catch (const std::invalid_argument& error) {
    std::cerr << "bench_load: " << error.what() << "\n" << hongyan::bench::usage();
    return 2;
} catch (const std::exception& error) {
    std::cerr << "bench_load: " << error.what() << "\n";
    return 1;
}
