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
    : client_(client),
      options_(std::move(options)),
      core_(std::make_shared<Core>()),
      chunk_most_(std::min<std::size_t>(512, options_.flying_max)) {
    timer_ = client_.start_timer(options_.every / 4, [this] { tick(); });
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
    if (waiting->steps >= options_.waiting_max) {
        ++core_->dropped;
        return;
    }
    if (waiting->chunks.empty() || waiting->chunks.back().size() == chunk_most_)
        waiting->chunks.emplace_back().reserve(chunk_most_);
    waiting->chunks.back().emplace_back(message, std::move(node));
    ++waiting->steps;
}

void RedisTrace::tick() {
    if (++ticks_ % 4 == 0 || waiting_.lock()->steps >= options_.soon) flush();
}

void RedisTrace::flush() {
    const auto room = static_cast<std::int64_t>(options_.flying_max) - core_->flying;
    if (room <= 0 || !client_.is_up()) return;
    const auto chunks = take(static_cast<std::size_t>(room));
    std::vector<const Step*> steps;
    for (const auto& chunk : chunks)
        for (const auto& step : chunk) steps.push_back(&step);
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step* a, const Step* b) { return a->first < b->first; });
    if (!steps.empty()) send(steps);
}

std::vector<RedisTrace::Chunk> RedisTrace::take(std::size_t most) {
    std::vector<Chunk> taken;
    auto waiting = waiting_.lock();
    while (!waiting->chunks.empty() && waiting->chunks.front().size() <= most) {
        taken.push_back(std::move(waiting->chunks.front()));
        waiting->chunks.pop_front();
        waiting->steps -= taken.back().size();
        most -= taken.back().size();
    }
    return taken;
}

/// Of each message's two answers, the first says whether its steps were taken, and how long the
/// list is: few are ever too long.
void RedisTrace::send(std::span<const Step* const> steps) {
    Commands commands;
    std::vector<Sent> lists;
    for (auto begin = steps.begin(); begin != steps.end();) {
        const auto end = std::find_if(begin, steps.end(), [&begin](const Step* one) {
            return one->first != (*begin)->first;
        });
        append(commands, {begin, end});
        lists.push_back({(*begin)->first, end - begin});
        begin = end;
    }
    core_->flying += static_cast<std::int64_t>(steps.size());
    // Answers come before the client ends, so that it may be named in the completion.
    client_.call(std::move(commands), [core = core_, &client = client_, prefix = options_.prefix,
                                       most = options_.nodes_max, lists = std::move(lists),
                                       answers = std::size_t{0}](Result<Value> answer) mutable {
        const auto turn = answers++;
        if (turn % 2 != 0) return;
        const Sent& list = lists[turn / 2];
        core->flying -= list.steps;
        const bool ok = answer && !answer->is_failure();
        (ok ? core->written : core->dropped) += list.steps;
        if (ok && answer->number() > most) {
            client.call(
                Words{"LTRIM", prefix + trace_id_of(list.message), std::to_string(-most), "-1"},
                {});
        }
    });
}

void RedisTrace::append(Commands& commands, std::span<const Step* const> steps) const {
    const std::string list = key(steps.front()->first);
    std::vector<std::string> texts;
    texts.reserve(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const LiveNode& node = steps[i]->second;
        const bool has_ended = i + 1 < steps.size() && ends(steps[i + 1]->second, node);
        if (!has_ended) texts.push_back(to_json(node));
    }
    commands.start(2 + texts.size());
    commands.word("RPUSH");
    commands.word(list);
    for (const auto& text : texts) commands.word(text);
    commands.start(3);
    commands.word("EXPIRE");
    commands.word(list);
    commands.word(std::to_string(options_.ttl_seconds));
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
