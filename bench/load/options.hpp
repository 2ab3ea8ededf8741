// Options: what one run of the load generator does, read from its command line once at the start. A
// wrong argument throws std::invalid_argument with a sentence that names it.
#pragma once

#include <cstdint>
#include <string>

namespace hongyan::bench {

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string path = "/api/messages/send";
    std::string key;        ///< sent as Authorization: Bearer; "" for none
    std::string body_file;  ///< each run of eight # in it becomes a fresh number
    std::string
        idempotency_prefix;  ///< every request gets the key PREFIX + a fresh number; "" for none
    std::uint32_t connections = 50;
    double warmup_seconds = 0;
    double seconds = 5;              ///< measured after the warm-up
    double rate = 0;                 ///< requests/s of an open loop; 0: closed loop
    std::uint64_t stop_after = 0;    ///< end early after so many 2xx answers; 0: never
    std::uint64_t first_number = 0;  ///< where the fresh numbers begin
    std::uint32_t refused_pause =
        0;  ///< ms to wait before a 429 or 503 is sent again; 0: go on at once

    [[nodiscard]] bool open_loop() const { return rate > 0; }
};

Options parse_options(int count, char** arguments);
const char* usage();

}  // namespace hongyan::bench
