#include "engine/redis/trace.hpp"

#include <algorithm>

#include "engine/redis/trace_wire.hpp"

namespace hongyan::redis {
namespace {

/// Whether it tells the end of what the other one began.
bool ends(const LiveNode& node, const LiveNode& begun) {
    return begun.status == "pending" && node.name == begun.name && node.attempt == begun.attempt &&
           node.started_ms == begun.started_ms;
}

}  // namespace

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
            waiting->reserve(batch.size());
        } else {
            const auto end = waiting->begin() + room;
            batch.assign(std::make_move_iterator(waiting->begin()), std::make_move_iterator(end));
            waiting->erase(waiting->begin(), end);
        }
    }
    std::vector<const Step*> steps;
    steps.reserve(batch.size());
    for (const auto& step : batch) steps.push_back(&step);
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step* a, const Step* b) { return a->first < b->first; });
    for (auto begin = steps.begin(); begin != steps.end();) {
        const auto end = std::find_if(begin, steps.end(), [&begin](const Step* one) {
            return one->first != (*begin)->first;
        });
        send({begin, end});
        begin = end;
    }
}

/// The first answer says whether it was taken, and how long the list is: few are ever too long.
void RedisTrace::send(std::span<const Step* const> steps) {
    const auto count = static_cast<std::int64_t>(steps.size());
    const std::string list = key(steps.front()->first);
    Words words{"RPUSH", list};
    words.reserve(2 + steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const LiveNode& node = steps[i]->second;
        const bool has_ended = i + 1 < steps.size() && ends(steps[i + 1]->second, node);
        if (!has_ended) words.push_back(to_json(node));
    }
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
