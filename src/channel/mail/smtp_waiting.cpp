#include "channel/mail/smtp_waiting.hpp"

#include <algorithm>
#include <iterator>

#include "channel/mail/address.hpp"

namespace hongyan::mail {
namespace {

/// "" if the recipient is no mailbox; such a mail ends without a connection's help.
std::string domain_of(const Message& message) {
    const auto mailbox = parse_mailbox(message.recipient);
    return mailbox ? mailbox->domain : "";
}

}  // namespace

WaitingMails::WaitingMails(const std::vector<DomainLimit>& limits) : limits_(limits) {
    for (auto& limit : limits_) {
        if (limit.domain == "*") {
            others_ = &limit;
            continue;
        }
        if (auto name = ascii_domain(limit.domain); name) limit.domain = std::move(*name);
        by_domain_[limit.domain] = &limit;
    }
}

const DomainLimit* WaitingMails::limit_of(std::string_view domain) const {
    const auto found = by_domain_.find(domain);
    return found == by_domain_.end() ? others_ : found->second;
}

bool WaitingMails::Lane::admits(const void* line) const {
    if (limit->max_connections == 0 || lines.contains(line)) return true;
    return static_cast<std::int64_t>(lines.size()) < limit->max_connections;
}

void WaitingMails::push_back(Job job) {
    if (!limits_.empty() && job.domain.empty()) job.domain = domain_of(*job.message);
    queue_.push_back(std::move(job));
}

void WaitingMails::push_front(Job job) { queue_.push_front(std::move(job)); }

Job WaitingMails::begin(Job job, Lane& lane, const Connection& line) {
    ++lane.lines[&line];
    job.line = &line;
    const auto most = lane.limit->messages_per_connection;
    if (most > 0 && ++begun_[&line][job.domain] >= most) worn_ = &line;
    return job;
}

/// Of the mails aside: first those whose domain is on this connection already, then the domain that
/// has waited longest for a connection more.
std::optional<Job> WaitingMails::aside_for(const Connection& line) {
    if (aside_ == 0) return std::nullopt;
    const auto take = [&](Lane& lane) {
        Job job = std::move(lane.aside.front());
        lane.aside.pop_front();
        --aside_;
        return begin(std::move(job), lane, line);
    };
    for (auto& [domain, lane] : lanes_) {
        if (!lane.aside.empty() && lane.lines.contains(&line)) return take(lane);
    }
    while (!free_.empty()) {
        const std::string domain = std::move(free_.front());
        free_.pop_front();
        Lane& lane = lanes_[domain];
        lane.is_free = false;
        if (lane.aside.empty() || !lane.admits(&line)) continue;
        auto job = take(lane);
        note_free(domain, lane);
        return job;
    }
    return std::nullopt;
}

std::optional<Job> WaitingMails::next(const Connection& line) {
    worn_ = nullptr;
    if (auto job = aside_for(line)) return job;
    while (!queue_.empty()) {
        Job job = std::move(queue_.front());
        queue_.pop_front();
        const DomainLimit* limit = limits_.empty() ? nullptr : limit_of(job.domain);
        if (limit == nullptr) return job;
        Lane& lane = lanes_[job.domain];
        lane.limit = limit;
        // Nobody overtakes those aside.
        if (lane.aside.empty() && lane.admits(&line)) return begin(std::move(job), lane, line);
        const std::string domain = job.domain;
        lane.aside.push_back(std::move(job));
        ++aside_;
        note_free(domain, lane);
    }
    return std::nullopt;
}

void WaitingMails::note_free(const std::string& domain, Lane& lane) {
    if (lane.is_free || lane.aside.empty() || !lane.admits(nullptr)) return;
    lane.is_free = true;
    free_.push_back(domain);
}

void WaitingMails::left(const Job& job) {
    if (job.line == nullptr) return;
    const auto found = lanes_.find(job.domain);
    if (found == lanes_.end()) return;
    Lane& lane = found->second;
    const auto line = lane.lines.find(job.line);
    if (line != lane.lines.end() && --line->second <= 0) lane.lines.erase(line);
    note_free(job.domain, lane);
    tidy(job.domain);
}

void WaitingMails::forget(const Connection& line) {
    begun_.erase(&line);
    if (worn_ == &line) worn_ = nullptr;
}

void WaitingMails::tidy(const std::string& domain) {
    const auto found = lanes_.find(domain);
    if (found->second.aside.empty() && found->second.lines.empty() && !found->second.is_free)
        lanes_.erase(found);
}

std::deque<Job> WaitingMails::take_all() {
    auto all = std::exchange(queue_, {});
    for (auto& [domain, lane] : lanes_) {
        std::move(lane.aside.begin(), lane.aside.end(), std::back_inserter(all));
        lane.aside.clear();
        lane.is_free = false;
    }
    free_.clear();
    aside_ = 0;
    std::erase_if(lanes_, [](const auto& entry) { return entry.second.lines.empty(); });
    return all;
}

}  // namespace hongyan::mail
