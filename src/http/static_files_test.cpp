#include "http/static_files.hpp"

#include <array>

#include "http/test_support.hpp"

namespace hongyan::http {
namespace {

using namespace testing;

const std::string large_script(100'000, 's');
const std::vector<Asset> assets{
    {"index.html", "text/html; charset=utf-8", "abc", "<p>page</p>"},
    {"assets/app-3f9a2c1b.js", "text/javascript", "def", large_script, "zipped"},
    {"favicon.svg", "image/svg+xml", "ghi", "<svg/>"},
    {"assets/index-Bx_zA-Cd.js", "text/javascript", "jkl", large_script, "zipped", "browned"},
    {"assets/swagger-ui-bundle.js", "text/javascript", "mno", "swagger"},
    {"assets/some-app-main.js", "text/javascript", "pqr", "app"},
};

Router router_with(const StaticOptions& options) {
    Router router;
    add_static(router, assets, options);
    return router;
}

TEST(StaticFiles, are_served_with_cache_rules) {
    TestServer test(router_with({.prefix = "/monitor"}));
    RawClient client = test.connect();
    const Reply page = client.ask(get("/monitor/index.html"));
    EXPECT_EQ(page.body, "<p>page</p>");
    EXPECT_EQ(page.header("Cache-Control"), "no-cache");
    EXPECT_EQ(page.header("ETag"), "\"abc\"");
    EXPECT_NE(page.header("Content-Security-Policy"), "");
    const Reply script = client.ask(get("/monitor/assets/app-3f9a2c1b.js"));
    EXPECT_EQ(script.body, large_script);
    EXPECT_EQ(script.header("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(client.ask(get("/monitor/favicon.svg")).header("Cache-Control"), "no-cache");
    EXPECT_EQ(client.ask(get("/monitor")).body, "<p>page</p>");
    EXPECT_EQ(client.ask(get("/monitor/")).body, "<p>page</p>");
    EXPECT_EQ(client.ask(get("/monitor/deep/link")).status, 404);
    EXPECT_EQ(client.ask(get("/monitor/../etc/passwd")).status, 404);
}

TEST(StaticFiles, answer_304_to_a_known_etag) {
    TestServer test(router_with({}));
    RawClient client = test.connect();
    for (const std::string tag : {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"}) {
        const Reply known = client.ask(get("/index.html", "If-None-Match: " + tag + "\r\n"));
        EXPECT_EQ(known.status, 304) << tag;
        EXPECT_EQ(known.header("ETag"), "\"abc\"");
        EXPECT_EQ(known.header("Content-Length"), "");
    }
    EXPECT_EQ(client.ask(get("/index.html", "If-None-Match: \"other\"\r\n")).status, 200);
}

TEST(StaticFiles, are_sent_compressed_to_those_who_accept) {
    TestServer test(router_with({}));
    RawClient client = test.connect();
    const auto ask = [&](std::string_view accepted) {
        return client.ask(
            get("/assets/app-3f9a2c1b.js", "Accept-Encoding: " + std::string(accepted) + "\r\n"));
    };
    const Reply zipped = ask("br, gzip;q=0.8");
    EXPECT_EQ(zipped.body, "zipped");
    EXPECT_EQ(zipped.header("Content-Encoding"), "gzip");
    EXPECT_EQ(zipped.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(zipped.header("ETag"), "\"def-gzip\"");
    EXPECT_EQ(ask("*").body, "zipped");
    EXPECT_EQ(ask("gzip;q=0").body, large_script);
    EXPECT_EQ(ask("gzip;q=0.0, *").body, large_script);
    EXPECT_EQ(ask("br").body, large_script);
}

TEST(StaticFiles, brotli_goes_before_gzip_where_it_is_accepted) {
    TestServer test(router_with({}));
    RawClient client = test.connect();
    const auto ask = [&](std::string_view accepted) {
        return client.ask(
            get("/assets/index-Bx_zA-Cd.js", "Accept-Encoding: " + std::string(accepted) + "\r\n"));
    };
    const Reply browned = ask("gzip, deflate, br");
    EXPECT_EQ(browned.body, "browned");
    EXPECT_EQ(browned.header("Content-Encoding"), "br");
    EXPECT_EQ(browned.header("ETag"), "\"jkl-br\"");
    EXPECT_EQ(ask("gzip").body, "zipped");
    EXPECT_EQ(ask("gzip, br;q=0").body, "zipped");
    EXPECT_EQ(ask("identity").body, large_script);
}

TEST(StaticFiles, names_that_vite_makes_are_kept_for_ever_and_words_are_not) {
    TestServer test(router_with({}));
    RawClient client = test.connect();
    const std::string forever = "public, max-age=31536000, immutable";
    EXPECT_EQ(client.ask(get("/assets/index-Bx_zA-Cd.js")).header("Cache-Control"), forever);
    EXPECT_EQ(client.ask(get("/assets/swagger-ui-bundle.js")).header("Cache-Control"), "no-cache");
    EXPECT_EQ(client.ask(get("/assets/some-app-main.js")).header("Cache-Control"), "no-cache");
}

TEST(StaticFiles, an_application_answers_every_page_and_nothing_else) {
    Router router = router_with({});
    router.add(Method::post, "/api/things",
               [](Request&, Responder respond) { respond(text_response("made")); });
    const std::array<std::string_view, 2> reserved{"api", "assets"};
    add_application(router, assets, {.content_security_policy = "default-src 'none'"}, reserved);
    TestServer test(std::move(router));
    RawClient client = test.connect();
    const std::string html = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    for (const std::string path :
         {"/monitor", "/messages/7", "/templates/3/edit", "/a/b/c?x=1.js"}) {
        const Reply page = client.ask(get(path, html));
        EXPECT_EQ(page.body, "<p>page</p>") << path;
        EXPECT_EQ(page.header("Cache-Control"), "no-cache") << path;
        EXPECT_EQ(page.header("Content-Security-Policy"), "default-src 'none'") << path;
    }
    client.send("HEAD /monitor HTTP/1.1\r\nHost: a\r\n" + html + "\r\n");
    EXPECT_EQ(client.read(true).status, 200);
    for (const std::string path : {"/api", "/api/unknown", "/%61pi/unknown", "/API/x", "//api/x",
                                   "/assets/gone", "/gone.js", "/a/gone.html"}) {
        const Reply gone = client.ask(get(path, html));
        EXPECT_EQ(gone.status, 404) << path;
        EXPECT_EQ(gone.header("Content-Type"), "application/problem+json") << path;
    }
    EXPECT_EQ(client.ask(get("/monitor", "Accept: */*\r\n")).status, 404);
    EXPECT_EQ(client.ask(get("/monitor")).status, 404);
    EXPECT_EQ(client.ask(get("/api/things", html)).status, 405);
    EXPECT_EQ(client.ask(post("/monitor", "")).status, 404);
    EXPECT_EQ(client.ask(post("/api/things", "")).body, "made");
}

TEST(StaticFiles, head_sends_the_length_only) {
    TestServer test(router_with({}));
    RawClient client = test.connect();
    client.send("HEAD /assets/app-3f9a2c1b.js HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read(true).header("Content-Length"), "100000");
    EXPECT_EQ(client.ask(get("/favicon.svg")).body, "<svg/>");
}

TEST(StaticFiles, a_single_page_answers_all_but_missing_files) {
    TestServer test(router_with({.prefix = "/monitor", .single_page = true}));
    RawClient client = test.connect();
    EXPECT_EQ(client.ask(get("/monitor/messages/7")).body, "<p>page</p>");
    EXPECT_EQ(client.ask(get("/monitor/")).body, "<p>page</p>");
    EXPECT_EQ(client.ask(get("/monitor/assets/gone-12345678.js")).status, 404);
    EXPECT_EQ(client.ask(get("/other")).status, 404);
}

}  // namespace
}  // namespace hongyan::http
