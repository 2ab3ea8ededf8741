#include <gtest/gtest.h>

#include "universe/core/testing/running_universe.hpp"
#include "universe/slack/service.hpp"

namespace hongyan::universe::slack {
namespace {

using testing::RunningUniverse;

class SlackTest : public ::testing::Test {
  protected:
    static ServiceList services() {
        ServiceList list;
        add_services(list);
        return list;
    }
    /// "200 ok": status and body.
    std::string post(std::string_view path, std::string_view body,
                     std::string_view type = "application/json") {
        const std::string all = universe_.ask("POST", "/services/" + std::string(path), body,
                                              "Content-Type: " + std::string(type) + "\r\n");
        return all.substr(9, 3) + " " + all.substr(all.find("\r\n\r\n") + 4);
    }
    static constexpr std::string_view hook = "T00000000/B00000000/hongyan";
    RunningUniverse universe_{services()};
};

TEST_F(SlackTest, takes_messages_and_shows_the_text_as_people_see_it) {
    EXPECT_EQ(post(hook, R"({"text":"a &amp;amp; &lt;b&gt;"})"), "200 ok");
    EXPECT_EQ(
        post(hook, "payload=%7B%22text%22%3A%22form%22%7D", "application/x-www-form-urlencoded"),
        "200 ok");
    const auto inbox = universe_->inbox().find({});
    ASSERT_EQ(inbox.size(), 2U);
    EXPECT_EQ(inbox[0].arrival.content, "a &amp; <b>");
    EXPECT_EQ(inbox[1].arrival.content, "form");
}

TEST_F(SlackTest, answers_in_slacks_words) {
    EXPECT_EQ(post(hook, "{}"), "400 no_text");
    EXPECT_EQ(post(hook, "{"), "400 invalid_payload");
    EXPECT_EQ(post(hook, R"({"text":"x","blocks":{}})"), "400 invalid_blocks");
    EXPECT_EQ(post("T00000000/B00000000/other", R"({"text":"x"})"), "403 invalid_token");
    EXPECT_EQ(post("T00000000/B7/x", R"({"text":"x"})"), "404 no_service");
    EXPECT_EQ(post("T7/B7/x", R"({"text":"x"})"), "404 no_team");
    EXPECT_EQ(post("T00000000/B00000001/archived", R"({"text":"x"})"), "410 channel_is_archived");
}

TEST_F(SlackTest, says_when_to_come_again) {
    ASSERT_TRUE(universe_->change_setting("slack", "rate_per_minute", "1").ok());
    EXPECT_EQ(post(hook, R"({"text":"x"})"), "200 ok");
    const std::string all =
        universe_.ask("POST", "/services/" + std::string(hook), R"({"text":"x"})");
    EXPECT_NE(all.find(" 429 "), std::string::npos);
    EXPECT_NE(all.find("Retry-After: 60"), std::string::npos);
}

}  // namespace
}  // namespace hongyan::universe::slack
