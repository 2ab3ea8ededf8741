#include "api/live_feed.hpp"

namespace hongyan::api {
namespace {

/// The store is read again after this even if this process has committed nothing: another one may
/// have, and days end.
constexpr std::int64_t reread_us = 1'000'000;
constexpr std::string_view messages_key = "\"messages\":";

}  // namespace

bool LiveFeed::read_store() {
    const auto now_us = context_.clock.steady_us();
    const auto commits = context_.delivery.committer().commits;
    if (stored_us_ != 0 && commits == commits_ && now_us - stored_us_ < reread_us) return true;
    LiveState fresh;
    const auto read = context_.store.read([&](Session& session) {
        read_stored(fresh, session, tenant_id_, context_.clock.now_ms());
    });
    if (!read) return false;
    stored_ = std::move(fresh);
    commits_ = commits;
    stored_us_ = now_us;
    return true;
}

std::string LiveFeed::head(std::string_view type) const {
    return "{\"type\":\"" + std::string(type) + "\",\"seq\":" + std::to_string(sequence_) +
           ",\"at\":" + std::to_string(at_ms_) + ",";
}

/// The members that are not as they were, without the messages.
std::string LiveFeed::changed_members(const std::vector<std::string>& texts) const {
    std::string out;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool same = i < members_.size() && members_[i] == texts[i];
        if (same || texts[i].empty() || texts[i].starts_with(messages_key)) continue;
        out += (out.empty() ? "" : ",") + texts[i];
    }
    return out;
}

/// The last messages that are new or not as they were, newest last.
std::string LiveFeed::changed_messages() {
    std::map<std::int64_t, std::string> now;
    std::string out;
    for (auto one = stored_.messages.rbegin(); one != stored_.messages.rend(); ++one) {
        std::string text = shape::write(*one);
        const auto before = messages_.find(one->message_id);
        if (before == messages_.end() || before->second != text)
            out += (out.empty() ? "" : ",") + text;
        now.emplace(one->message_id, std::move(text));
    }
    messages_ = std::move(now);
    return out;
}

bool LiveFeed::update() {
    delta_ = nullptr;
    updated_us_ = context_.clock.steady_us();
    if (!read_store()) return false;
    LiveState state = stored_;
    read_gauges(state, context_, tenant_id_);
    auto texts = shape::member_texts(shape::description_of<LiveState>(), &state);
    const auto changed = changed_members(texts);
    const auto messages = changed_messages();
    if (changed.empty() && messages.empty()) return true;
    const bool first = members_.empty();
    members_ = std::move(texts);
    ++sequence_;
    at_ms_ = context_.clock.now_ms();
    snapshot_ = nullptr;
    if (!first) {
        delta_ = std::make_shared<const std::string>(head("delta") + "\"state\":{" + changed +
                                                     "},\"messages\":[" + messages + "]}");
    }
    return true;
}

const LiveFeed::Text& LiveFeed::snapshot() {
    if (snapshot_ == nullptr && !members_.empty()) {
        std::string state;
        for (const auto& member : members_) {
            if (!member.empty()) state += (state.empty() ? "" : ",") + member;
        }
        snapshot_ =
            std::make_shared<const std::string>(head("snapshot") + "\"state\":{" + state + "}}");
    }
    return snapshot_;
}

}  // namespace hongyan::api
