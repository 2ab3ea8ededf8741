#include "universe/tencent/service.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "universe/tencent/reports.hpp"
#include "universe/tencent/testing/fake_world.hpp"

namespace hongyan::universe::tencent {
namespace {

namespace json = boost::json;

const std::string secret_id = "AKIDsandbox0000000000000000000000000";
const std::string secret_key = "sandbox-secret-key-0000000000000";

class tencent_service : public testing::Test {
  protected:
    tencent_service() {
        add_services(list_);
        world_ = std::make_unique<FakeWorld>(*list_.http.front());
    }
    /// Written out by the vendor's description; host is what is signed.
    [[nodiscard]] ServiceRequest call(const std::string& action, const std::string& body,
                                      std::int64_t shift_seconds = 0,
                                      const std::string& host = "127.0.0.1:8090") const {
        const std::int64_t at = world_->time.now_ms() / 1000 + shift_seconds;
        const std::string date = format_day(at * 1000);
        const std::string names = "content-type;host;x-tc-action";
        const std::string canonical = "POST\n/\n\ncontent-type:application/json\nhost:" + host +
                                      "\nx-tc-action:" + to_lower(action) + "\n\n" + names + "\n" +
                                      to_hex(sha256(body));
        const std::string scope = date + "/sms/tc3_request";
        const std::string text = "TC3-HMAC-SHA256\n" + std::to_string(at) + "\n" + scope + "\n" +
                                 to_hex(sha256(canonical));
        const std::string key =
            hmac_sha256(hmac_sha256(hmac_sha256("TC3" + secret_key, date), "sms"), "tc3_request");
        ServiceRequest request;
        request.method = "POST";
        request.path = "/";
        request.authority = "127.0.0.1:8090";
        request.body = body;
        request.headers = {{"content-type", "application/json"},
                           {"host", "127.0.0.1:8090"},
                           {"x-tc-action", action},
                           {"x-tc-version", "2021-01-11"},
                           {"x-tc-region", "ap-guangzhou"},
                           {"x-tc-timestamp", std::to_string(at)},
                           {"authorization", "TC3-HMAC-SHA256 Credential=" + secret_id + "/" +
                                                 scope + ", SignedHeaders=" + names +
                                                 ", Signature=" + to_hex(hmac_sha256(key, text))}};
        return request;
    }
    json::object handle(const ServiceRequest& request) {
        const ServiceReply reply = list_.http.front()->handle(*world_, request);
        EXPECT_EQ(reply.status, 200);
        return json::parse(reply.body).at("Response").as_object();
    }
    /// The code of the first number, or of the whole call.
    std::string code(const ServiceRequest& request) {
        const auto response = handle(request);
        const auto* error = response.if_contains("Error");
        const auto& holder =
            error != nullptr ? *error : response.at("SendStatusSet").as_array().at(0);
        return std::string(holder.at("Code").as_string().c_str());
    }
    std::string send(const json::object& body) {
        return code(call("SendSms", json::serialize(body)));
    }
    void set_header(ServiceRequest& request, std::string_view name, std::string value) const {
        for (auto& [key, old] : request.headers) {
            if (key == name) old = value;
        }
    }

