#include "universe/aliyun/service.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/aliyun/form.hpp"
#include "universe/aliyun/testing/fake_world.hpp"

namespace hongyan::universe::aliyun {
namespace {

namespace json = boost::json;

const std::string key_id = "LTAI5tSandboxAccessKey00";
const std::string key_secret = "sandbox-access-key-secret-0000";

std::string query_of(const Parameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        text += (text.empty() ? "" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
    }
    return text;
}

class aliyun_service : public testing::Test {
  protected:
    aliyun_service() {
        add_services(list_);
        world_ = std::make_unique<FakeWorld>(*list_.http.front());
    }
    [[nodiscard]] std::string now(std::int64_t shift_ms = 0) const {
        return format_rfc3339(world_->time.now_ms() + shift_ms).substr(0, 19) + "Z";
    }
    /// Written out by the vendor's description, step by step.
    [[nodiscard]] ServiceRequest v3(const Parameters& parameters, const std::string& action,
                                    const std::string& nonce, const std::string& date) const {
        ServiceRequest request;
        request.method = "POST";
        request.path = "/";
        request.query = query_of(parameters);
        request.authority = "127.0.0.1:8090";
        const std::string hash = to_hex(sha256(""));
        const std::string names =
            "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
        const std::string canonical = "POST\n/\n" + request.query + "\nhost:127.0.0.1:8090\n" +
                                      "x-acs-action:" + action + "\nx-acs-content-sha256:" + hash +
                                      "\nx-acs-date:" + date + "\nx-acs-signature-nonce:" + nonce +
                                      "\nx-acs-version:2017-05-25\n\n" + names + "\n" + hash;
        const std::string signature =
            to_hex(hmac_sha256(key_secret, "ACS3-HMAC-SHA256\n" + to_hex(sha256(canonical))));
        request.headers = {
            {"host", "127.0.0.1:8090"},
            {"x-acs-action", action},
            {"x-acs-version", "2017-05-25"},
            {"x-acs-date", date},
            {"x-acs-signature-nonce", nonce},
            {"x-acs-content-sha256", hash},
            {"authorization", "ACS3-HMAC-SHA256 Credential=" + key_id + ",SignedHeaders=" + names +
                                  ",Signature=" + signature}};
        return request;
    }
    [[nodiscard]] ServiceRequest rpc(Parameters parameters, const std::string& nonce) const {
        parameters["AccessKeyId"] = key_id;
        parameters["Action"] = "SendSms";
        parameters["Format"] = "JSON";
        parameters["SignatureMethod"] = "HMAC-SHA1";
        parameters["SignatureVersion"] = "1.0";
        parameters["SignatureNonce"] = nonce;
        parameters["Timestamp"] = now();
        parameters["Version"] = "2017-05-25";
        const std::string text = "GET&%2F&" + percent_encoded(query_of(parameters));
        parameters["Signature"] = to_base64(hmac_sha1(key_secret + "&", text));
        ServiceRequest request;
        request.method = "GET";
        request.path = "/";
        request.query = query_of(parameters);
        return request;
    }
    json::object handle(const ServiceRequest& request) {
        last_ = list_.http.front()->handle(*world_, request);
        return json::parse(last_.body).as_object();
    }
    std::string code(const ServiceRequest& request) {
        return std::string(handle(request).at("Code").as_string().c_str());
    }
    std::string send(Parameters parameters) {
        return code(v3(parameters, "SendSms", "n" + std::to_string(++nonces_), now()));
    }

