// DestinationLimits: how many messages may go to one place in a time, whoever sends them: a domain,
// a country, a prefix of numbers, a recipient, or from one template. Rules are rows of the same
// table as all other limits, told apart by their resource:
//   domain:gmail.com  domain:*       the part of a mail address behind the @
//   country:86        country:*      the country calling code of a number (E.164); bare local
//   numbers
//                                    have none
//   prefix:+86138     the start of a number or other recipient, as it is written
//   recipient:*       each recipient by itself; recipient:sms:* on one channel only
//   template:7        template:*
// Kinds qps and window apply; a rule that names "*" counts for each value by itself. Counts are
// kept in memory for the values seen of late (at most max_keys, the longest unused go first); what
// was counted is handed out to be stored before the message leaves, and read back at a start. A
// rule whose window is changed begins to count anew. Safe from every thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "contract/limiter.hpp"
#include "model/message.hpp"
#include "model/records.hpp"

namespace hongyan::route {

class DestinationLimits {
  public:
    static constexpr std::size_t max_keys = 200'000;
    explicit DestinationLimits(const Clock& clock) : clock_(clock) {}

    /// True if the resource is one of the above.
    [[nodiscard]] static bool is_destination(std::string_view resource);
    /// What is wrong with a destination's resource or type, or nothing.
    [[nodiscard]] static std::optional<std::string> problem_of(std::string_view resource,
                                                               LimitType type);
    /// Keeps what was counted under rules that stay.
    void set_rules(const std::vector<LimitRule>& rules);
    [[nodiscard]] bool empty() const { return empty_; }

    struct Answer {
        bool ok = true;
        std::int64_t again_ms = 0;  ///< wall time from which it would be let through
        std::string reason;         ///< "domain:gmail.com allows 20 in 1 s"
    };
    /// Counts the message if every rule agrees; else counts nothing.
    [[nodiscard]] Answer admit(const Message& message);
    /// What was counted since this was asked last, to be added to what is stored.
    [[nodiscard]] std::vector<DestinationCount> take_unsaved();
    /// What was stored before the start, what counts longest first.
    void restore(const std::vector<DestinationCount>& counts);
    /// The same without counting, for people.
    [[nodiscard]] Answer ask(const Message& message);

  private:
    enum class Kind { domain, country, prefix, recipient, template_id };
    struct Rule {
        Kind kind;
        std::string value;  ///< "*" = each by itself
        std::optional<ChannelKind> channel;
        double max = 0;
        std::int64_t window_ms = 1'000;
        std::string resource;
    };
    /// A sliding window in eleven parts of a tenth: what the last eleven hold together never
    /// exceeds the limit, so no interval of a window's length does, at any offset.
    struct Counter {
        static constexpr std::int64_t parts = 11;
        std::int64_t newest = 0;  ///< number of the newest part
        std::array<double, parts> counts{};
        std::list<std::string>::iterator age;  ///< its key in ages_

        void advance(std::int64_t part);
        [[nodiscard]] double sum() const;
        /// The oldest part that counted something.
        [[nodiscard]] std::int64_t oldest() const;
    };
    [[nodiscard]] static std::optional<Rule> rule_of(const LimitRule& rule);
    [[nodiscard]] static std::string value_of(const Rule& rule, const Message& message);
    [[nodiscard]] Counter& counter(const std::string& key);
    void add(Counter& counter, std::int64_t part_ms);
    Answer check(const Message& message, bool count);

    const Clock& clock_;
    std::atomic<bool> empty_{true};
    std::mutex mutex_;
    // Under mutex_:
    std::vector<Rule> rules_;
    std::unordered_map<std::string, Counter> counters_;
    std::list<std::string> ages_;                                ///< keys, the longest unused first
    std::unordered_map<std::string, DestinationCount> unsaved_;  ///< by counter and part
};

/// The country calling code of an E.164 number with '+' or '00' in front ("+8613800138000" ->
/// "86");
/// "" if there is none.
[[nodiscard]] std::string country_code(std::string_view number);

}  // namespace hongyan::route
