#include "route/destination.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::route {
namespace {

/// Bytes of a destination that stand in a counter's name.
constexpr std::size_t longest_value = 300;

/// Two-digit country codes of ITU-T E.164 (list of 2016); 1 and 7 have one digit, all others three.
constexpr std::string_view two_digits =
    " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98 ";

std::string_view after(std::string_view text, std::string_view start) {
    return text.substr(start.size());
}

}  // namespace

std::string country_code(std::string_view number) {
    if (number.starts_with('+'))
        number.remove_prefix(1);
    else if (number.starts_with("00"))
        number.remove_prefix(2);
    else
        return "";
    if (number.empty() || number.find_first_not_of("0123456789") == 0) return "";
    if (number.front() == '1' || number.front() == '7') return std::string(number.substr(0, 1));
    const auto two = number.substr(0, 2);
    if (two_digits.find(" " + std::string(two) + " ") != std::string_view::npos)
        return std::string(two);
    return std::string(number.substr(0, 3));
}

bool DestinationLimits::is_destination(std::string_view resource) {
    for (const std::string_view start :
         {"domain:", "country:", "prefix:", "recipient:", "template:"}) {
        if (resource.starts_with(start)) return true;
    }
    return false;
}

std::optional<std::string> DestinationLimits::problem_of(std::string_view resource,
                                                         LimitType type) {
    if (!is_destination(resource)) return std::nullopt;
    LimitRule rule;
    rule.resource = resource;
    if (!rule_of(rule))
        return "must be domain:NAME, country:CODE, prefix:START, recipient:*, recipient:CHANNEL:* "
               "or "
               "template:ID; * stands for each value by itself";
    if (type == LimitType::concurrency) return "limits by destination are of type qps or window";
    return std::nullopt;
}

std::optional<DestinationLimits::Rule> DestinationLimits::rule_of(const LimitRule& from) {
    Rule rule;
    rule.resource = from.resource;
    rule.max = std::isfinite(from.max_value) ? std::max(0.0, from.max_value) : 0;
    rule.window_ms =
        from.type == LimitType::window ? std::max(1, from.window_seconds) * 1000LL : 1000;
    // Less than one in a second is one in so many seconds.
    if (rule.max > 0 && rule.max < 1) {
        rule.window_ms = static_cast<std::int64_t>(static_cast<double>(rule.window_ms) / rule.max);
        rule.max = 1;
    }
    const std::string_view resource = from.resource;
    if (resource.starts_with("domain:")) {
        rule.kind = Kind::domain;
        rule.value = to_lower(after(resource, "domain:"));
    } else if (resource.starts_with("country:")) {
        rule.kind = Kind::country;
        rule.value = after(resource, "country:");
        if (rule.value != "*" && !parse_int(rule.value)) return std::nullopt;
    } else if (resource.starts_with("prefix:")) {
        rule.kind = Kind::prefix;
        rule.value = after(resource, "prefix:");
    } else if (resource.starts_with("template:")) {
        rule.kind = Kind::template_id;
        rule.value = after(resource, "template:");
        if (rule.value != "*" && !parse_int(rule.value)) return std::nullopt;
    } else {
        rule.kind = Kind::recipient;
        rule.value = after(resource, "recipient:");
        if (const auto colon = rule.value.find(':'); colon != std::string::npos) {
            rule.channel = from_text<ChannelKind>(channel_names,
                                                  std::string_view(rule.value).substr(0, colon));
            if (!rule.channel) return std::nullopt;
            rule.value = rule.value.substr(colon + 1);
        }
    }
    if (rule.value.empty()) return std::nullopt;
    return rule;
}

void DestinationLimits::set_rules(const std::vector<LimitRule>& rules) {
    const std::lock_guard lock(mutex_);
    rules_.clear();
    for (const auto& one : rules) {
        if (!one.enabled || !is_destination(one.resource)) continue;
        if (auto rule = rule_of(one)) rules_.push_back(std::move(*rule));
    }
    empty_ = rules_.empty();
}

/// "" if the rule does not concern the message.
std::string DestinationLimits::value_of(const Rule& rule, const Message& message) {
    if (rule.channel && *rule.channel != message.channel) return "";
    std::string value;
    switch (rule.kind) {
        case Kind::domain: {
            if (message.channel != ChannelKind::email) return "";
            const auto at = message.recipient.rfind('@');
            if (at == std::string::npos) return "";
            value = to_lower(message.recipient.substr(at + 1));
            if (value.ends_with('>')) value.pop_back();
            break;
        }
        case Kind::country:
            if (message.channel != ChannelKind::sms) return "";
            value = country_code(message.recipient);
            break;
        case Kind::prefix:
            return message.recipient.starts_with(rule.value) ? rule.value : "";
        case Kind::recipient:
            value = std::string(to_text(message.channel)) + "/" + message.recipient;
            return rule.value == "*" || rule.value == message.recipient ? value : "";
        case Kind::template_id:
            if (message.template_id == 0) return "";
            value = std::to_string(message.template_id);
            break;
    }
    return rule.value == "*" || rule.value == value ? value : "";
}

