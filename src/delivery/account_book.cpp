#include "delivery/account_book.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"
#include "base/thread.hpp"

namespace hongyan::delivery {
namespace {

constexpr Millis grace_of_replaced{70'000};  ///< longer than an attempt may take
constexpr Millis look_pause{20};

bool same_settings(const AccountRecord& a, const AccountRecord& b) {
    return a.settings == b.settings && a.secrets == b.secrets && a.status == b.status &&
           a.name == b.name && a.tier == b.tier && a.weight == b.weight && a.policy == b.policy;
}

/// The open settings and the secret ones as one object.
Result<std::string> merged_settings(const AccountRecord& record, const Vault& vault) {
    if (record.secrets.empty()) return record.settings;
    auto opened = vault.open_sealed(record.secrets, "account:" + record.callback_key);
    if (!opened) return opened.error();
    boost::system::error_code failure;
    auto all = boost::json::parse(record.settings, failure);
    const auto secret = boost::json::parse(*opened, failure);
    if (failure || !all.is_object() || !secret.is_object())
        return make_error(ErrorCode::config_invalid, "The stored settings are no JSON objects.");
    for (const auto& entry : secret.get_object()) all.get_object()[entry.key()] = entry.value();
    return boost::json::serialize(all);
}

std::string words_of(const Error& error) {
    std::string words = error.detail;
    for (const auto& problem : error.problems) words += " " + problem.path + ": " + problem.detail;
    return words;
}

bool was_tried(const Message& message, std::int64_t account) {
    return std::find(message.tried.begin(), message.tried.end(), account) != message.tried.end();
}

}  // namespace

AccountBook::AccountBook(const ProviderList& providers, const ProviderParts& parts,
                         const Vault& vault, Queue& queue, NetworkList allowed)
    : providers_(providers),
      parts_(parts),
      vault_(vault),
      queue_(queue),
      allowed_(std::move(allowed)),
      tenant_outbound_(parts.outbound),
      tokens_(sinks_) {}

void AccountBook::TenantOutbound::call(OutboundRequest request, OutboundDone done) {
    request.trust = UrlTrust::users;
    inner_.call(std::move(request), std::move(done));
}

void AccountBook::Tokens::keep(std::int64_t account_id, std::vector<Given> tokens,
                               UniqueFunction<void(bool)> stored) {
    sinks_.tokens(account_id, std::move(tokens), std::move(stored));
}

ProviderParts AccountBook::parts_for(std::int64_t tenant_id) {
    if (tenant_id == operators_tenant)
        return {parts_.outbound, parts_.clock, parts_.log, nullptr, &tokens_};
    return {tenant_outbound_, parts_.clock, parts_.log, &allowed_, &tokens_};
}

AccountBook::~AccountBook() { stop(Millis(0)); }

void AccountBook::start(Sinks sinks) {
    sinks_ = std::move(sinks);
    lane_thread_ = start_thread("lanes", [this] { lane_loop(); });
}

const Provider* AccountBook::provider(ChannelKind channel, std::string_view name) const {
    for (const auto& one : providers_) {
        if (one->channel() == channel && one->name() == name) return one.get();
    }
    return nullptr;
}

std::shared_ptr<const AccountBook::Snapshot> AccountBook::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

Status AccountBook::try_open(const Provider& provider_of, AccountSettings settings) const {
    auto opened = provider_of.open(std::move(settings), parts_);
    if (!opened) return opened.error();
    return Done{};
}

AccountPtr AccountBook::open(AccountRecord record) {
    const Provider* provider_of = provider(record.channel, record.provider);
    if (provider_of == nullptr) {
        parts_.log.warn("account_ignored", {{"account", record.id}, {"provider", record.provider}});
        return nullptr;
    }
    AccountPolicy policy;
    if (auto read = shape::read<AccountPolicy>(record.policy); read) policy = *read;
    std::unique_ptr<Account> account;
    std::string trouble;
    if (auto settings = merged_settings(record, vault_); !settings) {
        trouble = words_of(settings.error());
    } else {
        auto opened =
            provider_of->open({record.id, record.tenant_id, record.name, std::move(*settings)},
                              parts_for(record.tenant_id));
        if (opened)
            account = std::move(*opened);
        else
            trouble = words_of(opened.error());
    }
    auto live = std::make_shared<LiveAccount>(std::move(record), *provider_of, policy,
                                              std::move(account), trouble);
    if (live->account() != nullptr) {
        const std::weak_ptr<LiveAccount> weak = live;
        auto started = live->account()->start(
            [this, weak](std::vector<Sent> sent) { on_outcomes(weak, std::move(sent)); },
            [this, weak](std::vector<Receipt> receipts, UniqueFunction<void(bool)> stored) {
                if (const auto held = weak.lock())
                    sinks_.receipts(*held, std::move(receipts), std::move(stored));
                else
                    stored(false);
            });
        if (!started) trouble = words_of(started.error());
    }
    if (!trouble.empty()) {
        parts_.log.error(
            "account_not_opened",
            {{"account", live->record().id}, {"name", live->record().name}, {"detail", trouble}});
    }
    return live;
}

void AccountBook::apply(std::vector<AccountRecord> records) {
    const std::lock_guard one_at_a_time(apply_mutex_);
    const auto before = snapshot();
    auto next = std::make_shared<Snapshot>();
    ChannelMask served = 0;
    std::vector<AccountPtr> replaced;
    for (auto& record : records) {
        const auto stands = before->by_id.find(record.id);
        AccountPtr live;
        if (stands != before->by_id.end() && same_settings(stands->second->record(), record))
            live = stands->second;
        else
            live = open(std::move(record));
        if (!live) continue;
        served |= 1U << static_cast<unsigned>(live->record().channel);
        next->groups[{live->record().tenant_id, live->record().channel}].push_back(live);
        next->by_id[live->record().id] = std::move(live);
    }
    for (const auto& [id, live] : before->by_id) {
        const auto kept = next->by_id.find(id);
        if (kept == next->by_id.end() || kept->second != live) replaced.push_back(live);
    }
    {
        const std::lock_guard lock(mutex_);
        snapshot_ = std::move(next);
    }
    served_ = served;
    for (auto& live : replaced) close_later(std::move(live));
    lane_wake_.notify_all();
}

/// An account that was replaced finishes what it has under way, beside the new one.
void AccountBook::close_later(AccountPtr account) {
    if (account->account() == nullptr) return;
    std::erase_if(closing_, [](Closing& one) {
        if (!*one.done) return false;
        one.thread.join();
        return true;
    });
    auto done = std::make_shared<std::atomic<bool>>(false);
    closing_.push_back({start_thread("account-close",
                                     [this, account, done] {
                                         close_when_idle(*account);
                                         *done = true;
                                     }),
                        done});
}

void AccountBook::close_when_idle(LiveAccount& account) const {
    for (Millis waited{0}; waited < grace_of_replaced && closing_grace_ms_ < 0;
         waited += look_pause) {
        if (account.figures(parts_.clock.now_ms()).in_flight == 0) break;
        std::this_thread::sleep_for(look_pause);
    }
    account.account()->stop(Millis(std::max<std::int64_t>(0, closing_grace_ms_)));
}

void AccountBook::stop(Millis grace) {
    {
        const std::lock_guard lock(lane_mutex_);
        if (stopping_) return;
        stopping_ = true;
    }
    lane_wake_.notify_all();
    if (lane_thread_.joinable()) lane_thread_.join();
    closing_grace_ms_ = grace.count();
    const std::lock_guard one_at_a_time(apply_mutex_);
    // Side by side, or the graces would add up.
    for (const auto& [id, live] : snapshot()->by_id) close_later(live);
    for (auto& one : closing_) one.thread.join();
    closing_.clear();
}

const AccountBook::Group* AccountBook::group_of(const Snapshot& all, std::int64_t tenant_id,
                                                ChannelKind channel) const {
    const auto found = all.groups.find({tenant_id, channel});
    return found == all.groups.end() ? nullptr : &found->second;
}

bool AccountBook::serves(std::int64_t tenant_id, ChannelKind channel) const {
    if ((served_.load(std::memory_order_relaxed) >> static_cast<unsigned>(channel) & 1U) == 0)
        return false;
    return group_of(*snapshot(), tenant_id, channel) != nullptr;
}

std::size_t AccountBook::room_of(const Group& group, std::int64_t now_ms) {
    std::vector<route::AccountView> views;
    views.reserve(group.size());
    std::string words;  // of nobody's interest here
    for (const auto& live : group) {
        views.push_back(live->view(now_ms, words));
        views.back().closed_reason = {};
    }
    route::keep_shares(views, now_ms);
    std::size_t room = 0;
    for (const auto& view : views) {
        if (view.enabled && view.admits && view.closed_until_ms <= now_ms)
            room += static_cast<std::size_t>(std::max(0, view.room));
    }
    return room;
}

bool AccountBook::has_room(std::int64_t tenant_id, ChannelKind channel, std::int64_t now_ms) const {
    const auto all = snapshot();
    const Group* group = group_of(*all, tenant_id, channel);
    if (group == nullptr) return true;
    if (group->size() == 1) return group->front()->has_room(now_ms);
    return room_of(*group, now_ms) > 0;
}

std::vector<Problem> AccountBook::check(std::int64_t tenant_id, ChannelKind channel,
                                        std::string_view recipient, const Content& content) const {
    const auto all = snapshot();
    const Group* group = group_of(*all, tenant_id, channel);
    std::vector<Problem> first;
    if (group == nullptr) return first;
    std::vector<const Provider*> asked;
    for (const auto& live : *group) {
        const Provider* one = &live->provider();
        if (std::find(asked.begin(), asked.end(), one) != asked.end()) continue;
        asked.push_back(one);
        auto problems = one->check(recipient, content);
        if (problems.empty()) return {};
        if (first.empty()) first = std::move(problems);
    }
    return first;
}

route::Route AccountBook::ask(const Group& group, const Message& message, std::int64_t now_ms,
                              bool with_reasons) const {
    std::vector<route::AccountView> views;
    std::vector<std::string> words(group.size() * 2);  // never grows: the views look into it
    views.reserve(group.size());
    const Content content{message.subject, message.content, message.html, message.options};
    for (std::size_t i = 0; i < group.size(); ++i) {
        auto view = group[i]->view(now_ms, words[i * 2]);
        view.tried = was_tried(message, view.id);
        if (!group[i]->trouble().empty()) {
            view.unfit = group[i]->trouble();
        } else if (view.enabled && group.size() > 1) {
            const auto problems = group[i]->provider().check(message.recipient, content);
            if (!problems.empty()) {
                words[i * 2 + 1] = problems[0].path + " " + problems[0].detail;
                view.unfit = words[i * 2 + 1];
            }
        }
        views.push_back(view);
    }
    if (message.unknown_on == 0) route::keep_shares(views, now_ms);
    route::Question question;
    question.accounts = views;
    question.only_account = message.unknown_on;
    question.now_ms = now_ms;
    question.seed =
        static_cast<std::uint64_t>(message.id) * 31 + static_cast<std::uint64_t>(message.attempts);
    question.with_reasons = with_reasons;
    return route::choose(question);
}

AccountBook::Chosen AccountBook::choose(const Message& message, std::int64_t now_ms) const {
    const auto all = snapshot();
    const Group* group = group_of(*all, message.tenant_id, message.channel);
    Chosen chosen;
    if (group == nullptr) return chosen;
    // A place can be lost to another thread between looking and taking; then look again.
    for (int look = 0; look < 3; ++look) {
        chosen.route = ask(*group, message, now_ms, true);
        if (chosen.route.choice != route::Choice::send) return chosen;
        auto live = all->by_id.at(chosen.route.account_id);
        if (live->reserve(now_ms)) {
            chosen.account = std::move(live);
            return chosen;
        }
    }
    chosen.route.choice = route::Choice::wait;
    return chosen;
}

route::Route AccountBook::explain(const Message& message, std::int64_t now_ms) const {
    const auto all = snapshot();
    const Group* group = group_of(*all, message.tenant_id, message.channel);
    return group == nullptr ? route::Route() : ask(*group, message, now_ms, true);
}

bool AccountBook::has_other(const Message& message, std::int64_t but, std::int64_t now_ms) const {
    const auto all = snapshot();
    const Group* group = group_of(*all, message.tenant_id, message.channel);
    if (group == nullptr) return false;
    const Content content{message.subject, message.content, message.html, message.options};
    std::string words;
    return std::any_of(group->begin(), group->end(), [&](const AccountPtr& live) {
        const auto view = live->view(now_ms, words);
        return view.id != but && view.enabled && live->trouble().empty() && view.admits &&
               view.closed_until_ms <= now_ms && !was_tried(message, view.id) &&
               live->provider().check(message.recipient, content).empty();
    });
}

AccountPtr AccountBook::find(std::int64_t id) const {
    const auto all = snapshot();
    const auto found = all->by_id.find(id);
    return found == all->by_id.end() ? nullptr : found->second;
}

std::vector<std::int64_t> AccountBook::receipt_peers(std::int64_t id) const {
    std::vector<std::int64_t> peers;
    const auto all = snapshot();
    const auto found = all->by_id.find(id);
    if (found == all->by_id.end() || found->second->receipt_scope().empty()) return peers;
    const auto& own = *found->second;
    for (const auto& live : *group_of(*all, own.record().tenant_id, own.record().channel)) {
        if (live->record().id != id && &live->provider() == &own.provider() &&
            live->receipt_scope() == own.receipt_scope())
            peers.push_back(live->record().id);
    }
    return peers;
}

AccountPtr AccountBook::find_for_callback(ChannelKind channel, std::string_view word) const {
    const auto all = snapshot();
    AccountPtr by_name;
    for (const auto& [id, live] : all->by_id) {
        if (live->record().channel != channel) continue;
        if (live->record().callback_key == word || std::to_string(id) == word) return live;
        if (live->record().name == word && (!by_name || live->record().tenant_id == 1))
            by_name = live;
    }
    return by_name;
}

std::vector<AccountPtr> AccountBook::all() const {
    std::vector<AccountPtr> found;
    for (const auto& [id, live] : snapshot()->by_id) found.push_back(live);
    return found;
}

void AccountBook::on_outcomes(const std::weak_ptr<LiveAccount>& weak, std::vector<Sent> sent) {
    const auto now = parts_.clock.now_ms();
    if (const auto live = weak.lock()) {
        for (auto& one : sent) {
            one.outcome.provider = live->provider().name();
            live->learn(one.outcome, now);
        }
    }
    sinks_.outcomes(std::move(sent));
    lane_wake_.notify_one();
}

}  // namespace hongyan::delivery
