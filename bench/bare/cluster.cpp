// bench_bare_cluster: what a node of the cluster would cost if it did its durable work and nothing
// else, written by hand on the same engines. A Beast server on one thread takes single sends and
// batches with the bodies that Hongyan takes, fills in the text, and answers 202 once the rows are
// committed to PostgreSQL (a table like Hongyan's own, one committer for all that waits); their ids
// go through a quorum queue of RabbitMQ with confirms, are taken back, sent to nowhere and marked
// as success in bulk, and acknowledged after that. It has no templates, keys, limits, attempts,
// statistics, tasks, priorities or retries, and dies of every failure.
//
//   bench_bare_cluster PORT POSTGRES_URL BROKER_PORT
//
// The database must be one in which Hongyan has made its tables: the sketch copies its own from
// them, into the schema "bare". GET /counts tells how many were accepted and finished; at SIGTERM
// it prints what it did as JSON.
#include <sys/resource.h>

#include <boost/asio/impl/src.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/src.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "cluster_broker.hpp"
#include "cluster_store.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;

constexpr std::uint64_t largest_body = 8 * 1024 * 1024;

/// As COPY takes it.
void append_escaped(std::string& to, std::string_view text) {
    for (const char c : text) {
        if (c == '\\' || c == '\t' || c == '\n' || c == '\r') to += '\\';
        to += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
    }
    to += '\t';
}

std::string_view text_in(const json::object& from, std::string_view name) {
    const json::value* field = from.if_contains({name.data(), name.size()});
    if (field == nullptr || !field->is_string()) return {};
    return {field->get_string().data(), field->get_string().size()};
}

/// What all messages of a request share: everything but id and recipient.
struct Shared {
    std::string content;
    std::string metadata;
    std::int64_t priority = 5;
};

Shared shared_of(const json::object& send) {
    Shared shared;
    if (const json::value* found = send.if_contains("variables"); found && found->is_object()) {
        const json::object& variables = found->get_object();
        const json::value* days = variables.if_contains("delivery_days");
        append_escaped(shared.content,
                       "【鸿雁】" + std::string(text_in(variables, "customer_name")) +
                           "您好，您的订单 " + std::string(text_in(variables, "order_no")) +
                           " 已发货，预计 " + (days ? json::serialize(*days) : "") + " 天内送达。");
    }
    if (shared.content.empty()) shared.content = "\t";
    if (const json::value* found = send.if_contains("metadata"))
        append_escaped(shared.metadata, json::serialize(*found));
    if (const json::value* found = send.if_contains("priority"); found && found->is_int64())
        shared.priority = found->get_int64();
    return shared;
}

bare::Row row_of(std::int64_t id, std::int64_t task, std::string_view recipient,
                 const Shared& shared) {
    std::string line = std::to_string(id) + '\t';
    line += task == 0 ? "\\N" : std::to_string(task);
    line += "\t1\t";
    append_escaped(line, recipient);
    line += "sms\t";
    line += shared.content;
    line += std::to_string(shared.priority) + "\tpending\t1\t1\t" + std::to_string(id >> 20);
    line += "\tsandbox\t";
    if (shared.metadata.empty())
        line += "\\N";
    else
        line.append(shared.metadata, 0, shared.metadata.size() - 1);
    line += '\n';
    return {id, std::move(line)};
}

/// The rest of a node: what is between HTTP, store and broker.
class Node {
  public:
    Node(asio::io_context& context, const std::string& url, const bare::BrokerAddress& broker)
        : context_(context),
          publisher_(broker),
          consumer_(broker, [this](auto ids, auto tag) { send(std::move(ids), tag); }),
          committer_(url, [this](bare::Written written) { on_written(std::move(written)); }) {
        consumer_.start();
    }
    ~Node() { consumer_.stop(); }  // before the committer, to which it hands what it takes
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// One after the other, the upper bits the milliseconds of now; on the I/O thread alone.
    std::int64_t next_id() { return last_id_ = std::max(last_id_ + 1, bare::now_ms() << 20); }
    std::int64_t next_task() { return ++last_task_; }
    bare::Committer& committer() { return committer_; }
    [[nodiscard]] json::object counts() const {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        return {{"accepted", accepted_.load()},
                {"finished", finished_.load()},
                {"commits", committer_.commits()},
                {"carriers", publisher_.carriers()},
                {"cpu_seconds", seconds(usage.ru_utime) + seconds(usage.ru_stime)}};
    }

  private:
    void on_written(bare::Written written) {
        std::vector<std::int64_t> ids;
        std::vector<std::function<void()>> answers;
        {
            const std::lock_guard lock(fresh_mutex_);
            const auto keep = [&](bare::Row& row) {
                ids.push_back(row.id);
                fresh_.emplace(row.id, std::move(row.line));
            };
            for (auto& one : written.singles) keep(one.row);
            for (auto& batch : written.batches) std::ranges::for_each(batch.rows, keep);
        }
        for (auto& one : written.singles) answers.push_back(std::move(one.done));
        for (auto& batch : written.batches) answers.push_back(std::move(batch.done));
        accepted_ += ids.size();
        if (!answers.empty()) {
            asio::post(context_, [answers = std::move(answers)] {
                for (const auto& answer : answers) answer();
            });
        }
        if (!ids.empty()) publisher_.publish(ids);
        if (written.outcomes.empty()) return;
        for (const auto& one : written.outcomes) finished_ += one.ids.size();
        consumer_.done_up_to(written.outcomes.back().tag);
    }

