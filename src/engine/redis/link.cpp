#include "engine/redis/link.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::redis {
namespace {

/// Answers with which a server says that it cannot be the one we work with now.
bool ends_link(const Value& value) {
    return value.failed_with("LOADING") || value.failed_with("READONLY") ||
           value.failed_with("MASTERDOWN") || value.failed_with("NOAUTH");
}

std::string field_of(const std::string& info, const std::string& name) {
    const auto start = info.find("\n" + name + ":");
    if (start == std::string::npos) return "";
    const auto from = start + name.size() + 2;
    return info.substr(from, info.find_first_of("\r\n", from) - from);
}

/// Half to all of the pause, so that nodes do not come back in step.
Millis jittered(Millis pause) {
    const auto dice = static_cast<unsigned char>(random_bytes(1)[0]);
    return pause / 2 + Millis(pause.count() * dice / 510);
}

}  // namespace

Error error_of(const Value& failure) {
    static constexpr std::array<std::string_view, 10> passing{
        "LOADING", "READONLY", "MASTERDOWN",  "OOM",   "MISCONF",
        "BUSY",    "TRYAGAIN", "CLUSTERDOWN", "MOVED", "NOREPLICAS"};
    const bool passes = std::any_of(passing.begin(), passing.end(),
                                    [&](auto word) { return failure.failed_with(word); });
    Error error = make_error(passes ? ErrorCode::unavailable : ErrorCode::internal,
                             "Redis answered: " + failure.text.substr(0, 300));
    if (failure.failed_with("OOM")) error.detail += " (raise maxmemory of Redis)";
    if (passes) error.retry_after = Millis(1'000);
    return error;
}

Link::Link(Loop& loop, LinkOptions options, LinkEvents& events, Use use)
    : loop_(loop),
      options_(std::move(options)),
      events_(events),
      use_(use),
      watch_timer_(loop),
      retry_timer_(loop) {}

Link::~Link() { close(); }

std::int64_t Link::now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

void Link::open() {
    is_closed_ = false;
    alive_ = std::make_shared<bool>(true);
    reader_ = std::make_unique<Reader>();
    connection_ = std::make_unique<Connection>(loop_, options_.address, *this);
    connecting_since_us_ = last_bytes_us_ = now_us();
    last_ping_us_ = 0;
    connection_->open();
    watch();
}

void Link::close() {
    if (std::exchange(is_closed_, true)) return;
    *alive_ = false;
    is_up_ = false;
    watch_timer_.cancel();
    retry_timer_.cancel();
    connection_.reset();
    fail_pending("the program stops");
}

void Link::on_open() { greet(); }

void Link::greet() {
    const Address& address = options_.address;
    if (!address.password.empty()) {
        if (address.user.empty()) {
            expect_greeting({"AUTH", address.password});
        } else {
            expect_greeting({"AUTH", address.user, address.password});
        }
    }
    if (address.database != 0) expect_greeting({"SELECT", std::to_string(address.database)});
    expect_greeting({"CLIENT", "SETNAME", options_.client_name});
    expect_greeting({"PING"});
    expect_greeting({"INFO", "server"});
    connection_->flush();
}

void Link::expect_greeting(const Words& words) {
    connection_->out() += Commands(words).bytes();
    ++greetings_left_;
    ++pending_count_;
    pending_.push_back({now_us() + options_.connect_timeout.count() * 1000,
                        [this, is_info = words[0] == "INFO"](Result<Value> answer) {
                            if (answer) greeted(*answer, is_info);
                        }});
}

void Link::greeted(const Value& answer, bool is_info) {
    if (is_info && !answer.is_failure()) {  // an access list may forbid it; then we go on without
        const std::string version = field_of(answer.text, "redis_version");
        run_id_ = field_of(answer.text, "run_id");
        if (parse_int(version.substr(0, version.find('.'))).value_or(6) < 6)
            return lose("Redis " + version + " is too old: 6 or newer is needed");
    }
    if (answer.is_failure() && !is_info) return lose(answer.text);
    if (--greetings_left_ > 0) return;
    is_up_ = true;
    failures_ = 0;
    events_.on_up(run_id_);
}

void Link::on_bytes(std::string_view bytes) {
    last_bytes_us_ = now_us();
    const auto alive = alive_;
    auto fed = reader_->feed(bytes);
    Value value;
    while (fed && *alive && connection_) {
        auto whole = reader_->next(value);
        if (!whole) return lose(whole.error().detail);
        if (!*whole) break;
        answer(std::exchange(value, {}));
    }
    if (!fed) return lose(fed.error().detail);
    if (*alive && connection_) connection_->flush();
}

void Link::answer(Value value) {
    if (use_ == Use::subscriber && is_up_) return events_.on_push(value);
    if (pending_.empty()) return lose("an answer that nobody asked for");
    const bool ends = is_up_ && ends_link(value);
    const std::string why = ends ? value.text : "";
    complete_front(std::move(value));
    if (ends && connection_) lose(why);
}

/// The last answer's completion may end this link; that of one before the last must not.
void Link::complete_front(Value value) {
    --pending_count_;
    Pending& front = pending_.front();
    if (--front.left > 0) {
        if (front.completion) front.completion(std::move(value));
        return;
    }
    Completion completion = std::move(front.completion);
    pending_.pop_front();
    if (completion) completion(std::move(value));
}

void Link::on_closed(const std::string& why) { lose(why); }

void Link::lose(const std::string& why) {
    if (is_closed_ || !connection_) return;
    // The connection may be calling us: it goes when that is over.
    connection_->close();
    loop_.post([old = std::shared_ptr<Connection>(std::move(connection_)),
                reader = std::shared_ptr<Reader>(std::move(reader_))] {});
    is_up_ = false;
    greetings_left_ = 0;
    watch_timer_.cancel();
    const int doublings = std::min(failures_++, 10);
    const Millis pause = std::min(options_.retry_most, options_.retry_first * (1 << doublings));
    retry_timer_.start(jittered(pause), [this] { open(); });
    events_.on_down(why);  // first, so that whoever is answered below waits for the next connection
    fail_pending(why);
}

void Link::fail_pending(const std::string& why) {
    auto lost = std::exchange(pending_, {});
    pending_count_ = 0;
    for (Pending& pending : lost) {
        for (; pending.completion && pending.left > 0; --pending.left)
            pending.completion(
                make_error(ErrorCode::io_failed, "the answer of Redis is lost: " + why));
    }
}

void Link::send(const Commands& commands, Completion completion) {
    if (!is_up_ || pending_count_ >= options_.pending_max) {
        const char* why = is_up_ ? "too many commands wait for Redis" : "Redis is not reachable";
        for (std::size_t i = 0; completion && i < commands.count(); ++i)
            completion(make_error(ErrorCode::unavailable, why));
        return;
    }
    connection_->out() += commands.bytes();
    if (use_ != Use::commands) return;
    pending_.push_back({now_us() + options_.answer_timeout.count() * 1000, std::move(completion),
                        commands.count()});
    pending_count_ += commands.count();
}

void Link::flush() {
    if (connection_) connection_->flush();
}

/// Looks four times per time-out whether something is overdue, and asks a silent peer for a sign.
void Link::watch() {
    const std::int64_t now = now_us();
    const std::int64_t answer_us = options_.answer_timeout.count() * 1000;
    if (!is_up_ && now - connecting_since_us_ > options_.connect_timeout.count() * 1000)
        return lose("no connection within " + std::to_string(options_.connect_timeout.count()) +
                    " ms");
    const bool overdue = !pending_.empty() && pending_.front().deadline_us < now;
    const bool silent = use_ == Use::subscriber && last_ping_us_ > last_bytes_us_ &&
                        now - last_ping_us_ > answer_us;
    if (overdue || silent)
        return lose("no answer within " + std::to_string(options_.answer_timeout.count()) + " ms");
    if (is_up_ && pending_.empty() && last_ping_us_ <= last_bytes_us_ &&
        now - last_bytes_us_ > options_.ping_every.count() * 1000) {
        last_ping_us_ = now;
        send(Commands({"PING"}), {});
        flush();
    }
    watch_timer_.start(std::max(options_.answer_timeout / 4, Millis(5)), [this] { watch(); });
}

}  // namespace hongyan::redis
