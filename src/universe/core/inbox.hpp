// Inbox and Ledger: what the universe keeps of arrivals. The Inbox shows the newest messages as
// their receivers would see them, bounded in number and bytes; the Ledger is a file of JSON lines,
// one for every arrival, duplicates too, written before the provider's answer leaves, so that a
// test can count what really arrived even after a crash. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "universe/core/world.hpp"

namespace hongyan::universe {

/// text with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

struct InboxFilter {
    std::string service;    ///< "" = all
    std::string channel;    ///< "" = all
    std::string recipient;  ///< "" = all; exact
    std::uint64_t after = 0;
    std::uint64_t before = 0;  ///< only those of a smaller sequence; 0 = from the newest
    std::size_t limit = 100;
    bool oldest_first = false;  ///< with after: the next ones; else the newest
};

class Inbox {
  public:
    struct Entry {
        std::uint64_t sequence = 0;
        std::int64_t at_ms = 0;
        Arrival arrival;
    };
    Inbox(std::size_t messages, std::size_t bytes) : max_messages_(messages), max_bytes_(bytes) {}
    void add(Entry entry);
    /// In the order of their sequence.
    [[nodiscard]] std::vector<Entry> find(const InboxFilter& filter) const;
    /// {"messages":[...],"last_sequence":N,"oldest_kept":N}
    [[nodiscard]] std::string find_json(const InboxFilter& filter) const;
    void clear();

  private:
    struct State {
        std::deque<std::shared_ptr<const Entry>> entries;  ///< shared: readers copy no message
        std::size_t bytes = 0;
        std::uint64_t last = 0;
    };
    [[nodiscard]] std::vector<std::shared_ptr<const Entry>> pick(const InboxFilter& filter,
                                                                 std::uint64_t& last,
                                                                 std::uint64_t& oldest) const;
    const std::size_t max_messages_;
    const std::size_t max_bytes_;
    mutable Guarded<State> state_;
};

struct LedgerCount {
    std::uint64_t arrived = 0;          ///< duplicates included
    std::uint64_t distinct_tokens = 0;  ///< of arrivals that had a token
    std::uint64_t duplicates = 0;       ///< recognised by the service as sent before
    bool exact =
        true;  ///< false: more tokens came than are remembered; distinct_tokens is a maximum
};

class Ledger {
  public:
    /// Opens universe.ledger in the folder, reads what stands in it, and locks it against a second
    /// universe. Beyond max_bytes the file is renamed to universe.ledger.1 (one is kept).
    [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(const std::string& folder,
                                                              std::size_t max_bytes, Log& log);
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    /// Writes the line and gives its sequence number.
    std::uint64_t add(const Arrival& arrival, std::int64_t at_ms);
    [[nodiscard]] std::map<std::string, LedgerCount> counts() const;
    [[nodiscard]] std::uint64_t last_sequence() const;
    /// Empties the file and the counts; sequence numbers go on.
    void clear();

  private:
    struct Count : LedgerCount {
        std::unordered_set<std::uint64_t> tokens;  ///< hashes
    };
    struct State {
        int fd = -1;
        std::size_t bytes = 0;
        std::uint64_t last = 0;
        std::size_t remembered = 0;
        std::map<std::string, Count, std::less<>> counts;
        bool failed = false;
    };
    Ledger(std::string file, std::size_t max_bytes, Log& log)
        : file_(std::move(file)), max_bytes_(max_bytes), log_(log) {}
    [[nodiscard]] Status open_file(State& state) const;
    void read_back(State& state, const std::string& file) const;
    void rotate(State& state) const;
    static void count(State& state, std::string_view service, std::string_view token,
                      bool duplicate);
    [[nodiscard]] static std::string line_of(const Arrival& arrival, std::uint64_t sequence,
                                             std::int64_t at_ms);

    const std::string file_;
    const std::size_t max_bytes_;
    Log& log_;
    mutable Guarded<State> state_;
};

}  // namespace hongyan::universe
