#include "api/live_screen.hpp"

#include "api/problem.hpp"

namespace hongyan::api {

/// What a screen says to the server.
struct LiveWish {
    std::string type;
};
const shape::Object& describe(shape::Tag<LiveWish>) {
    static const shape::Object object =
        shape::object<LiveWish>("LiveWish", "What a screen asks for.",
                                shape::field("type", &LiveWish::type, "What.")
                                    .required()
                                    .one_of({"snapshot", "pause", "resume"})
                                    .example("snapshot"));
    return object;
}

namespace {
/// More messages in one second than any screen has to say.
constexpr int most_wishes = 20;
}  // namespace

void LiveScreen::opened(std::shared_ptr<http::WebSocket> socket) {
    {
        const std::lock_guard lock(mutex_);
        socket_ = std::move(socket);
    }
    hub_.wake();
}

void LiveScreen::closed() {
    const auto keep = shared_from_this();
    {
        const std::lock_guard lock(mutex_);
        socket_ = nullptr;
    }
    hub_.left(*this);
}

bool LiveScreen::is_too_chatty() {
    const auto second = hub_.context_.clock.steady_us() / 1'000'000;
    if (second != chat_second_) chat_count_ = 0;
    chat_second_ = second;
    return ++chat_count_ > most_wishes;
}

void LiveScreen::complain(std::string_view detail) {
    const auto problem = problem_response(
        make_error(ErrorCode::invalid_fields, std::string(detail)), "/api/live", "");
    const std::lock_guard lock(mutex_);
    complaint_ = "{\"type\":\"error\",\"problem\":" + problem.body + "}";
}

void LiveScreen::received(std::string_view text) {
    if (is_too_chatty()) return close(http::CloseCode::policy, "too many messages");
    auto wish = shape::read<LiveWish>(text);
    if (!wish) {
        complain("Send {\"type\":\"snapshot\"}, {\"type\":\"pause\"} or {\"type\":\"resume\"}.");
    } else {
        const std::lock_guard lock(mutex_);
        paused_ = wish->type == "pause" || (paused_ && wish->type == "snapshot");
        if (wish->type != "pause") behind_ = true;
        if (wish->type == "snapshot" && paused_) wants_one_ = true;
    }
    hub_.wake();
}

bool LiveScreen::wants_updates() const {
    const std::lock_guard lock(mutex_);
    return socket_ != nullptr && (!paused_ || wants_one_ || !complaint_.empty());
}

void LiveScreen::serve(LiveFeed& feed) {
    const std::lock_guard lock(mutex_);
    if (socket_ == nullptr) return;
    if (!complaint_.empty()) {
        if (socket_->send(std::make_shared<const std::string>(complaint_))) complaint_.clear();
        // The socket is taken now; what else there is comes as a snapshot.
        behind_ = true;
        return;
    }
    if (paused_ && !wants_one_) {
        behind_ = true;
        return;
    }
    const auto& text = behind_ ? feed.snapshot() : feed.delta();
    if (text == nullptr) return;
    behind_ = !socket_->send(text);
    if (!behind_) wants_one_ = false;
}

void LiveScreen::close(http::CloseCode code, std::string_view reason) {
    std::shared_ptr<http::WebSocket> socket;
    {
        const std::lock_guard lock(mutex_);
        socket = socket_;
    }
    if (socket != nullptr) socket->close(code, reason);
}

}  // namespace hongyan::api
