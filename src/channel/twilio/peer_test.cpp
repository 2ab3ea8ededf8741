// For test/peer/sms: callbacks that the vendor's code has signed, for this verifier to believe.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "channel/twilio/protocol.hpp"

namespace hongyan::twilio {
namespace {

namespace json = boost::json;

Callback callback_of(const json::object& signed_one) {
    Callback callback;
    callback.url = signed_one.at("url").as_string().c_str();
    Form fields;
    for (const auto& [name, value] : signed_one.at("params").as_object()) {
        fields.emplace_back(name, value.as_string().c_str());
    }
    callback.body = write_form(fields);
    callback.headers = {{"x-twilio-signature", signed_one.at("signature").as_string().c_str()}};
    return callback;
}

TEST(twilio_peer, callbacks_of_other_programs_are_believed) {
    const char* file = std::getenv("HONGYAN_TWILIO_IN");
    if (file == nullptr) return;  // only test/peer/sms asks for it
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const json::array all = json::parse(text).as_array();
    ASSERT_FALSE(all.empty());
    Settings settings;
    settings.account_sid = "AC" + std::string(32, '0');
    settings.auth_token = "12345";
    TwilioProtocol protocol(settings, "main");
    for (const json::value& one : all) {
        Callback callback = callback_of(one.as_object());
        EXPECT_TRUE(protocol.callback(callback, 0)) << callback.url << "\n" << callback.body;
        callback.body += "&Extra=1";
        EXPECT_FALSE(protocol.callback(callback, 0)) << callback.url;
    }
}

}  // namespace
}  // namespace hongyan::twilio
