#include "engine/redis/trace.hpp"

#include <map>

#include "engine/redis/trace_wire.hpp"

namespace hongyan::redis {

RedisTrace::RedisTrace(Client& client, Options options)
    : client_(client), options_(std::move(options)), core_(std::make_shared<Core>()) {
    timer_ = client_.start_timer(options_.every, [this] { flush(); });
}

RedisTrace::~RedisTrace() {
    client_.end_timer(timer_);
    flush();
}

std::string RedisTrace::key(MessageId message) const {
    return options_.prefix + trace_id_of(message);
}

void RedisTrace::add(MessageId message, LiveNode node) {
    ++core_->added;
    auto waiting = waiting_.lock();
    if (waiting->size() >= options_.waiting_max) {
        ++core_->dropped;
        return;
    }
    waiting->emplace_back(message, std::move(node));
}

void RedisTrace::flush() {
    const auto room = static_cast<std::int64_t>(options_.flying_max) - core_->flying;
    if (room <= 0 || !client_.is_up()) return;
    Batch batch;
    {
        auto waiting = waiting_.lock();
        if (waiting->size() <= static_cast<std::size_t>(room)) {
            batch.swap(*waiting);
        } else {
            const auto end = waiting->begin() + room;
            batch.assign(std::make_move_iterator(waiting->begin()), std::make_move_iterator(end));
            waiting->erase(waiting->begin(), end);
        }
    }
    std::map<MessageId, std::vector<std::string>> by_message;
    for (const auto& [message, node] : batch) by_message[message].push_back(to_json(node));
    for (auto& [message, nodes] : by_message) send(message, std::move(nodes));
}

/// The first answer says whether it was taken, and how long the list is: few are ever too long.
void RedisTrace::send(MessageId message, std::vector<std::string> nodes) {
    const auto count = static_cast<std::int64_t>(nodes.size());
    const std::string list = key(message);
    Words words{"RPUSH", list};
    words.insert(words.end(), std::make_move_iterator(nodes.begin()),
                 std::make_move_iterator(nodes.end()));
    core_->flying += count;
    // Answers come before the client ends, so that it may be named in the completion.
    client_.call(std::move(words), [core = core_, count, &client = client_, list,
                                    most = options_.nodes_max](Result<Value> answer) {
        core->flying -= count;
        const bool ok = answer && !answer->is_failure();
        (ok ? core->written : core->dropped) += count;
        if (ok && answer->number() > most)
            client.call({"LTRIM", list, std::to_string(-most), "-1"}, {});
    });
    client_.call({"EXPIRE", list, std::to_string(options_.ttl_seconds)}, {});
}

Result<std::vector<LiveNode>> RedisTrace::read(MessageId message) {
    auto answer = client_.ask({"LRANGE", key(message), "0", "-1"});
    if (!answer) return answer.error();
    std::vector<LiveNode> nodes;
    for (const Value& element : answer->list)
        if (auto node = node_from_json(element.text)) nodes.push_back(std::move(*node));
    return nodes;
}

LiveTraceCounts RedisTrace::counts() const {
    return {core_->added, core_->written, core_->dropped};
}

}  // namespace hongyan::redis