    ServiceList list_;
    std::unique_ptr<FakeWorld> world_;
    ServiceReply last_;
    int nonces_ = 0;
};

Parameters order() {
    return {{"PhoneNumbers", "13800138000"},
            {"SignName", "鸿雁"},
            {"TemplateCode", "SMS_200000001"},
            {"TemplateParam", R"({"order_no":"SO 1"})"},
            {"OutId", "token-1"}};
}

TEST_F(aliyun_service, a_v3_call_arrives_as_the_handset_shows_it) {
    EXPECT_EQ(send(order()), "OK");
    EXPECT_EQ(last_.status, 200);
    ASSERT_EQ(world_->arrivals.size(), 1U);
    const Arrival& arrival = world_->arrivals.front();
    EXPECT_EQ(arrival.recipient, "+8613800138000");
    EXPECT_EQ(arrival.content, "【鸿雁】您的订单SO 1已发货。");
    EXPECT_EQ(arrival.token, "token-1");
    EXPECT_EQ(json::parse(last_.body).at("BizId"), json::string(arrival.provider_message_id));
    EXPECT_NO_THROW(json::parse(arrival.detail));
}

TEST_F(aliyun_service, an_rpc_call_arrives_too) {
    EXPECT_EQ(code(rpc(order(), "r1")), "OK");
    EXPECT_EQ(code(rpc(order(), "r1")), "SignatureNonceUsed");
    auto changed = rpc(order(), "r2");
    changed.query += "&X=1";
    EXPECT_EQ(code(changed), "SignatureDoesNotMatch");
    auto by_post = rpc(order(), "r3");
    by_post.method = "POST";
    EXPECT_EQ(code(by_post), "SignatureDoesNotMatch");
    EXPECT_EQ(world_->arrivals.size(), 1U);
}

TEST_F(aliyun_service, a_nonce_is_good_once) {
    const auto request = v3(order(), "SendSms", "n", now());
    EXPECT_EQ(code(request), "OK");
    EXPECT_EQ(code(request), "SignatureNonceUsed");
    EXPECT_EQ(last_.status, 400);
    EXPECT_EQ(world_->arrivals.size(), 1U);
}

TEST_F(aliyun_service, a_refused_request_does_not_use_up_its_nonce) {
    auto forged = v3(order(), "SendSms", "n", now());
    forged.query += "&X=1";
    EXPECT_EQ(code(forged), "SignatureDoesNotMatch");
    EXPECT_EQ(code(v3(order(), "SendSms", "n", now())), "OK");
}

TEST_F(aliyun_service, the_gateway_refuses_what_is_not_properly_signed) {
    EXPECT_EQ(code(v3(order(), "SendSms", "a", now(-16 * 60'000))), "InvalidTimeStamp.Expired");
    EXPECT_EQ(code(v3(order(), "SendSms", "b", now(16 * 60'000))), "InvalidTimeStamp.Expired");
    EXPECT_EQ(last_.headers.back(),
              std::pair(std::string("Date"), std::string("Fri, 15 Jan 2027 08:00:00 GMT")));
    EXPECT_EQ(code(v3(order(), "SendSms", "c", now(14 * 60'000))), "OK");
    EXPECT_EQ(code(v3(order(), "SendSms", "d", "yesterday")), "InvalidTimeStamp.Format");
    EXPECT_EQ(code(v3(order(), "DeleteAll", "e", now())), "InvalidAction.NotFound");
    EXPECT_EQ(last_.status, 404);
    auto request = v3(order(), "SendSms", "f", now());
    request.headers.emplace_back("x-acs-extra", "1");
    EXPECT_EQ(code(request), "IncompleteSignature");
    request = v3(order(), "SendSms", "g", now());
    request.body = "x";
    EXPECT_EQ(code(request), "IncompleteSignature");
    world_->settings["access_key_secret"] = "other";
    EXPECT_EQ(code(v3(order(), "SendSms", "h", now())), "SignatureDoesNotMatch");
    world_->settings["access_key_id"] = "other";
    EXPECT_EQ(code(v3(order(), "SendSms", "i", now())), "InvalidAccessKeyId.NotFound");
    ServiceRequest empty;
    empty.method = "GET";
    EXPECT_EQ(code(empty), "MissingAccessKeyId");
    empty.query = "a=%zz";
    EXPECT_EQ(code(empty), "InvalidParameter");
}

TEST_F(aliyun_service, the_service_refuses_what_is_not_approved) {
    const auto with = [&](const std::string& name, const std::string& value) {
        Parameters parameters = order();
        parameters[name] = value;
        return send(parameters);
    };
    EXPECT_EQ(with("SignName", "别人"), "isv.SMS_SIGNATURE_ILLEGAL");
    EXPECT_EQ(last_.status, 200);
    EXPECT_EQ(with("TemplateCode", "SMS_9"), "isv.SMS_TEMPLATE_ILLEGAL");
    EXPECT_EQ(with("TemplateParam", "{}"), "isv.TEMPLATE_MISSING_PARAMETERS");
    EXPECT_EQ(with("TemplateParam", ""), "isv.TEMPLATE_MISSING_PARAMETERS");
    EXPECT_EQ(with("TemplateParam", "[1]"), "isv.INVALID_JSON_PARAM");
    EXPECT_EQ(with("TemplateParam", "{"), "isv.INVALID_JSON_PARAM");
    EXPECT_EQ(with("TemplateParam", R"({"order_no":{}})"), "isv.TEMPLATE_PARAMS_ILLEGAL");
    EXPECT_EQ(with("TemplateParam", R"({"order_no":"https://x"})"), "isv.PARAM_NOT_SUPPORT_URL");
    EXPECT_EQ(with("TemplateParam", R"({"order_no":")" + std::string(101, 'x') + R"("})"),
              "isv.PARAM_LENGTH_LIMIT");
    EXPECT_EQ(with("PhoneNumbers", "12"), "isv.MOBILE_NUMBER_ILLEGAL");
    EXPECT_EQ(with("PhoneNumbers", ""), "MissingPhoneNumbers");
    EXPECT_EQ(with("OutId", std::string(256, 'x')), "isv.INVALID_PARAMETERS");
    std::string many = "13800138000";
    for (int i = 0; i < 1'000; ++i) many += ",13800138000";
    EXPECT_EQ(with("PhoneNumbers", many), "isv.MOBILE_COUNT_OVER_LIMIT");
    world_->settings["blocked_numbers"] = "+8613800138000";
    EXPECT_EQ(send(order()), "isv.BLACK_KEY_CONTROL_LIMIT");
    world_->settings["illegal_words"] = "发货";
    EXPECT_EQ(send(order()), "isv.SMS_CONTENT_ILLEGAL");
    EXPECT_TRUE(world_->arrivals.empty());
}

TEST_F(aliyun_service, a_code_may_go_to_one_number_once_a_minute_five_times_an_hour) {
    Parameters parameters = order();
    parameters["TemplateCode"] = "SMS_154950909";
    parameters["TemplateParam"] = R"({"code":"1234"})";
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(send(parameters), "OK");
        EXPECT_EQ(send(parameters), "isv.BUSINESS_LIMIT_CONTROL");
        EXPECT_NE(last_.body.find("分钟级"), std::string::npos);
        world_->time.advance(Millis(60'000));
    }
    EXPECT_EQ(send(parameters), "isv.BUSINESS_LIMIT_CONTROL");
    EXPECT_NE(last_.body.find("小时级"), std::string::npos);
    EXPECT_EQ(send(order()), "OK");
    parameters["PhoneNumbers"] = "13800138001";
    EXPECT_EQ(send(parameters), "OK");
    world_->settings["code_per_hour"] = "0";
    parameters["PhoneNumbers"] = "13800138000";
    EXPECT_EQ(send(parameters), "OK");
}

TEST_F(aliyun_service, receipts_go_out_as_sms_report) {
    world_->settings["callback_url"] = "http://127.0.0.1:8080/api/callbacks/sms/a?token=t";
    EXPECT_EQ(send(order()), "OK");
    EXPECT_TRUE(world_->calls.empty());
    world_->run_later();
    ASSERT_EQ(world_->calls.size(), 1U);
    EXPECT_EQ(world_->calls[0].url, world_->settings["callback_url"]);
    const auto report = json::parse(world_->calls[0].body).as_array().at(0).as_object();
    EXPECT_EQ(report.at("phone_number"), "13800138000");
    EXPECT_EQ(report.at("success"), true);
    EXPECT_EQ(report.at("out_id"), "token-1");
    EXPECT_EQ(report.at("biz_id"), json::string(world_->arrivals[0].provider_message_id));
    EXPECT_EQ(report.at("send_time").as_string().size(), 19U);
}

TEST_F(aliyun_service, receipts_may_come_twice_forged_early_or_not_at_all) {
    world_->settings["callback_url"] = "http://127.0.0.1:8080/cb?token=t";
    world_->receipt.copies = 2;
    world_->receipt.forged = true;
    world_->receipt.early = true;
    world_->receipt.fails = true;
    EXPECT_EQ(send(order()), "OK");
    ASSERT_EQ(world_->calls.size(), 3U);
    EXPECT_EQ(world_->calls[0].url, "http://127.0.0.1:8080/cb");
    EXPECT_NE(world_->calls[1].body.find(R"("success":false)"), std::string::npos);
    EXPECT_EQ(world_->calls[1].body, world_->calls[2].body);
    world_->receipt = {};
    world_->receipt.lost = true;
    EXPECT_EQ(send(order()), "OK");
    world_->run_later();
    EXPECT_EQ(world_->calls.size(), 3U);
}

TEST_F(aliyun_service, details_tell_what_became_of_a_message) {
    EXPECT_EQ(send(order()), "OK");
    std::string day = format_rfc3339(world_->time.now_ms() + 8 * 3'600'000).substr(0, 10);
    std::erase(day, '-');
    const auto ask = [&] {
        return handle(v3({{"PhoneNumber", "13800138000"},
                          {"SendDate", day},
                          {"PageSize", "10"},
                          {"CurrentPage", "1"}},
                         "QuerySendDetails", "q" + std::to_string(++nonces_), now()));
    };
    const auto status = [](const json::object& answer) {
        return answer.at("SmsSendDetailDTOs").at("SmsSendDetailDTO").at(0).at("SendStatus");
    };
    EXPECT_EQ(status(ask()), 1);
    world_->run_later();
    const auto answer = ask();
    EXPECT_EQ(status(answer), 3);
    EXPECT_EQ(answer.at("TotalCount"), 1);
    EXPECT_EQ(answer.at("SmsSendDetailDTOs").at("SmsSendDetailDTO").at(0).at("OutId"), "token-1");
}

TEST_F(aliyun_service, a_batch_has_a_signature_and_values_for_each_number) {
    const auto batch = [&](const std::string& numbers, const std::string& signs) {
        return code(v3({{"PhoneNumberJson", numbers},
                        {"SignNameJson", signs},
                        {"TemplateCode", "SMS_200000001"},
                        {"TemplateParamJson", R"([{"order_no":"1"},{"order_no":"2"}])"}},
                       "SendBatchSms", "b" + std::to_string(++nonces_), now()));
    };
    EXPECT_EQ(batch(R"(["13800138000","+85261234567"])", R"(["鸿雁","鸿雁"])"), "OK");
    ASSERT_EQ(world_->arrivals.size(), 2U);
    EXPECT_EQ(world_->arrivals[1].recipient, "+85261234567");
    EXPECT_EQ(world_->arrivals[1].content, "【鸿雁】您的订单2已发货。");
    EXPECT_EQ(batch(R"(["13800138000"])", R"(["鸿雁"])"), "isv.INVALID_PARAMETERS");
    EXPECT_EQ(batch("5", R"(["鸿雁"])"), "isv.INVALID_JSON_PARAM");
}

TEST_F(aliyun_service, faults_are_the_vendors_own_answers) {
    ServiceRequest request;
    for (const auto& [kind, want] :
         std::map<std::string, std::string>{{"rate_limited", "Throttling.User"},
                                            {"server_error", "ServiceUnavailable"},
                                            {"token_expired", "InvalidTimeStamp.Expired"},
                                            {"quota", "isv.BUSINESS_LIMIT_CONTROL"},
                                            {"invalid_recipient", "isv.MOBILE_NUMBER_ILLEGAL"},
                                            {"error_in_body", "isp.SYSTEM_ERROR"}}) {
        const auto reply = list_.http.front()->fault(*world_, kind, request);
        ASSERT_TRUE(reply) << kind;
        EXPECT_EQ(json::parse(reply->body).at("Code"), json::string(want));
    }
    EXPECT_FALSE(list_.http.front()->fault(*world_, "other", request));
}

TEST_F(aliyun_service, vendors_clients_are_recognised_without_a_prefix) {
    const HttpService& service = *list_.http.front();
    EXPECT_TRUE(service.claims(v3(order(), "SendSms", "x", now())));
    EXPECT_TRUE(service.claims(rpc(order(), "x")));
    EXPECT_FALSE(service.claims(ServiceRequest{}));
}

TEST_F(aliyun_service, the_sample_account_is_json_with_the_receipts_token) {
    world_->settings["callback_url"] = "http://127.0.0.1:8080/cb?token=t0k";
    const auto sample = list_.http.front()->sample_account(*world_);
    EXPECT_EQ(sample.provider, "aliyun");
    const auto settings = json::parse(sample.settings).as_object();
    EXPECT_EQ(settings.at("endpoint"), "http://127.0.0.1:8090/aliyun");
    EXPECT_EQ(settings.at("callback_token"), "t0k");
}

}  // namespace
}  // namespace hongyan::universe::aliyun