    ServiceList list_;
    std::unique_ptr<FakeWorld> world_;
};

json::object order() {
    return {{"PhoneNumberSet", json::array{"+8613800138000"}},
            {"SmsSdkAppId", "1400006666"},
            {"TemplateId", "1110"},
            {"SignName", "腾讯云"},
            {"TemplateParamSet", json::array{"4370", "5"}},
            {"SessionContext", "token-1"}};
}

TEST_F(tencent_service, a_signed_call_arrives_as_the_handset_shows_it) {
    const auto response = handle(call("SendSms", json::serialize(order())));
    const auto status = response.at("SendStatusSet").as_array().at(0).as_object();
    EXPECT_EQ(status.at("Code"), "Ok");
    EXPECT_EQ(status.at("SessionContext"), "token-1");
    ASSERT_EQ(world_->arrivals.size(), 1U);
    const Arrival& arrival = world_->arrivals.front();
    EXPECT_EQ(arrival.recipient, "+8613800138000");
    EXPECT_EQ(arrival.content, "【腾讯云】您的验证码为4370，请于5分钟内填写。");
    EXPECT_EQ(arrival.token, "token-1");
    EXPECT_EQ(status.at("SerialNo"), json::string(arrival.provider_message_id));
}

TEST_F(tencent_service, the_host_may_be_signed_without_its_port_as_the_vendors_client_does) {
    EXPECT_EQ(code(call("SendSms", json::serialize(order()), 0, "127.0.0.1")), "Ok");
    EXPECT_EQ(code(call("SendSms", json::serialize(order()), 0, "other")),
              "AuthFailure.SignatureFailure");
}

TEST_F(tencent_service, the_gateway_refuses_what_is_not_properly_signed) {
    const std::string body = json::serialize(order());
    EXPECT_EQ(code(call("SendSms", body, -301)), "AuthFailure.SignatureExpire");
    EXPECT_EQ(code(call("SendSms", body, 301)), "AuthFailure.SignatureExpire");
    EXPECT_EQ(code(call("DeleteAll", body)), "InvalidAction");
    auto request = call("SendSms", body);
    request.body += " ";
    EXPECT_EQ(code(request), "AuthFailure.SignatureFailure");
    request = call("SendSms", body);
    set_header(request, "x-tc-version", "2019-07-11");
    EXPECT_EQ(code(request), "NoSuchVersion");
    set_header(request, "authorization", "TC3-HMAC-SHA256 nothing");
    EXPECT_EQ(code(request), "AuthFailure.SignatureFailure");
    set_header(request, "authorization", "");
    EXPECT_EQ(code(request), "MissingParameter");
    request = call("SendSms", body);
    set_header(request, "x-tc-timestamp", "soon");
    EXPECT_EQ(code(request), "AuthFailure.SignatureFailure");
    world_->settings["secret_id"] = "other";
    EXPECT_EQ(code(call("SendSms", body)), "AuthFailure.SecretIdNotFound");
    EXPECT_TRUE(world_->arrivals.empty());
}

TEST_F(tencent_service, the_service_refuses_what_is_not_approved) {
    const auto with = [&](const char* name, json::value value) {
        json::object body = order();
        body[name] = std::move(value);
        return send(body);
    };
    EXPECT_EQ(with("SignName", "别人"), "FailedOperation.SignatureIncorrectOrUnapproved");
    EXPECT_EQ(with("SignName", ""), "FailedOperation.SignatureIncorrectOrUnapproved");
    EXPECT_EQ(with("TemplateId", "9"), "FailedOperation.TemplateIncorrectOrUnapproved");
    EXPECT_EQ(with("TemplateId", nullptr), "MissingParameter");
    EXPECT_EQ(with("TemplateParamSet", json::array{"1"}),
              "FailedOperation.TemplateParamSetNotMatchApprovedTemplate");
    EXPECT_EQ(with("TemplateParamSet", json::array{"1", "2", "3"}),
              "FailedOperation.TemplateParamSetNotMatchApprovedTemplate");
    EXPECT_EQ(with("TemplateParamSet", json::array{1}), "InvalidParameter");
    EXPECT_EQ(with("TemplateParamSet", json::array{json::string(101, 'x'), "1"}),
              "InvalidParameterValue.TemplateParameterLengthLimit");
    EXPECT_EQ(with("SmsSdkAppId", "1"), "InvalidParameterValue.SdkAppIdNotExist");
    EXPECT_EQ(with("PhoneNumberSet", json::array{}), "MissingParameter");
    EXPECT_EQ(with("PhoneNumberSet", json::array{"+86138"}),
              "InvalidParameterValue.IncorrectPhoneNumber");
    EXPECT_EQ(with("PhoneNumberSet", json::array{"+8613800138000", "+85261234567"}),
              "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber");
    EXPECT_EQ(with("PhoneNumberSet", json::array(201, "+8613800138000")),
              "LimitExceeded.PhoneNumberCountLimit");
    EXPECT_EQ(with("SessionContext", json::string(512, 'x')), "InvalidParameterValue");
    EXPECT_EQ(code(call("SendSms", "[]")), "InvalidParameter");
    world_->settings["blocked_numbers"] = "+8613800138000";
    EXPECT_EQ(send(order()), "FailedOperation.PhoneNumberInBlacklist");
    EXPECT_TRUE(world_->arrivals.empty());
}

TEST_F(tencent_service, a_number_has_its_limits) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(send(order()), "Ok");
        EXPECT_EQ(send(order()), "LimitExceeded.PhoneNumberThirtySecondLimit");
        world_->time.advance(Millis(30'000));
    }
    EXPECT_EQ(send(order()), "LimitExceeded.PhoneNumberOneHourLimit");
    world_->settings["per_hour"] = "0";
    EXPECT_EQ(send(order()), "Ok");
}

TEST_F(tencent_service, receipts_are_pushed_and_can_be_pulled) {
    world_->settings["callback_url"] = "http://127.0.0.1:8080/cb/t0k";
    world_->receipt.fails = true;
    world_->receipt.forged = true;
    EXPECT_EQ(send(order()), "Ok");
    EXPECT_TRUE(world_->calls.empty());
    world_->run_later();
    ASSERT_EQ(world_->calls.size(), 2U);
    EXPECT_EQ(world_->calls[0].url, "http://127.0.0.1:8080/cb/guessed");
    const auto report = json::parse(world_->calls[1].body).as_array().at(0).as_object();
    EXPECT_EQ(report.at("report_status"), "FAIL");
    EXPECT_EQ(report.at("nationcode"), "86");
    EXPECT_EQ(report.at("mobile"), "13800138000");
    EXPECT_EQ(report.at("ext"), "token-1");
    const auto pulled = handle(call("PullSmsSendStatus", R"({"Limit":10})"));
    EXPECT_EQ(pulled.at("PullSmsSendStatusSet").as_array().size(), 1U);
    const auto again = handle(call("PullSmsSendStatus", R"({"Limit":10})"));
    EXPECT_TRUE(again.at("PullSmsSendStatusSet").as_array().empty());
    EXPECT_EQ(code(call("PullSmsSendStatus", R"({"Limit":101})")), "InvalidParameterValue");
}

TEST_F(tencent_service, the_reports_of_a_number_are_listed_whoever_has_pulled_them) {
    EXPECT_EQ(send(order()), "Ok");
    world_->run_later();
    const auto ask = [&](const std::string& number, const std::string& more = R"(,"BeginTime":0)") {
        return call("PullSmsSendStatusByPhoneNumber",
                    R"({"SmsSdkAppId":"1400006666","Limit":100,"Offset":0,"PhoneNumber":")" +
                        number + "\"" + more + "}");
    };
    const auto listed = handle(ask("+8613800138000")).at("PullSmsSendStatusSet");
    ASSERT_EQ(listed.as_array().size(), 1U);
    EXPECT_EQ(listed.at(0).at("SessionContext"), "token-1");
    EXPECT_TRUE(handle(ask("+8613800138001")).at("PullSmsSendStatusSet").as_array().empty());
    EXPECT_EQ(code(ask("+8613800138000", "")), "InvalidParameterValue");
}

TEST_F(tencent_service, statistics_count_what_was_asked_and_what_went) {
    EXPECT_EQ(send(order()), "Ok");
    EXPECT_NE(send(order()), "Ok");
    const auto answer = handle(call(
        "SendStatusStatistics",
        R"({"SmsSdkAppId":"1400006666","Limit":0,"Offset":0,"BeginTime":"2027011500","EndTime":"2027011523"})"));
    EXPECT_EQ(answer.at("SendStatusStatistics").at("RequestCount"), 2);
    EXPECT_EQ(answer.at("SendStatusStatistics").at("RequestSuccessCount"), 1);
}

TEST_F(tencent_service, numbers_are_split_as_receipts_write_them) {
    EXPECT_EQ(parts_of("+8613800138000").mobile, "13800138000");
    EXPECT_EQ(parts_of("+85261234567").nation_code, "852");
    EXPECT_EQ(parts_of("+14155552671").nation_code, "1");
    EXPECT_EQ(parts_of("+12").mobile, "2");
}

TEST_F(tencent_service, faults_are_the_vendors_own_answers) {
    for (const char* kind : {"rate_limited", "server_error", "token_expired", "quota",
                             "invalid_recipient", "error_in_body"}) {
        const auto reply = list_.http.front()->fault(*world_, kind, {});
        ASSERT_TRUE(reply) << kind;
        EXPECT_NO_THROW(json::parse(reply->body)) << kind;
    }
    EXPECT_FALSE(list_.http.front()->fault(*world_, "other", {}));
    EXPECT_TRUE(list_.http.front()->claims(call("SendSms", "{}")));
    EXPECT_FALSE(list_.http.front()->claims({}));
    EXPECT_NO_THROW(json::parse(list_.http.front()->sample_account(*world_).settings));
}

}  // namespace
}  // namespace hongyan::universe::tencent
