// Options of the RabbitMQ engine, all of them in one URL:
//     amqp[s]://user:password@host[:port][,host2[:port2]]/vhost?name=value&...
// The names are those of the fields marked with "URL". Parts are percent-encoded; the password is
// never printed. parse() refuses what it does not know, with the name of the wrong part. Plain
// data, safe to copy.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "contract/queue.hpp"

namespace hongyan::rabbitmq {

struct Host {
    std::string name;
    int port = 5672;
};

inline constexpr std::size_t most_bands = 4;

/// A queue of the broker and the priorities it carries.
struct Band {
    std::string queue;
    int lowest = 0;
    int highest = priority_levels - 1;
};

struct Options {
    std::vector<Host> hosts;  ///< tried in turn
    std::string user = "guest";
    std::string password = "guest";
    std::string vhost = "/";
    bool tls = false;
    std::string prefix = "hongyan";     ///< URL prefix: first part of our queues' names
    std::vector<std::string> queues;    ///< URL queues: existing ones to use instead, 1 or 4 names
    std::string ca_file;                ///< URL cacertfile: whom to trust; "" = the system's
    std::string cert_file;              ///< URL certfile, with keyfile: ours, if the broker asks
    std::string key_file;               ///< URL keyfile
    bool verify = true;                 ///< URL verify=peer|none: the broker's certificate and name
    int heartbeat_seconds = 10;         ///< URL heartbeat, 1 to 600
    int prefetch = 32;                  ///< URL prefetch, 1 to 1000: carriers of a band at a time
    std::int64_t held_max = 1'000'000;  ///< URL held: ids here at most before a band has to wait
    std::size_t outbox_max = 1'000'000;  ///< URL outbox: ids that may wait for the broker

    // Not for operators:
    bool consumes = true;           ///< false on a node that delivers nothing
    std::size_t carrier_ids = 256;  ///< ids in one message of the broker
    std::size_t window = 512;       ///< messages on their way to a confirm
    Millis connect_timeout{5'000};
    Millis reply_timeout{10'000};
    Millis confirm_timeout{30'000};
    Millis hungry_hold{20};        ///< a worker that finds nothing while a band's window is full
    Millis longest_hold{600'000};  ///< well below the broker's consumer_timeout of 30 minutes
    Millis depth_every{1'000};
    Millis shortest_pause{200};  ///< between attempts to connect; doubles up to the longest
    Millis longest_pause{10'000};
    Millis stop_grace{3'000};  ///< for the last confirms and acknowledgements

    /// The bands, most urgent first.
    [[nodiscard]] std::vector<Band> bands() const;
    [[nodiscard]] std::string dead_queue() const { return prefix + ".dead"; }
    /// True if the queues belong to somebody else, who made them and says what they are like.
    [[nodiscard]] bool foreign() const { return !queues.empty(); }
    /// For logs: no password.
    [[nodiscard]] std::string shown() const;
};

/// Errors: config_invalid, with a problem for each part that is wrong.
[[nodiscard]] Result<Options> parse(std::string_view url);

}  // namespace hongyan::rabbitmq
