#include "universe/core/inbox.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/text.hpp"

namespace hongyan::universe {
namespace {

std::size_t size_of(const Arrival& a) {
    return sizeof(Inbox::Entry) + a.service.size() + a.recipient.size() + a.sender.size() +
           a.subject.size() + a.content.size() + a.html.size() + a.provider_message_id.size() +
           a.token.size() + a.detail.size() + a.raw.size();
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out += ",\"";
    out += name;
    out += "\":";
    out += json_quoted(is_utf8(text) ? std::string(text) : valid_utf8(text));
}

bool is_object(std::string_view text) {
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    return !error && value.is_object();
}

void append_entry(std::string& out, const Inbox::Entry& entry) {
    const Arrival& a = entry.arrival;
    out += "{\"sequence\":" + std::to_string(entry.sequence);
    append_member(out, "at", format_rfc3339(entry.at_ms));
    append_member(out, "service", a.service);
    append_member(out, "channel", to_text(a.channel));
    append_member(out, "recipient", a.recipient);
    append_member(out, "sender", a.sender);
    append_member(out, "subject", a.subject);
    append_member(out, "content", a.content);
    append_member(out, "html", a.html);
    append_member(out, "provider_message_id", a.provider_message_id);
    append_member(out, "token", a.token);
    if (is_object(a.detail))
        out += ",\"detail\":" + a.detail;
    else
        append_member(out, "detail", a.detail);
    append_member(out, "raw", a.raw);
    out += '}';
}

bool fits(const Inbox::Entry& entry, const InboxFilter& filter) {
    const Arrival& a = entry.arrival;
    return entry.sequence > filter.after &&
           (filter.before == 0 || entry.sequence < filter.before) &&
           (filter.service.empty() || a.service == filter.service) &&
           (filter.channel.empty() || to_text(a.channel) == filter.channel) &&
           (filter.recipient.empty() || a.recipient == filter.recipient);
}

/// Bytes of the UTF-8 sequence at the start of text, or 0 if there is none.
std::size_t sequence_at(std::string_view text) {
    for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        if (is_utf8(text.substr(0, length))) return length;
    }
    return 0;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_at(text);
        if (length == 0)
            result += "\xEF\xBF\xBD";
        else
            result += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

void Inbox::add(Entry entry) {
    const std::size_t bytes = size_of(entry.arrival);
    auto shared = std::make_shared<const Entry>(std::move(entry));
    std::vector<std::shared_ptr<const Entry>> gone;  // freed after the lock
    auto state = state_.lock();
    state->last = std::max(state->last, shared->sequence);
    // Two threads may come here in the other order than they got their numbers.
    auto at = state->entries.end();
    while (at != state->entries.begin() && (*std::prev(at))->sequence > shared->sequence) --at;
    state->entries.insert(at, std::move(shared));
    state->bytes += bytes;
    while (state->entries.size() > 1 &&
           (state->entries.size() > max_messages_ || state->bytes > max_bytes_)) {
        state->bytes -= size_of(state->entries.front()->arrival);
        gone.push_back(std::move(state->entries.front()));
        state->entries.pop_front();
    }
}

std::vector<std::shared_ptr<const Inbox::Entry>> Inbox::pick(const InboxFilter& filter,
                                                             std::uint64_t& last,
                                                             std::uint64_t& oldest) const {
    std::vector<std::shared_ptr<const Entry>> result;
    auto state = state_.lock();
    last = state->last;
    oldest = state->entries.empty() ? 0 : state->entries.front()->sequence;
    const auto take = [&](const auto& entry) {
        if (fits(*entry, filter)) result.push_back(entry);
        return result.size() >= filter.limit;
    };
    if (filter.limit == 0) return result;
    if (filter.oldest_first) {
        const auto first = std::ranges::upper_bound(state->entries, filter.after, {},
                                                    [](const auto& e) { return e->sequence; });
        static_cast<void>(std::find_if(first, state->entries.end(), take));
    } else {
        static_cast<void>(std::find_if(state->entries.rbegin(), state->entries.rend(), take));
        std::ranges::reverse(result);
    }
    return result;
}

std::vector<Inbox::Entry> Inbox::find(const InboxFilter& filter) const {
    std::uint64_t last = 0;
    std::uint64_t oldest = 0;
    std::vector<Entry> result;
    for (const auto& entry : pick(filter, last, oldest)) result.push_back(*entry);
    return result;
}

std::string Inbox::find_json(const InboxFilter& filter) const {
    std::uint64_t last = 0;
    std::uint64_t oldest = 0;
    const auto found = pick(filter, last, oldest);
    std::string out = "{\"messages\":[";
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (i > 0) out += ',';
        append_entry(out, *found[i]);
    }
    return out + "],\"last_sequence\":" + std::to_string(last) +
           ",\"oldest_kept\":" + std::to_string(oldest) + "}";
}

void Inbox::clear() {
    std::deque<std::shared_ptr<const Entry>> gone;
    auto state = state_.lock();
    gone.swap(state->entries);
    state->bytes = 0;
}

}  // namespace hongyan::universe
