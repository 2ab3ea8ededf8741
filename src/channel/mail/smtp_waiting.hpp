// WaitingMails: the mails of one account that wait for a connection, and what is under way to each
// domain that has a limit of its own: on how many connections at the same time, and how many mails
// on one connection. A mail whose domain has all its connections waits aside, so that it is in
// nobody's way; its turn comes as soon as one of them is free. Without limits it is a plain queue.
// Lives on the account's loop thread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channel/mail/settings.hpp"
#include "channel/mail/smtp_connection.hpp"

namespace hongyan::mail {

class WaitingMails {
  public:
    explicit WaitingMails(const std::vector<DomainLimit>& limits);

    void push_back(Job job);
    void push_front(Job job);
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] std::size_t size() const { return queue_.size() + aside_; }
    /// Mails that a further connection could carry now.
    [[nodiscard]] std::size_t ready() const { return queue_.size() + free_.size(); }

    /// The next mail that may go on this connection; it counts as under way there until left().
    [[nodiscard]] std::optional<Job> next(const Connection& line);
    /// A mail that next() gave has its outcome, or goes back.
    void left(const Job& job);
    /// True if the connection has had its mails to some domain and must be replaced.
    [[nodiscard]] bool is_worn(const Connection& line) const { return worn_ == &line; }
    /// The connection has ended.
    void forget(const Connection& line);

    /// All of them, in order, those aside last.
    [[nodiscard]] std::deque<Job> take_all();

  private:
    struct Lane {
        const DomainLimit* limit = nullptr;
        std::deque<Job> aside;
        std::map<const void*, int> lines;  ///< mails under way on each connection
        bool is_free = false;              ///< stands in free_

        [[nodiscard]] bool admits(const void* line) const;
    };
    [[nodiscard]] const DomainLimit* limit_of(std::string_view domain) const;
    [[nodiscard]] std::optional<Job> aside_for(const Connection& line);
    [[nodiscard]] Job begin(Job job, Lane& lane, const Connection& line);
    void note_free(const std::string& domain, Lane& lane);
    void tidy(const std::string& domain);

    std::vector<DomainLimit> limits_;
    std::unordered_map<std::string_view, const DomainLimit*> by_domain_;  ///< into limits_
    const DomainLimit* others_ = nullptr;                                 ///< of "*"

    std::deque<Job> queue_;
    std::size_t aside_ = 0;  ///< mails in lanes_
    std::unordered_map<std::string, Lane> lanes_;
    std::deque<std::string> free_;  ///< domains with mails aside that may have one more connection
    std::map<const void*, std::unordered_map<std::string, std::int64_t>> begun_;
    const void* worn_ = nullptr;
};

}  // namespace hongyan::mail
