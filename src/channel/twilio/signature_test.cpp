#include "channel/twilio/signature.hpp"

#include <gtest/gtest.h>

namespace hongyan::twilio {
namespace {

const Form calls{{"CallSid", "CA1234567890ABCDE"},
                 {"Caller", "+14158675309"},
                 {"Digits", "1234"},
                 {"From", "+14158675309"},
                 {"To", "+18005551212"}};
const Form delivered{{"To", "+8613800138000"},
                     {"MessageSid", "SM1"},
                     {"MessageStatus", "delivered"},
                     {"Body", "你好 & =+%"}};

TEST(twilio_signature, the_example_of_the_helper_libraries_fits) {
    EXPECT_EQ(callback_signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", calls),
              "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

TEST(twilio_signature, what_the_vendors_library_computes_fits) {
    // getExpectedTwilioSignature of the npm package twilio 6.2.0
    EXPECT_EQ(callback_signature("12345", "https://h.example/cb?message=msg_5", delivered),
              "7hm2BJtEhbSkomhe6dMe6JV6f/s=");
    EXPECT_EQ(callback_signature("12345", "https://h.example/cb",
                                 {{"B", "2"}, {"B", "1"}, {"B", "2"}, {"A", ""}}),
              "dFEVLdiMcSdB9ZfmDWTfyoLISws=");
}

TEST(twilio_signature, the_default_port_may_be_there_or_not) {
    const std::string with_port = "BnJBm3SEr8bZq0uSKZ3WEtsjJaU=";  // signed with :443
    const std::string without_port = "7hm2BJtEhbSkomhe6dMe6JV6f/s=";
    for (const char* url :
         {"https://h.example/cb?message=msg_5", "https://h.example:443/cb?message=msg_5"}) {
        EXPECT_TRUE(signature_fits("12345", url, delivered, with_port)) << url;
        EXPECT_TRUE(signature_fits("12345", url, delivered, without_port)) << url;
    }
    EXPECT_FALSE(
        signature_fits("12345", "http://h.example/cb?message=msg_5", delivered, without_port));
}

TEST(twilio_signature, any_change_is_noticed) {
    const std::string good = "7hm2BJtEhbSkomhe6dMe6JV6f/s=";
    const std::string url = "https://h.example/cb?message=msg_5";
    EXPECT_FALSE(signature_fits("12346", url, delivered, good));
    EXPECT_FALSE(signature_fits("12345", url + "6", delivered, good));
    EXPECT_FALSE(signature_fits("12345", url, calls, good));
    EXPECT_FALSE(signature_fits("12345", url, delivered, ""));
    EXPECT_FALSE(signature_fits("12345", "", delivered, good));
}

TEST(twilio_url, a_url_is_taken_apart_and_put_together_unchanged) {
    for (const char* url : {"https://h", "http://h:8080/a/b?c=d/e?f", "https://[::1]:443/x",
                            "https://[::1]/x", "https://h?x=1"}) {
        ASSERT_TRUE(split_url(url)) << url;
        EXPECT_EQ(join(*split_url(url)), url);
    }
    EXPECT_EQ(split_url("https://[::1]:443/x")->port, ":443");
    EXPECT_EQ(split_url("https://[::1]/x")->port, "");
    EXPECT_EQ(split_url("h/x"), std::nullopt);
}

TEST(twilio_url, forms_are_read_as_they_are_written) {
    const Form form{{"a", "x y&=+%"}, {"b", "你"}, {"b", ""}};
    EXPECT_EQ(write_form(form), "a=x%20y%26%3D%2B%25&b=%E4%BD%A0&b=");
    EXPECT_EQ(read_form(write_form(form)), form);
    EXPECT_EQ(read_form("a=x+y&&c"), (Form{{"a", "x y"}, {"c", ""}}));
    EXPECT_EQ(read_form(""), Form{});
    for (const char* bad : {"a=%", "a=%4", "a=%zz", "%=1"}) {
        EXPECT_EQ(read_form(bad), std::nullopt) << bad;
    }
    std::string huge;
    for (int i = 0; i < 2'000; ++i) huge += "a=1&";
    EXPECT_EQ(read_form(huge), std::nullopt);
}

}  // namespace
}  // namespace hongyan::twilio
