// Writes requests as the account makes them into the folder HONGYAN_PUSH_OUT, for test/peer/push,
// where programs that know nothing of Hongyan judge them. Without that variable nothing is written.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/text.hpp"
#include "channel/fcm/protocol.hpp"

namespace hongyan::fcm {
namespace {

void write_request(const OutboundRequest& request, const std::string& more) {
    const char* folder = std::getenv("HONGYAN_PUSH_OUT");
    if (folder == nullptr) return;
    std::ofstream out(std::string(folder) + "/fcm.json");
    out << "{\"url\":" << json_quoted(request.url) << ",\"headers\":{";
    for (const auto& [name, value] : request.headers) {
        if (name != request.headers.front().first) out << ",";
        out << json_quoted(name) << ":" << json_quoted(value);
    }
    out << "},\"body\":\"" << to_base64(request.body) << "\"," << more << "}\n";
    ASSERT_TRUE(out.good());
}

TEST(peer, a_token_request_is_written_for_other_programs) {
    const SystemClock clock;
    const auto key = SigningKey::generate(SigningKey::Kind::rsa);
    Settings settings;
    settings.service_account =
        R"({"client_email":"sender@my-app.iam.gserviceaccount.com","private_key_id":"k1",)"
        R"("project_id":"my-app","private_key":)" +
        json_quoted(key.private_pem()) + "}";
    auto protocol = make_protocol(settings, clock);
    ASSERT_TRUE(protocol);
    const auto request = (*protocol)->token_request(clock.now_ms());
    ASSERT_TRUE(request);
    write_request(*request, "\"now\":" + std::to_string(clock.now_ms() / 1000) +
                                ",\"public_key\":" + json_quoted(key.public_pem()));
}

}  // namespace
}  // namespace hongyan::fcm
