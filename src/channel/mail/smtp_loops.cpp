#include "channel/mail/smtp_loops.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/thread.hpp"

namespace hongyan::mail {
namespace {

Result<Loops::Endpoints> resolve(const std::string& host, const std::string& port) {
    boost::asio::io_context unused;
    boost::asio::ip::tcp::resolver resolver(unused);
    boost::system::error_code error;
    const auto found = resolver.resolve(host, port, error);
    if (error) return make_error(ErrorCode::outbound_failed, error.message());
    return Loops::Endpoints(found.begin(), found.end());
}

/// "[::1]" as people write it in URLs is "::1".
std::string without_brackets(const std::string& host) {
    const bool has = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return has ? host.substr(1, host.size() - 2) : host;
}

std::size_t computer_count() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
}

}  // namespace

Loop::Loop()
    : guard_(context_.get_executor()), thread_(start_thread("smtp", [this] { context_.run(); })) {}

Loop::~Loop() {
    context_.stop();
    thread_.join();
}

Loops::Loops(std::size_t threads) : computers_(computer_count()) {
    for (std::size_t i = 0; i < threads; ++i) loops_.push_back(std::make_unique<Loop>());
}

Loops::~Loops() {
    lookups_.join();
    computers_.join();
}

void Loops::compute(UniqueFunction<void()> work) {
    boost::asio::post(computers_, [work = std::move(work)]() mutable { work(); });
}

boost::asio::io_context& Loops::next() { return loops_[next_++ % loops_.size()]->context(); }

void Loops::look_up(const std::string& host, const std::string& port, boost::asio::io_context& loop,
                    UniqueFunction<void(Result<Endpoints>)> done) {
    boost::asio::post(
        lookups_, [host = without_brackets(host), port, &loop, done = std::move(done)]() mutable {
            auto found = resolve(host, port);
            boost::asio::post(loop, [found = std::move(found), done = std::move(done)]() mutable {
                done(std::move(found));
            });
        });
}

}  // namespace hongyan::mail
