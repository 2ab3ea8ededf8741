// What the provider says of itself and of settings, and its callbacks.
#include "channel/mail/provider.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "channel/mail/settings.hpp"

namespace hongyan::mail {
namespace {

const std::string plain = R"({"host":"smtp.example.com","mail":{"from":"a@example.com"}})";

std::unique_ptr<Provider> provider() {
    ProviderList list;
    add_providers(list);
    return std::move(list.front());
}

std::string with(std::string_view members) {
    return plain.substr(0, plain.size() - 1) + "," + std::string(members) + "}";
}

std::string first_problem(const std::string& settings) {
    const auto problems = provider()->check_settings(settings);
    return problems.empty() ? "" : problems.front().path;
}

TEST(smtp_provider, shapes_are_schemas_and_secrets_are_marked) {
    const auto one = provider();
    EXPECT_EQ(one->name(), "smtp");
    EXPECT_EQ(one->channel(), ChannelKind::email);
    const auto schema = boost::json::parse(one->shapes().settings).as_object();
    const auto& properties = schema.at("properties").as_object();
    for (const auto secret : one->secrets()) {
        EXPECT_TRUE(properties.at(secret).at("writeOnly").as_bool()) << secret;
    }
    // Each key has one place, where it is encrypted.
    EXPECT_EQ(one->shapes().settings.find("hmac_key"), std::string::npos);
    EXPECT_TRUE(boost::json::parse(one->shapes().content).is_object());
    EXPECT_TRUE(boost::json::parse(one->shapes().recipient).is_object());
}

TEST(smtp_provider, settings_are_checked_field_by_field) {
    EXPECT_EQ(first_problem(plain), "");
    EXPECT_EQ(first_problem("{}"), "$.host");
    EXPECT_EQ(first_problem("not json"), "$");
    EXPECT_EQ(first_problem(with(R"("port":70000)")), "$.port");
    EXPECT_EQ(first_problem(with(R"("tls":"maybe")")), "$.tls");
    EXPECT_EQ(first_problem(with(R"("helo":"a\r\nb")")), "$.helo");
    EXPECT_EQ(first_problem(with(R"("username":"a")")), "$.password");
    EXPECT_EQ(first_problem(with(R"("password":"a")")), "$.username");
    EXPECT_EQ(first_problem(with(R"("auth":"plain")")), "$.username");
    EXPECT_EQ(first_problem(with(R"("username":"a","password":"b\u0000c")")), "$.password");
    EXPECT_EQ(first_problem(with(R"("username":"a","auth":"xoauth2","password":"x")")),
              "$.oauth_access_token");
    EXPECT_EQ(first_problem(with(R"("username":"a","oauth_refresh_token":"x")")),
              "$.oauth_token_url");
    EXPECT_EQ(first_problem(with(R"("unknown":1)")), "$.unknown");
    EXPECT_EQ(first_problem(
                  R"({"host":"x","mail":{"from":"a@b.c","verp":{"hmac_key":"0123456789abcdef"}}})"),
              "$.mail");
    EXPECT_EQ(first_problem(R"({"host":"smtp://x","mail":{"from":"a@example.com"}})"), "$.host");
}

TEST(smtp_provider, the_port_follows_from_the_encryption) {
    SmtpSettings settings;
    EXPECT_EQ(settings.port_text(), "587");
    settings.tls = TlsMode::implicit;
    EXPECT_EQ(settings.port_text(), "465");
    settings.port = 2525;
    EXPECT_EQ(settings.port_text(), "2525");
}

class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone done) override { done({}); }
};

TEST(smtp_provider, files_that_cannot_be_read_are_named_when_an_account_is_opened) {
    NoOutbound outbound;
    SystemClock clock;
    Log log(LogLevel::error);
    const ProviderParts parts{outbound, clock, log};
    const auto one = provider();
    const auto opened = one->open({1, 1, "a", with(R"("ca_file":"/no/such/file")")}, parts);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
    EXPECT_EQ(opened.error().problems.front().path, "$.ca_file");
    EXPECT_EQ(one->open({1, 1, "a", "{}"}, parts).error().code, ErrorCode::config_invalid);
    // An account that is never started or used goes without a trace.
    EXPECT_TRUE(one->open({1, 1, "a", plain}, parts));
}

TEST(smtp_provider, callbacks_without_proof_are_refused) {
    NoOutbound outbound;
    SystemClock clock;
    Log log(LogLevel::error);
    const auto one = provider();
    auto account =
        one->open({1, 1, "a", with(R"("callback_key":"k1","unsubscribe_key":"0123456789abcdef")")},
                  {outbound, clock, log});
    ASSERT_TRUE(account) << account.error().detail;
    Callback callback;
    callback.body = "Subject: hello\r\n\r\ntext\r\n";
    EXPECT_EQ((*account)->callback(callback).error().code, ErrorCode::unauthorized);
    callback.query = {{"key", "k1"}};
    const auto nothing = (*account)->callback(callback);
    ASSERT_TRUE(nothing) << nothing.error().detail;
    EXPECT_TRUE(nothing->receipts.empty());
    callback.method = "GET";
    EXPECT_EQ((*account)->callback(callback).error().code, ErrorCode::bad_request);
    callback.query = {{"token", "forged"}};
    EXPECT_EQ((*account)->callback(callback).error().code, ErrorCode::unauthorized);
}

}  // namespace
}  // namespace hongyan::mail