    /// To nowhere. Ids of an earlier process are dropped.
    void send(std::vector<std::int64_t> ids, std::uint64_t tag) {
        {
            const std::lock_guard lock(fresh_mutex_);
            std::erase_if(ids, [&](std::int64_t id) { return fresh_.erase(id) == 0; });
        }
        if (ids.empty())
            consumer_.done_up_to(tag);
        else
            committer_.settle({std::move(ids), tag});
    }

    asio::io_context& context_;
    std::int64_t last_id_ = 0;
    std::int64_t last_task_ = 0;
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<std::uint64_t> finished_{0};
    std::mutex fresh_mutex_;
    std::unordered_map<std::int64_t, std::string> fresh_;  ///< under fresh_mutex_
    bare::Publisher publisher_;
    bare::Consumer consumer_;
    bare::Committer committer_;
};

class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(tcp::socket socket, Node& node) : node_(node), stream_(std::move(socket)) {
        stream_.socket().set_option(tcp::no_delay(true));
    }

    void read() {
        parser_.emplace();
        parser_->body_limit(largest_body);
        http::async_read(stream_, buffer_, *parser_,
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (!error) self->handle();
                         });
    }

  private:
    void handle() {
        const auto& request = parser_->get();
        if (request.target() == "/counts") {
            answer(http::status::ok, json::serialize(node_.counts()));
            return;
        }
        unsigned char memory_of[4'096];
        json::monotonic_resource memory(memory_of, sizeof memory_of);
        json::error_code error;
        const json::value value = json::parse(request.body(), error, &memory);
        const json::object* send = error ? nullptr : value.if_object();
        if (send == nullptr)
            answer(http::status::bad_request, "{\"status\":400}");
        else if (const json::value* all = send->if_contains("recipients"); all && all->is_array())
            take_batch(*send, all->get_array());
        else
            take_single(*send);
    }

    void take_single(const json::object& send) {
        const auto recipient = text_in(send, "recipient");
        if (recipient.empty() || text_in(send, "channel").empty()) {
            answer(http::status::bad_request, "{\"status\":400}");
            return;
        }
        const auto id = node_.next_id();
        const auto done = [self = shared_from_this(), id] {
            const auto number = std::to_string(id);
            self->answer(http::status::accepted, "{\"message_id\":\"" + number +
                                                     "\",\"trace_id\":\"msg_" + number +
                                                     "\",\"status\":\"pending\"}");
        };
        if (!node_.committer().accept(
                bare::Single{row_of(id, 0, recipient, shared_of(send)), done}))
            answer(http::status::service_unavailable, "{\"status\":503}");
    }

    void take_batch(const json::object& send, const json::array& recipients) {
        const auto shared = shared_of(send);
        const auto task = node_.next_task();
        bare::Batch batch;
        batch.rows.reserve(recipients.size());
        for (const auto& one : recipients) {
            if (!one.is_string()) continue;
            const std::string_view recipient(one.get_string().data(), one.get_string().size());
            batch.rows.push_back(row_of(node_.next_id(), task, recipient, shared));
        }
        batch.done = [self = shared_from_this(), task, count = batch.rows.size()] {
            self->answer(http::status::accepted, "{\"task_id\":\"" + std::to_string(task) +
                                                     "\",\"total_count\":" + std::to_string(count) +
                                                     "}");
        };
        if (batch.rows.empty())
            answer(http::status::bad_request, "{\"status\":400}");
        else if (!node_.committer().accept(std::move(batch)))
            answer(http::status::service_unavailable, "{\"status\":503}");
    }

    void answer(http::status status, std::string body) {
        response_ = {status, 11};
        response_.set(http::field::server, "bare");
        response_.set(http::field::content_type, "application/json");
        response_.body() = std::move(body);
        response_.keep_alive(parser_->get().keep_alive());
        response_.prepare_payload();
        http::async_write(stream_, response_,
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error && self->response_.keep_alive()) self->read();
                          });
    }

    Node& node_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
};

void accept(tcp::acceptor& acceptor, Node& node) {
    acceptor.async_accept([&acceptor, &node](beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Session>(std::move(socket), node)->read();
        accept(acceptor, node);
    });
}

std::uint16_t port_from(std::string_view text) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("usage: bench_bare_cluster PORT POSTGRES_URL BROKER_PORT");
    return number;
}

}  // namespace

int main(int count, char** arguments) try {
    const std::uint16_t port = port_from(count == 4 ? arguments[1] : "");
    const bare::BrokerAddress broker{"127.0.0.1", port_from(arguments[3]), "bench-bare-cluster"};
    asio::io_context context(1);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](beast::error_code, int) { context.stop(); });
    Node node(context, arguments[2], broker);
    tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), port});
    accept(acceptor, node);
    context.run();
    std::cout << json::serialize(node.counts()) << std::endl;
    return 0;
} catch (const std::exception& error) {
    std::cerr << "bench_bare_cluster: " << error.what() << "\n";
    return 1;
}
