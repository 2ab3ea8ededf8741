#include "api/auth.hpp"

#include "api/problem.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "table/keys.hpp"

namespace hongyan::api {
namespace {

constexpr std::string_view global_resource = "global";

/// The key of "Authorization: Bearer KEY", "" if there is none.
std::string_view bearer(const http::Request& request) {
    const auto value = request.header("Authorization");
    constexpr std::string_view scheme = "bearer ";
    if (value.size() <= scheme.size() ||
        !equals_ignoring_case(value.substr(0, scheme.size()), scheme))
        return {};
    return trim(value.substr(scheme.size()));
}

http::GuardAnswer refuse(const http::Request& request, ErrorCode code, std::string detail) {
    auto response =
        problem_response(make_error(code, std::move(detail)), request.path, request.request_id);
    if (code == ErrorCode::unauthorized)
        response.headers.add("WWW-Authenticate", "Bearer realm=\"hongyan\"");
    return {std::move(response)};
}

http::GuardAnswer over_limit(const http::Request& request, const Admission& answer) {
    auto error = make_error(ErrorCode::rate_limited, limit_text(answer) + ".");
    error.retry_after = answer.retry_after;
    auto response = problem_response(error, request.path, request.request_id);
    const std::string name = "\"" + std::string(answer.resource) + "\"";
    const auto reset = (answer.retry_after.count() + 999) / 1000;
    response.headers.add(
        "RateLimit-Policy",
        name + ";q=" + std::to_string(answer.limit) +
            (answer.window_seconds > 0 ? ";w=" + std::to_string(answer.window_seconds) : ""));
    response.headers.add("RateLimit", name + ";r=" + std::to_string(answer.remaining) +
                                          ";t=" + std::to_string(reset));
    return {std::move(response)};
}

/// A global limit that was set too low must not lock out who could set it right.
bool mends_limits(const http::Request& request, unsigned scopes) {
    return (scopes & scope_admin) != 0 && request.path.starts_with("/api/limits");
}

}  // namespace

unsigned scope_bit(std::string_view word) {
    if (word == "send") return scope_send;
    if (word == "read") return scope_read;
    if (word == "manage") return scope_manage;
    if (word == "admin") return scope_admin;
    if (word == "any") return all_scopes;
    return 0;
}

unsigned scope_bits(std::string_view words) {
    unsigned bits = 0;
    for (const auto& word : split(words, ' ')) bits |= scope_bit(word);
    return (bits & scope_admin) != 0 ? all_scopes : bits;
}

Caller::~Caller() {
    for (int i = 0; i < count_; ++i) limiter_->leave(resources_[i]);
}

void Caller::entered(Limiter& limiter, std::string_view resource) {
    HY_ASSERT(count_ < 2);
    limiter_ = &limiter;
    resources_[count_++] = resource;
}

const Caller& caller_of(const http::Request& request) {
    HY_ASSERT(request.context != nullptr);
    return *static_cast<const Caller*>(request.context.get());
}

KeyBook::KeyBook(const Clock& clock, std::string_view admin_key)
    : clock_(clock), admin_hash_(admin_key.empty() ? "" : sha256(admin_key)) {
    auto page = std::make_shared<Page>();
    if (!admin_hash_.empty()) {
        KeyRecord admin;
        admin.name = "administrator";
        admin.scopes = "send read manage admin";
        page->emplace(admin_hash_, std::move(admin));
    }
    page_ = std::move(page);
}

Status KeyBook::load(Store& store) {
    std::vector<KeyRecord> records;
    auto read = store.read([&](Session& session) { records = table::all_keys(session); });
    if (!read) return read;
    auto next = std::make_shared<Page>();
    for (auto& record : records) {
        if (record.revoked_ms == 0) next->emplace(record.hash, record);
    }
    if (!admin_hash_.empty()) {
        KeyRecord admin;
        admin.name = "administrator";
        admin.scopes = "send read manage admin";
        next->insert_or_assign(admin_hash_, std::move(admin));
    }
    const std::lock_guard lock(mutex_);
    page_ = std::move(next);
    return Done{};
}

std::shared_ptr<const KeyBook::Page> KeyBook::page() const {
    const std::lock_guard lock(mutex_);
    return page_;
}

bool KeyBook::empty() const { return page()->empty(); }

// Comparing hashes needs no constant time: what a client could learn is the hash of what it sent
// itself.
std::shared_ptr<const KeyRecord> KeyBook::find(std::string_view key) const {
    const auto now = page();
    const auto found = now->find(sha256(key));
    if (found == now->end()) return nullptr;
    if (found->second.expires_ms != 0 && found->second.expires_ms <= clock_.now_ms())
        return nullptr;
    return {now, &found->second};
}

std::shared_ptr<const KeyRecord> KeyBook::find(std::int64_t id) const {
    const auto now = page();
    for (const auto& [hash, record] : *now) {
        if (record.id != id) continue;
        if (record.expires_ms != 0 && record.expires_ms <= clock_.now_ms()) return nullptr;
        return {now, &record};
    }
    return nullptr;
}

Actor KeyBook::actor(std::int64_t id) const {
    const auto record = find(id);
    return {record == nullptr ? std::string() : record->name, id};
}

void KeyBook::note_use(std::int64_t id) const {
    if (id == 0) return;
    const auto now = clock_.now_ms();
    const std::lock_guard lock(mutex_);
    uses_[id] = now;
}

std::map<std::int64_t, std::int64_t> KeyBook::take_uses() const {
    const std::lock_guard lock(mutex_);
    return std::exchange(uses_, {});
}

std::string make_key() {
    constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string key = "hy_";
    while (key.size() < 43) {
        for (const char byte : random_bytes(64)) {
            const auto value = static_cast<unsigned char>(byte) & 63U;
            // Values past the alphabet are thrown away, which keeps every character equally likely.
            if (value < alphabet.size() && key.size() < 43) key += alphabet[value];
        }
    }
    return key;
}

std::string key_prefix(std::string_view key) {
    return std::string(key.substr(0, key.starts_with("hy_") ? 9 : 4));
}

http::Guard make_guard(const KeyBook& keys, Limiter& limiter) {
    return [&keys, &limiter](http::Request& request) -> http::GuardAnswer {
        const auto presented = bearer(request);
        if (presented.empty()) {
            return refuse(request, ErrorCode::unauthorized,
                          "Send the field 'Authorization: Bearer KEY'.");
        }
        const auto key = keys.find(presented);
        if (!key)
            return refuse(request, ErrorCode::unauthorized,
                          "This key is unknown, revoked or expired.");
        const unsigned scopes = scope_bits(key->scopes);
        const auto& route = *request.route;
        if ((scopes & scope_bit(route.scope)) == 0) {
            return refuse(
                request, ErrorCode::forbidden,
                "This needs the scope '" + route.scope + "'; the key has: " + key->scopes + ".");
        }
        keys.note_use(key->id);
        auto caller = std::make_shared<Caller>(key->tenant_id, key->id, scopes);
        Millis wait{0};
        for (const std::string_view resource :
             {global_resource, std::string_view(route.resource)}) {
            if (resource.empty() || (resource == global_resource && mends_limits(request, scopes)))
                continue;
            const auto answer = limiter.admit(resource);
            if (!answer.ok) return over_limit(request, answer);
            if (answer.entered) caller->entered(limiter, resource);
            wait = std::max(wait, answer.wait);
        }
        request.context = std::move(caller);
        return {std::nullopt, wait};
    };
}

}  // namespace hongyan::api
