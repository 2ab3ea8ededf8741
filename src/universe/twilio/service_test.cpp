#include "universe/twilio/service.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/twilio/signature.hpp"
#include "universe/twilio/testing/fake_world.hpp"

namespace hongyan::universe::twilio {
namespace {

namespace json = boost::json;

const std::string account = "/2010-04-01/Accounts/AC00000000000000000000000000000000";

class twilio_service : public testing::Test {
  protected:
    twilio_service() {
        add_services(list_);
        world_ = std::make_unique<FakeWorld>(*list_.http.front());
    }
    [[nodiscard]] ServiceRequest request(std::string method, std::string path) const {
        ServiceRequest made;
        made.method = std::move(method);
        made.path = account + path;
        made.headers = {{"authorization", "Basic " + to_base64(user_)}};
        return made;
    }
    ServiceReply send(const Fields& form) {
        auto made = request("POST", "/Messages.json");
        made.body = write_form(form);
        return list_.http.front()->handle(*world_, made);
    }
    ServiceReply get(const std::string& path, std::string query = "") {
        auto made = request("GET", path);
        made.query = std::move(query);
        return list_.http.front()->handle(*world_, made);
    }
    /// The refusal's code; 0 if the message was made.
    std::int64_t code(Fields form, const std::string& name, const std::string& value) {
        for (auto& field : form) {
            if (field.first == name) field.second = value;
        }
        const auto reply = send(form);
        if (reply.status == 201) return 0;
        return json::parse(reply.body).at("code").as_int64();
    }

