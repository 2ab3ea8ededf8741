// Writes requests as the account makes them into the folder HONGYAN_PUSH_OUT, for test/peer/push,
// where programs that know nothing of Hongyan judge them. Without that variable nothing is written.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/text.hpp"
#include "channel/apns/protocol.hpp"

namespace hongyan::apns {
namespace {

void write_request(const OutboundRequest& request, const std::string& more) {
    const char* folder = std::getenv("HONGYAN_PUSH_OUT");
    if (folder == nullptr) return;
    std::ofstream out(std::string(folder) + "/apns.json");
    out << "{\"url\":" << json_quoted(request.url) << ",\"headers\":{";
    for (const auto& [name, value] : request.headers) {
        if (name != request.headers.front().first) out << ",";
        out << json_quoted(name) << ":" << json_quoted(value);
    }
    out << "},\"body\":\"" << to_base64(request.body) << "\"," << more << "}\n";
    ASSERT_TRUE(out.good());
}

TEST(peer, a_request_is_written_for_other_programs) {
    const SystemClock clock;
    const auto key = SigningKey::generate(SigningKey::Kind::ec_p256);
    Settings settings;
    settings.team_id = "DEF123GHIJ";
    settings.key_id = "ABC123DEFG";
    settings.private_key = key.private_pem();
    settings.topic = "com.example.app";
    auto protocol = make_protocol(settings, std::make_shared<TokenBook>(), clock);
    ASSERT_TRUE(protocol);
    Message message;
    message.id = 4711;
    message.recipient = "apns:" + std::string(64, 'a');
    message.subject = "标题";
    message.content = "鸿雁";
    auto request = (*protocol)->request(message, {"", clock.now_ms()});
    ASSERT_TRUE(request);
    write_request(*request, "\"public_key\":" + json_quoted(key.public_pem()));
}

}  // namespace
}  // namespace hongyan::apns
