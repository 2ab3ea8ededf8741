// tail: new and changed messages as they come, by asking the server again and again.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <deque>
#include <thread>
#include <unordered_map>

#include "app/cli_commands.hpp"
#include "app/cli_table.hpp"
#include "base/id.hpp"
#include "base/text.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

constexpr int max_pages = 5;                        // of 200 messages, for one look
constexpr std::size_t max_known = 20'000;           // messages whose changes are followed
constexpr std::int64_t look_back_ms = 10 * 60'000;  // how long an unsettled message is followed
constexpr int max_lost_looks = 20;                  // looks without an answer before giving up

class Tail {
  public:
    Tail(const TailArgs& args, Session& session) : args_(args), session_(session) {}

    int run() {
        if (!take(fetch_newest())) return session_.exit_code();
        while (!is_done()) {
            std::this_thread::sleep_for(Millis{args_.interval_ms});
            auto items = fetch_since(since_ms_);
            if (items) {
                lost_looks_ = 0;
                if (!take(std::move(items))) return session_.exit_code();
            } else if (session_.exit_code() != exit_ok) {
                return session_.exit_code();
            }
        }
        return exit_ok;
    }

  private:
    using Items = std::optional<std::vector<json::value>>;

    [[nodiscard]] bool is_done() const { return args_.limit > 0 && printed_ >= args_.limit; }

    std::string target(const std::string& after, const std::string& cursor,
                       std::int64_t count) const {
        return "/api/messages" + query_string({{"limit", std::to_string(count)},
                                               {"channel", args_.channel},
                                               {"status", args_.status},
                                               {"recipient", args_.recipient},
                                               {"created_after", after},
                                               {"cursor", cursor}});
    }

    Items fetch_newest() {
        const auto count = std::clamp<std::int64_t>(args_.lines, 1, 200);
        const auto answer = session_.call({"GET", target("", "", count)});
        if (!answer) return std::nullopt;
        const auto& items = items_at(answer->body, "items");
        std::vector<json::value> newest(items.begin(), items.end());
        if (args_.lines == 0) {
            for (const auto& item : newest) remember(item);
            newest.clear();
        }
        return newest;
    }

    /// Messages created after a time, page by page. Nothing: no answer this time, or a failure that
    /// was reported.
    Items fetch_since(std::int64_t since_ms) {
        std::vector<json::value> all;
        std::string cursor;
        for (int page = 0; page < max_pages; ++page) {
            auto answer = session_.try_call(
                {"GET", target(since_ms > 0 ? format_rfc3339(since_ms) : "", cursor, 200)});
            if (!answer || answer->status == 429 || answer->status == 503) {
                if (++lost_looks_ < max_lost_looks) return std::nullopt;
                if (answer)
                    session_.fail(*answer);
                else
                    session_.fail(answer.error());
                return std::nullopt;
            }
            if (!answer->ok()) return session_.fail(*answer), std::nullopt;
            for (const auto& item : items_at(answer->body, "items")) all.push_back(item);
            cursor = text_at(answer->body, "next_cursor");
            if (cursor.empty()) return all;
        }
        session_.err() << "More messages arrive than can be shown; some are left out.\n";
        return all;
    }

    /// Prints what is new or changed, oldest first.
    bool take(Items items) {
        if (!items) return false;
        std::ranges::sort(*items, {}, [](const json::value& item) {
            return parse_int(text_at(item, "message_id")).value_or(0);
        });
        for (const auto& item : *items) {
            if (is_done()) break;
            if (remember(item)) print(item);
        }
        session_.out() << std::flush;
        move_window();
        return true;
    }

    /// True if the message is new or has changed since it was last seen.
    bool remember(const json::value& item) {
        const auto id = parse_int(text_at(item, "message_id")).value_or(0);
        const std::string state = text_at(item, "status") + "/" + text_at(item, "attempts");
        const auto [place, is_new] = known_.try_emplace(id, state);
        newest_ms_ = std::max(newest_ms_, parse_rfc3339(text_at(item, "created_at")).value_or(0));
        if (is_new) order_.push_back(id);
        while (order_.size() > max_known) {
            known_.erase(order_.front());
            order_.pop_front();
        }
        if (!is_new && place->second == state) return false;
        place->second = state;
        return true;
    }

    // The next look begins where the oldest message still moving was created, but not long ago:
    // settled ones do not change.
    void move_window() {
        std::int64_t since = newest_ms_ - 2000;
        for (const auto id : order_) {
            const std::int64_t created = id_time_ms(id);
            const auto& state = known_.at(id);
            const bool is_moving = state.starts_with("pending") ||
                                   state.starts_with("processing") || state.starts_with("retrying");
            if (is_moving && created >= newest_ms_ - look_back_ms)
                since = std::min(since, created - 1);
        }
        since_ms_ = std::max<std::int64_t>(since, 0);
    }

    void print(const json::value& item) {
        ++printed_;
        if (session_.json()) {
            session_.out() << json::serialize(item) << "\n";
            return;
        }
        const std::string status = text_at(item, "status");
        std::string padding(std::max<std::size_t>(12, status.size() + 1) - status.size(), ' ');
        session_.out() << session_.paint(Colour::dim, text_at(item, "created_at")) << "  "
                       << text_at(item, "trace_id") << "  " << session_.paint_status(status)
                       << padding << text_at(item, "channel") << "  "
                       << one_line(text_at(item, "recipient"), 40);
        if (const auto reason = text_at(item, "reason"); !reason.empty())
            session_.out() << "  " << one_line(reason, 80);
        session_.out() << "\n";
    }

    const TailArgs& args_;
    Session& session_;
    std::unordered_map<std::int64_t, std::string> known_;
    std::deque<std::int64_t> order_;
    std::int64_t newest_ms_ = 0;
    std::int64_t since_ms_ = 0;
    std::int64_t printed_ = 0;
    int lost_looks_ = 0;
};

}  // namespace

int run_tail(const TailArgs& args, Session& session) { return Tail(args, session).run(); }

}  // namespace hongyan::app
