// How many ids a second the RabbitMQ engine brings to the broker (confirmed) and back
// (acknowledged), beside a bare loop on librabbitmq that sends bodies of the same size over one
// connection and does nothing else; and what an id costs the broker in processor time. Both in turn
// in each round, since only ratios within a run mean much.
//
//     test/cluster/rabbitmq.py start FOLDER
//     build/release/bench/bench_rabbitmq_out FOLDER [rounds] [ids]
//     test/cluster/rabbitmq.py stop FOLDER
//
// Groups are what one commit hands over at a time: 1 is a single send, 256 a batch. Ours packs what
// waits into fewer, larger carriers when the broker is slower than the commits; the bare loop sends
// each group as it is.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/local/queue.hpp"
#include "engine/rabbitmq/queue.hpp"
#include "engine/rabbitmq/wire.hpp"

namespace {

using namespace hongyan;
using Clock_ = std::chrono::steady_clock;
constexpr std::size_t window = 512;
constexpr int prefetch = 32;

double since(Clock_::time_point start) {
    return std::chrono::duration<double>(Clock_::now() - start).count();
}

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "bench_rabbitmq_out: %s\n", what.c_str());
    std::exit(1);
}

/// Processor seconds of every process of the broker's session.
double broker_seconds(int session) {
    double ticks = 0;
    for (const auto& one : std::filesystem::directory_iterator("/proc")) {
        if (std::isdigit(static_cast<unsigned char>(one.path().filename().string()[0])) == 0)
            continue;
        std::ifstream file(one.path() / "stat");
        std::string text((std::istreambuf_iterator<char>(file)), {});
        const auto end = text.rfind(')');
        if (end == std::string::npos) continue;
        std::istringstream rest(text.substr(end + 2));
        std::vector<std::string> fields;
        for (std::string field; rest >> field;) fields.push_back(field);
        if (fields.size() > 12 && std::stoi(fields[3]) == session)
            ticks += std::stod(fields[11]) + std::stod(fields[12]);
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double own_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct Figures {
    double publish_per_s = 0;
    double consume_per_s = 0;
    double broker_us = 0;
    double own_us = 0;
};

/// A quorum queue over one connection, as bare as it gets.
class Bare {
  public:
    explicit Bare(int port) : state_(amqp_new_connection()) {
        auto* socket = amqp_tcp_socket_new(state_);
        if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) fail("no connection");
        const auto in =
            amqp_login(state_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        if (in.reply_type != AMQP_RESPONSE_NORMAL) fail("no log-in");
        amqp_channel_open(state_, 1);
        amqp_confirm_select(state_, 1);
        amqp_table_entry_t type{};
        type.key = amqp_cstring_bytes("x-queue-type");
        type.value.kind = AMQP_FIELD_KIND_UTF8;
        type.value.value.bytes = amqp_cstring_bytes("quorum");
        amqp_queue_delete(state_, 1, queue_, 0, 0);
        amqp_queue_declare(state_, 1, queue_, 0, 1, 0, 0, {1, &type});
        if (amqp_get_rpc_reply(state_).reply_type != AMQP_RESPONSE_NORMAL) fail("no queue");
    }
    ~Bare() {
        amqp_queue_delete(state_, 1, queue_, 0, 0);
        amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
        amqp_destroy_connection(state_);
    }
    void publish(const std::vector<std::string>& bodies) {
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
        properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
        std::size_t sent = 0;
        std::map<std::uint64_t, bool> open;
        while (sent < bodies.size() || !open.empty()) {
            while (sent < bodies.size() && open.size() < window) {
                const auto& body = bodies[sent];
                amqp_basic_publish(state_, 1, amqp_empty_bytes, queue_, 1, 0, &properties,
                                   {body.size(), const_cast<char*>(body.data())});
                open[++tag_] = true;
                ++sent;
            }
            const auto frame = next();
            if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("not confirmed");
            const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
            if (ack->multiple != 0)
                open.erase(open.begin(), open.upper_bound(ack->delivery_tag));
            else
                open.erase(ack->delivery_tag);
        }
    }
    void consume(std::size_t count) {
        amqp_basic_qos(state_, 1, 0, prefetch, 0);
        amqp_basic_consume(state_, 1, queue_, amqp_cstring_bytes("c"), 0, 0, 0, amqp_empty_table);
        for (std::size_t got = 0; got < count; ++got) {
            amqp_envelope_t envelope;
            amqp_maybe_release_buffers(state_);
            const auto reply = amqp_consume_message(state_, &envelope, nullptr, 0);
            if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail("not consumed");
            const auto read = rabbitmq::decode(
                {static_cast<const char*>(envelope.message.body.bytes), envelope.message.body.len});
            if (!read) fail("not ours");
            amqp_basic_ack(state_, 1, envelope.delivery_tag, 0);
            amqp_destroy_envelope(&envelope);
        }
        amqp_basic_cancel(state_, 1, amqp_cstring_bytes("c"));
    }

  private:
    amqp_frame_t next() {
        amqp_frame_t frame{};
        amqp_maybe_release_buffers(state_);
        if (amqp_simple_wait_frame(state_, &frame) != AMQP_STATUS_OK) fail("no frame");
        return frame;
    }
    const amqp_connection_state_t state_;
    const amqp_bytes_t queue_ = amqp_cstring_bytes("bench-bare");
    std::uint64_t tag_ = 0;
};

std::vector<Job> group_of(MessageId first, std::size_t size) {
    std::vector<Job> jobs(size);
    const SystemClock clock;
    for (std::size_t i = 0; i < size; ++i) {
        jobs[i].id = first_id_at(clock.now_ms()) + first + static_cast<MessageId>(i);
        jobs[i].ready_ms = clock.now_ms();
    }
    return jobs;
}

template <class Work>
Figures measured(int session, std::size_t ids, Work work) {
    Figures figures;
    const auto broker = broker_seconds(session);
    const auto own = own_seconds();
    const auto [publish, consume] = work();
    figures.publish_per_s = static_cast<double>(ids) / publish;
    figures.consume_per_s = static_cast<double>(ids) / consume;
    figures.broker_us = (broker_seconds(session) - broker) * 1e6 / static_cast<double>(ids);
    figures.own_us = (own_seconds() - own) * 1e6 / static_cast<double>(ids);
    return figures;
}

Figures run_bare(int port, int session, std::size_t ids, std::size_t group) {
    std::vector<std::string> bodies;
    for (std::size_t i = 0; i < ids; i += group)
        bodies.push_back(
            rabbitmq::encode(SystemClock().now_ms(), group_of(static_cast<MessageId>(i), group)));
    Bare bare(port);
    return measured(session, ids, [&] {
        auto start = Clock_::now();
        bare.publish(bodies);
        const auto publish = since(start);
        start = Clock_::now();
        bare.consume(bodies.size());
        return std::pair(publish, since(start));
    });
}

Figures run_ours(int port, int session, std::size_t ids, std::size_t group, double& per_carrier) {
    auto options = *rabbitmq::parse("amqp://guest:guest@127.0.0.1:" + std::to_string(port) +
                                    "/?prefix=bench&prefetch=" + std::to_string(prefetch));
    const SystemClock clock;
    Log log(LogLevel::error);
    auto opened = rabbitmq::RabbitQueue::open(
        options, clock, log, std::make_unique<local::LocalQueue>(clock, Millis(30'000)));
    if (!opened) fail(opened.error().detail);
    auto& queue = **opened;
    while (!queue.health().connected) std::this_thread::sleep_for(Millis(1));
    return measured(session, ids, [&] {
        auto start = Clock_::now();
        for (std::size_t i = 0; i < ids; i += group) {
            queue.publish(group_of(static_cast<MessageId>(i), group));
            // Commits wait for nobody, but they are not endless either.
            while (queue.stats().confirmed + window * group < i) std::this_thread::yield();
        }
        while (queue.stats().confirmed < ids)
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        const auto publish = since(start);
        start = Clock_::now();
        std::size_t got = 0;
        while (got < ids) {
            std::vector<MessageId> done;
            for (const Job& job : queue.take(256, all_channels, Millis(100)))
                done.push_back(job.id);
            queue.done(done);
            got += done.size();
        }
        const auto consume = since(start);
        per_carrier = static_cast<double>(ids) / static_cast<double>(queue.stats().carriers);
        opened->reset();  // the last acknowledgements
        return std::pair(publish, consume);
    });
}

double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

}  // namespace

int main(int count, char** words) {
    if (count < 2) fail("usage: bench_rabbitmq_out FOLDER [rounds] [ids]");
    std::map<std::string, std::string> note;
    std::ifstream file(std::string(words[1]) + "/broker.env");
    for (std::string line; std::getline(file, line);)
        note[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    if (note["PORT"].empty()) fail("no broker runs there");
    const int rounds = count > 2 ? std::atoi(words[2]) : 3;
    const auto ids = static_cast<std::size_t>(count > 3 ? std::atol(words[3]) : 51'200) / 256 * 256;
    const int port = std::stoi(note["PORT"]);
    const int session = std::stoi(note["PID"]);
    std::printf("%-6s %-5s %12s %12s %14s %12s %12s\n", "group", "", "publish/s", "consume/s",
                "broker us/id", "own us/id", "ids/carrier");
    for (const std::size_t group : {1, 16, 256}) {
        std::map<std::string, std::vector<double>> all;
        for (int round = 0; round < rounds; ++round) {
            double per_carrier = 0;
            const auto bare = run_bare(port, session, ids, group);
            const auto ours = run_ours(port, session, ids, group, per_carrier);
            const auto show = [&](const char* name, const Figures& f, double each) {
                std::printf("%-6zu %-5s %12.0f %12.0f %14.2f %12.2f %12.1f\n", group, name,
                            f.publish_per_s, f.consume_per_s, f.broker_us, f.own_us, each);
            };
            show("bare", bare, static_cast<double>(group));
            show("ours", ours, per_carrier);
            all["publish"].push_back(ours.publish_per_s / bare.publish_per_s);
            all["consume"].push_back(ours.consume_per_s / bare.consume_per_s);
            all["broker"].push_back(ours.broker_us / std::max(0.01, bare.broker_us));
        }
        std::printf("%-6zu ratio publish %.2f, consume %.2f, broker time %.2f (medians)\n", group,
                    median(all["publish"]), median(all["consume"]), median(all["broker"]));
    }
    return 0;
}
