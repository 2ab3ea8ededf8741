// Damaged requests: whatever comes, the server answers or closes, and serves the next client.
#include <random>

#include "http/test_support.hpp"

namespace hongyan::http {
namespace {

using namespace testing;

std::string damaged(const std::string& good, std::mt19937& random) {
    std::string bytes = good;
    const std::string spice("\r\n\0 \t:;%,/?#0aZ\x7f\xff", 17);
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) {
        const std::size_t at = random() % bytes.size();
        const char byte = spice[random() % spice.size()];
        switch (random() % 4) {
            case 0:
                bytes[at] = byte;
                break;
            case 1:
                bytes.insert(at, 1 + random() % 3, byte);
                break;
            case 2:
                bytes.erase(at, 1 + random() % 5);
                break;
            default:
                bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
                break;
        }
    }
    return bytes;
}

TEST(Noise, never_breaks_the_server) {
    Router router;
    router.add(Method::post, "/echo", [](Request& request, Responder respond) {
        respond(text_response(std::string(request.body)));
    });
    router.add(Method::get, "/items/{id}", [](Request& request, Responder respond) {
        respond(text_response(std::string(request.param("id")) +
                              request.query_value("q").value_or("")));
    });
    TestServer test(std::move(router));
    const std::string good =
        get("/items/a%20b?q=1%2C2") + post("/echo", "hello") +
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
        "\r\n5;x=\"y\"\r\nhello\r\n0\r\nTrailer: z\r\n\r\n" +
        get("/items/last", "Connection: close\r\n");
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    for (int round = 0; round < 400; ++round) {
        const std::string bytes = damaged(good, random);
        RawClient client = test.connect();
        const std::size_t cut = random() % (bytes.size() + 1);
        client.send(std::string_view(bytes).substr(0, cut));
        client.send(std::string_view(bytes).substr(cut));
        client.finish_sending();
        client.is_closed_by_server();
        ASSERT_EQ(client.unread().find("HTTP/1.1 500"), std::string::npos) << bytes;
    }
    EXPECT_EQ(test.connect().ask(post("/echo", "still here")).body, "still here");
}

}  // namespace
}  // namespace hongyan::http