    ServiceList list_;
    std::unique_ptr<FakeWorld> world_;
    std::string user_ = "AC00000000000000000000000000000000:sandbox-auth-token-0000000000000";
};

const Fields order{
    {"To", "+8613800138000"},    {"From", "+15005550006"},
    {"MessagingServiceSid", ""}, {"Body", "你好"},
    {"ValidityPeriod", ""},      {"StatusCallback", "http://127.0.0.1:8080/cb?message=msg_5"}};

TEST_F(twilio_service, a_message_is_made_and_arrives) {
    const auto reply = send(order);
    EXPECT_EQ(reply.status, 201);
    const auto made = json::parse(reply.body).as_object();
    EXPECT_EQ(made.at("status"), "queued");
    EXPECT_EQ(made.at("error_code"), nullptr);
    ASSERT_EQ(world_->arrivals.size(), 1U);
    const Arrival& arrival = world_->arrivals[0];
    EXPECT_EQ(made.at("sid"), json::string(arrival.provider_message_id));
    EXPECT_EQ(arrival.provider_message_id.size(), 34U);
    EXPECT_EQ(arrival.recipient, "+8613800138000");
    EXPECT_EQ(arrival.content, "你好");
    EXPECT_EQ(arrival.token, "msg_5");
}

TEST_F(twilio_service, an_api_key_is_as_good_as_the_auth_token) {
    user_ = "SK00000000000000000000000000000000:sandbox-api-key-secret-000000000";
    EXPECT_EQ(send(order).status, 201);
    for (const char* wrong :
         {"", "x", "AC00000000000000000000000000000000:guess",
          "SK00000000000000000000000000000000:sandbox-auth-token-0000000000000"}) {
        user_ = wrong;
        const auto reply = send(order);
        EXPECT_EQ(reply.status, 401) << wrong;
        EXPECT_EQ(json::parse(reply.body).at("code"), 20003);
    }
}

TEST_F(twilio_service, what_twilio_refuses_is_refused) {
    EXPECT_EQ(code(order, "To", ""), 21604);
    EXPECT_EQ(code(order, "To", "13800138000"), 21211);
    EXPECT_EQ(code(order, "From", ""), 21603);
    EXPECT_EQ(code(order, "From", "+15005550001"), 21606);
    EXPECT_EQ(code(order, "From", "Somebody"), 21212);
    EXPECT_EQ(code(order, "From", "Hongyan"), 0);
    EXPECT_EQ(code(order, "MessagingServiceSid", "MG1"), 21705);
    EXPECT_EQ(code(order, "Body", ""), 21602);
    EXPECT_EQ(code(order, "Body", std::string(1'601, 'x')), 21617);
    EXPECT_EQ(code(order, "Body", std::string(1'600, 'x')), 0);
    EXPECT_EQ(code(order, "ValidityPeriod", "36001"), 21625);
    EXPECT_EQ(code(order, "StatusCallback", "http://a_b/cb"), 21609);
    EXPECT_EQ(code(order, "StatusCallback", "nowhere"), 21609);
    world_->settings["unsubscribed"] = "+8613800138000";
    EXPECT_EQ(code(order, "Body", "x"), 21610);
    world_->settings["unsubscribed"] = "";
    world_->settings["landlines"] = "+8613800138000";
    EXPECT_EQ(code(order, "Body", "x"), 21614);
    world_->settings["landlines"] = "";
    world_->settings["closed_regions"] = "+7,+86";
    EXPECT_EQ(code(order, "Body", "x"), 21408);
}

TEST_F(twilio_service, callbacks_are_signed_and_go_through_the_states) {
    EXPECT_EQ(send(order).status, 201);
    world_->run_later();
    ASSERT_EQ(world_->calls.size(), 2U);
    EXPECT_NE(world_->calls[0].body.find("MessageStatus=sent"), std::string::npos);
    EXPECT_NE(world_->calls[1].body.find("MessageStatus=delivered"), std::string::npos);
    EXPECT_EQ(world_->calls[1].url, "http://127.0.0.1:8080/cb?message=msg_5");
    const std::string sid = world_->arrivals[0].provider_message_id;
    const std::string text = world_->calls[1].url +
                             "AccountSidAC00000000000000000000000000000000ApiVersion2010-04-01"
                             "From+15005550006MessageSid" +
                             sid + "MessageStatusdeliveredSmsSid" + sid +
                             "SmsStatusdeliveredTo+8613800138000";
    const std::string expected = to_base64(hmac_sha1("sandbox-auth-token-0000000000000", text));
    bool is_signed = false;
    for (const auto& [name, value] : world_->calls[1].headers) {
        is_signed |= name == "X-Twilio-Signature" && value == expected;
    }
    EXPECT_TRUE(is_signed);
}

TEST_F(twilio_service, a_failure_carries_its_error_code_and_a_forged_receipt_does_not_fit) {
    world_->receipt.fails = true;
    world_->receipt.forged = true;
    EXPECT_EQ(send(order).status, 201);
    world_->run_later();
    ASSERT_EQ(world_->calls.size(), 3U);
    EXPECT_NE(world_->calls[1].body.find("ErrorCode=30005"), std::string::npos);
    EXPECT_EQ(world_->calls[1].body, world_->calls[2].body);
    const auto signature = [](const OutboundRequest& call) {
        for (const auto& [name, value] : call.headers) {
            if (name == "X-Twilio-Signature") return value;
        }
        return std::string();
    };
    EXPECT_NE(signature(world_->calls[1]), signature(world_->calls[2]));
}

TEST_F(twilio_service, messages_can_be_fetched_and_listed) {
    send(order);
    send(order);
    const std::string sid = world_->arrivals[0].provider_message_id;
    EXPECT_EQ(json::parse(get("/Messages/" + sid + ".json").body).at("status"), "queued");
    world_->run_later();
    EXPECT_EQ(json::parse(get("/Messages/" + sid + ".json").body).at("status"), "delivered");
    const auto page = json::parse(get("/Messages.json", "To=%2B8613800138000&PageSize=1").body);
    EXPECT_EQ(page.at("messages").as_array().size(), 1U);
    EXPECT_EQ(get("/Messages.json", "PageSize=0").status, 400);
    EXPECT_EQ(get("/Messages/SM1.json").status, 404);
    EXPECT_EQ(get("/Nothing.json").status, 404);
    EXPECT_EQ(json::parse(get(".json").body).at("status"), "active");
}

TEST_F(twilio_service, parts_are_counted_as_on_the_air) {
    EXPECT_EQ(segments_of(std::string(160, 'x')), 1U);
    EXPECT_EQ(segments_of(std::string(161, 'x')), 2U);
    EXPECT_EQ(segments_of("你"), 1U);
    std::string chinese;
    for (int i = 0; i < 71; ++i) chinese += "你";
    EXPECT_EQ(segments_of(chinese), 2U);
}

TEST_F(twilio_service, faults_are_the_vendors_own_answers) {
    const auto& service = *list_.http.front();
    EXPECT_TRUE(service.claims(request("GET", ".json")));
    EXPECT_FALSE(service.claims({}));
    for (const char* kind :
         {"rate_limited", "server_error", "token_expired", "quota", "invalid_recipient"}) {
        const auto reply = list_.http.front()->fault(*world_, kind, {});
        ASSERT_TRUE(reply) << kind;
        EXPECT_GE(reply->status, 400);
        EXPECT_NO_THROW(json::parse(reply->body));
    }
    EXPECT_FALSE(list_.http.front()->fault(*world_, "error_in_body", {}));
    EXPECT_NO_THROW(json::parse(service.sample_account(*world_).settings));
}

}  // namespace
}  // namespace hongyan::universe::twilio
