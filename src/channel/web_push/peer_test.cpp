// Writes requests as the account makes them into the folder HONGYAN_PUSH_OUT, for test/peer/push,
// where programs that know nothing of Hongyan judge them. Without that variable nothing is written.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/text.hpp"
#include "channel/web_push/protocol.hpp"

namespace hongyan::web_push {
namespace {

void write_request(const OutboundRequest& request, const std::string& more) {
    const char* folder = std::getenv("HONGYAN_PUSH_OUT");
    if (folder == nullptr) return;
    std::ofstream out(std::string(folder) + "/web_push.json");
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
    // RFC 8291's browser.
    const std::string browser_key = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const std::string auth = "BTBZMqHH6r4Tts7J_aSIgg";
    Settings settings;
    settings.private_key = SigningKey::generate(SigningKey::Kind::ec_p256).private_pem();
    settings.subject = "mailto:push@example.com";
    auto protocol = make_protocol(settings, clock);
    ASSERT_TRUE(protocol);
    Message message;
    message.id = 4711;
    message.recipient =
        R"({"endpoint":"https://push.example.net/send/1","keys":{"p256dh":)"
        R"("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",)"
        R"("auth":")" +
        auth + "\"}}";
    message.subject = "标题";
    message.content = "鸿雁";
    auto request = (*protocol)->request(message, {"", clock.now_ms()});
    ASSERT_TRUE(request);
    write_request(*request, "\"now\":" + std::to_string(clock.now_ms() / 1000) + ",\"auth\":\"" +
                                auth + "\",\"browser_key\":\"" + browser_key + "\"");
}

}  // namespace
}  // namespace hongyan::web_push
