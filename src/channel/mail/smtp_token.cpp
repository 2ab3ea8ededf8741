#include "channel/mail/smtp_token.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/signing.hpp"

namespace hongyan::mail {
namespace {

constexpr std::int64_t usual_seconds = 3600;
constexpr std::int64_t longest_seconds = 86'400;

void add_field(std::string& form, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!form.empty()) form += '&';
    form.append(name).append("=").append(percent_encoded(value));
}

struct Granted {
    std::string token;
    std::int64_t seconds = usual_seconds;
};

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 8192 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

Result<Granted> read_grant(const OutboundReply& reply) {
    if (reply.end != CallEnd::answered) {
        return make_error(ErrorCode::outbound_failed,
                          "the token's URL did not answer: " + reply.detail);
    }
    boost::system::error_code error;
    const auto json = boost::json::parse(reply.body, error);
    const auto* object = error ? nullptr : json.if_object();
    const std::string status = "HTTP " + std::to_string(reply.status);
    if (reply.status == 429 || reply.status >= 500) {
        return make_error(ErrorCode::outbound_failed, "the token's URL answered " + status);
    }
    const auto* token = object == nullptr ? nullptr : object->if_contains("access_token");
    if (reply.status / 100 == 2 && token != nullptr && token->is_string() &&
        is_token(std::string_view(token->get_string()))) {
        Granted granted{std::string(token->get_string()), usual_seconds};
        const auto* life = object->if_contains("expires_in");
        if (life != nullptr && life->is_number()) {
            granted.seconds = std::clamp<std::int64_t>(
                static_cast<std::int64_t>(std::clamp(life->to_number<double>(), 0.0, 1e9)), 1,
                longest_seconds);
        }
        return granted;
    }
    const auto* reason = object == nullptr ? nullptr : object->if_contains("error");
    std::string detail = "the token's URL refused the refresh token: " + status;
    if (reason != nullptr && reason->is_string()) {
        detail += " " + std::string(std::string_view(reason->get_string()).substr(0, 100));
    }
    return make_error(ErrorCode::config_invalid, std::move(detail));
}

}  // namespace

TokenSource::TokenSource(const SmtpSettings& settings, Outbound& outbound, const Clock& clock,
                         boost::asio::io_context& loop)
    : fixed_(settings.oauth_refresh_token.empty() ? settings.oauth_access_token : ""),
      url_(settings.oauth_token_url),
      client_id_(settings.oauth_client_id),
      client_secret_(settings.oauth_client_secret),
      refresh_token_(settings.oauth_refresh_token),
      scope_(settings.oauth_scope),
      ca_file_(settings.ca_file),
      outbound_(outbound),
      clock_(clock),
      loop_(loop),
      token_(settings.oauth_access_token) {
    // A token given beside a refresh token is tried first; how old it is shows at the login.
    good_until_us_ = token_.empty() ? 0 : clock_.steady_us() + usual_seconds * 1'000'000;
}

void TokenSource::get(Use use) {
    if (!fixed_.empty()) {
        use(fixed_);
        return;
    }
    if (!token_.empty() && clock_.steady_us() < good_until_us_) {
        use(token_);
        return;
    }
    waiting_.push_back(std::move(use));
    if (!asking_) ask();
}

bool TokenSource::refused(const std::string& token) {
    if (refresh_token_.empty()) return false;
    if (token == token_) token_.clear();
    return true;
}

std::string TokenSource::form() const {
    std::string out = "grant_type=refresh_token";
    add_field(out, "refresh_token", refresh_token_);
    add_field(out, "client_id", client_id_);
    add_field(out, "client_secret", client_secret_);
    add_field(out, "scope", scope_);
    return out;
}

void TokenSource::ask() {
    asking_ = true;
    OutboundRequest request;
    request.url = url_;
    request.headers = {{"content-type", "application/x-www-form-urlencoded"},
                       {"accept", "application/json"}};
    request.body = form();
    request.max_reply_bytes = 64 * 1024;
    // An authority of the operator's own speaks for the whole site.
    request.ca_file = ca_file_;
    outbound_.call(std::move(request), [self = shared_from_this()](OutboundReply reply) {
        boost::asio::post(self->loop_, [self, reply = std::move(reply)] { self->answered(reply); });
    });
}

void TokenSource::answered(const OutboundReply& reply) {
    asking_ = false;
    auto granted = read_grant(reply);
    if (granted) {
        token_ = granted->token;
        good_until_us_ = clock_.steady_us() + granted->seconds * 850'000;  // renewed early, at 85 %
    }
    auto waiting = std::exchange(waiting_, {});
    for (Use& use : waiting) {
        granted ? use(granted->token) : use(granted.error());
    }
}

}  // namespace hongyan::mail