void DestinationLimits::Counter::advance(std::int64_t part) {
    if (part - newest >= parts) counts.fill(0);
    for (auto next = std::max(newest + 1, part - parts + 1); next <= part; ++next)
        counts[static_cast<std::size_t>(next % parts)] = 0;
    newest = std::max(newest, part);
}

double DestinationLimits::Counter::sum() const {
    return std::accumulate(counts.begin(), counts.end(), 0.0);
}

std::int64_t DestinationLimits::Counter::oldest() const {
    for (auto part = newest - parts + 1; part < newest; ++part) {
        if (part >= 0 && counts[static_cast<std::size_t>(part % parts)] > 0) return part;
    }
    return newest;
}

DestinationLimits::Counter& DestinationLimits::counter(const std::string& key) {
    if (const auto found = counters_.find(key); found != counters_.end()) {
        ages_.splice(ages_.end(), ages_, found->second.age);
        return found->second;
    }
    if (counters_.size() >= max_keys) {
        counters_.erase(ages_.front());
        ages_.pop_front();
    }
    ages_.push_back(key);
    Counter fresh;
    fresh.age = std::prev(ages_.end());
    return counters_.emplace(key, fresh).first->second;
}

DestinationLimits::Answer DestinationLimits::check(const Message& message, bool count) {
    Answer answer;
    const auto now = clock_.now_ms();
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Counter*, std::int64_t>> counted;  ///< with the length of a part
    for (const auto& rule : rules_) {
        auto value = value_of(rule, message);
        if (value.empty()) continue;
        if (value.size() > longest_value) value = to_hex(sha256(value));  // it is a key of a table
        const auto part_ms = std::max<std::int64_t>(1, rule.window_ms / 10);
        auto& c = counter(std::to_string(message.tenant_id) + "/" + std::to_string(part_ms) + "/" +
                          rule.resource + "/" + value);
        c.advance(now / part_ms);
        if (c.sum() + 1 > rule.max) {
            // Of a limit of 0 nothing ever passes; an operator may change it.
            const std::int64_t wait =
                rule.max < 1 ? rule.window_ms : (c.oldest() + Counter::parts) * part_ms - now;
            answer.ok = false;
            answer.again_ms = std::max(answer.again_ms, now + std::max<std::int64_t>(1, wait));
            answer.reason = rule.resource + " allows " +
                            std::to_string(static_cast<std::int64_t>(rule.max)) + " in " +
                            std::to_string(rule.window_ms / 1000) + " s";
        }
        counted.emplace_back(&c, part_ms);
    }
    if (answer.ok && count) {
        for (const auto& [c, part_ms] : counted) add(*c, part_ms);
    }
    return answer;
}

void DestinationLimits::add(Counter& c, std::int64_t part_ms) {
    c.counts[static_cast<std::size_t>(c.newest % Counter::parts)] += 1;
    auto& unsaved = unsaved_[*c.age + "#" + std::to_string(c.newest)];
    if (unsaved.count == 0) unsaved = {*c.age, c.newest, 0, (c.newest + Counter::parts) * part_ms};
    unsaved.count += 1;
}

std::vector<DestinationCount> DestinationLimits::take_unsaved() {
    std::vector<DestinationCount> taken;
    if (empty_) return taken;
    const std::lock_guard lock(mutex_);
    taken.reserve(unsaved_.size());
    for (auto& [key, count] : unsaved_) taken.push_back(std::move(count));
    unsaved_.clear();
    return taken;
}

void DestinationLimits::restore(const std::vector<DestinationCount>& counts) {
    const std::lock_guard lock(mutex_);
    for (const auto& one : counts) {
        if (counters_.size() >= max_keys && !counters_.contains(one.counter)) continue;
        auto& c = counter(one.counter);
        if (one.part > c.newest) c.advance(one.part);
        if (one.part > c.newest - Counter::parts && one.part >= 0)
            c.counts[static_cast<std::size_t>(one.part % Counter::parts)] += one.count;
    }
}

DestinationLimits::Answer DestinationLimits::admit(const Message& message) {
    return check(message, true);
}

DestinationLimits::Answer DestinationLimits::ask(const Message& message) {
    return check(message, false);
}

}  // namespace hongyan::route
