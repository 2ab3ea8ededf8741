#include "universe/core/universe.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "universe/core/testing/echo_service.hpp"
#include "universe/core/testing/running_universe.hpp"

namespace hongyan::universe::testing {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// The body of an answer as JSON.
boost::json::value body_of(const std::string& answer) {
    return boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
}

std::size_t lines_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::size_t lines = 0;
    for (std::string line; std::getline(stream, line);) ++lines;
    return lines;
}

TEST(universe, strips_the_name_of_the_service_from_the_path) {
    RunningUniverse running(echo_services());
    const auto answer = running.ask("POST", "/echo/v1/send?to=a%20b", "hello");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(has(answer, "POST /v1/send?to=a%20b\nhello")) << answer;
    EXPECT_TRUE(has(running.ask("GET", "/echo"), "GET /?"));
    EXPECT_TRUE(has(running.ask("GET", "/echo?x=1"), "GET /?x=1"));
}

TEST(universe, gives_a_request_without_name_to_the_service_that_claims_it) {
    RunningUniverse running(echo_services());
    EXPECT_TRUE(has(running.ask("GET", "/v3/claimed"), "GET /v3/claimed?"));
    const auto answer = running.ask("GET", "/echos/v1");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ")) << answer;
    EXPECT_EQ(body_of(answer).at("services").at(0), "/echo/");
}

TEST(universe, shows_what_arrived_in_inbox_and_ledger) {
    RunningUniverse running(echo_services());
    static_cast<void>(running.ask("POST", "/echo/?to=ann", "one", "X-Token: t1\r\n"));
    static_cast<void>(running.ask("POST", "/echo/?to=bob", "two", "X-Token: t2\r\n"));
    static_cast<void>(
        running.ask("POST", "/echo/?to=bob", "two", "X-Token: t2\r\nX-Duplicate: 1\r\n"));
    auto inbox = body_of(running.ask("GET", "/_universe/inbox"));
    ASSERT_EQ(inbox.at("messages").as_array().size(), 2U);
    EXPECT_EQ(inbox.at("messages").at(1).at("content"), "two");
    inbox = body_of(running.ask("GET", "/_universe/inbox?recipient=ann&service=echo"));
    ASSERT_EQ(inbox.at("messages").as_array().size(), 1U);
    inbox = body_of(running.ask("GET", "/_universe/inbox?after=1&limit=1"));
    EXPECT_EQ(inbox.at("messages").at(0).at("sequence"), 2);
    const auto ledger = body_of(running.ask("GET", "/_universe/ledger")).at("services").at("echo");
    EXPECT_EQ(ledger.at("arrived"), 3);
    EXPECT_EQ(ledger.at("distinct_tokens"), 2);
    EXPECT_EQ(ledger.at("duplicates"), 1);
    EXPECT_EQ(lines_of(running.folder() / "universe.ledger"), 3U);
}

TEST(universe, describes_its_services_with_settings_and_sample_accounts) {
    RunningUniverse running(echo_services(), "[services.echo]\nsecret = \"other\"\n");
    const auto all = body_of(running.ask("GET", "/_universe/services"));
    const auto& echo = all.at("services").at(0);
    EXPECT_EQ(echo.at("settings").at(0).at("value"), "other");
    EXPECT_EQ(echo.at("settings").at(0).at("default"), "s3cret");
    EXPECT_EQ(echo.at("sample_account").at("settings").at("endpoint").as_string(),
              running->base_url("echo", false));
}

TEST(universe, changes_settings_and_refuses_unknown_ones_with_the_nearest) {
    RunningUniverse running(echo_services());
    EXPECT_TRUE(running->change_setting("echo", "secret", "x").ok());
    EXPECT_EQ(running->setting("echo", "secret"), "x");
    const auto answer = running.ask("PUT", "/_universe/settings", R"({"echo":{"secrett":"y"}})");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(has(answer, R"(did you mean \"secret\")")) << answer;
    static_cast<void>(running.ask("POST", "/_universe/reset"));
    EXPECT_EQ(running->setting("echo", "secret"), "s3cret");
}

TEST(universe, goes_on_counting_after_a_restart) {
    RunningUniverse first(echo_services());
    static_cast<void>(first.ask("POST", "/echo/", "one", "X-Token: t1\r\n"));
    Log log(LogLevel::error);
    {
        auto second = Ledger::open(first.folder().string(), 1 << 20, log);
        ASSERT_FALSE(second.ok());  // one folder, one universe
        EXPECT_TRUE(has(second.error().detail, "in use"));
    }
    first->stop();
    const auto copy = first.folder() / "copy";
    std::filesystem::create_directory(copy);
    std::filesystem::copy_file(first.folder() / "universe.ledger", copy / "universe.ledger");
    std::ofstream(copy / "universe.ledger", std::ios::app) << "{\"sequence\":7,\"serv";
    auto again = Ledger::open(copy.string(), 1 << 20, log);
    ASSERT_TRUE(again.ok());
    Arrival arrival;
    arrival.service = "echo";
    arrival.token = "t1";
    EXPECT_EQ((*again)->add(arrival, 1), 2U);
    EXPECT_EQ((*again)->counts().at("echo").arrived, 2U);
    EXPECT_EQ((*again)->counts().at("echo").distinct_tokens, 1U);
    again = Ledger::open((first.folder() / "other").string(), 1 << 20, log);
    ASSERT_TRUE(again.ok());
    again = Ledger::open(copy.string(), 1 << 20, log);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ((*again)->last_sequence(), 2U);  // the half line did not swallow the next
}

TEST(universe, begins_a_new_ledger_file_when_one_is_full) {
    RunningUniverse running(echo_services());
    Log log(LogLevel::error);
    const auto folder = running.folder() / "small";
    auto ledger = Ledger::open(folder.string(), 1'000, log);
    ASSERT_TRUE(ledger.ok());
    Arrival arrival;
    arrival.service = "echo";
    for (int i = 0; i < 40; ++i) static_cast<void>((*ledger)->add(arrival, i));
    EXPECT_LE(std::filesystem::file_size(folder / "universe.ledger"), 1'000U);
    EXPECT_LE(std::filesystem::file_size(folder / "universe.ledger.1"), 1'000U);
    EXPECT_EQ((*ledger)->counts().at("echo").arrived, 40U);
}

TEST(universe, keeps_the_inbox_within_its_bounds) {
    Inbox inbox(3, 1 << 20);
    for (std::uint64_t i = 1; i <= 5; ++i) inbox.add({i, 0, {}});
    EXPECT_EQ(inbox.find({}).size(), 3U);
    EXPECT_EQ(inbox.find({}).front().sequence, 3U);
    Inbox small(1'000, 20'000);
    for (std::uint64_t i = 1; i <= 50; ++i) {
        Arrival arrival;
        arrival.raw.assign(2'000, 'x');
        small.add({i, 0, std::move(arrival)});
    }
    EXPECT_LT(small.find({}).size(), 11U);
    EXPECT_GE(small.find({}).size(), 5U);
}

TEST(universe, writes_valid_json_of_bytes_that_are_not_utf8) {
    EXPECT_EQ(valid_utf8("a\xffz\xe4\xb8"), "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(valid_utf8("鸿雁"), "鸿雁");
    RunningUniverse running(echo_services());
    static_cast<void>(running.ask("POST", "/echo/", "\xff\xfe\x01"));
    const auto inbox = body_of(running.ask("GET", "/_universe/inbox"));
    EXPECT_EQ(inbox.at("messages").at(0).at("content"), "\xEF\xBF\xBD\xEF\xBF\xBD\x01");
}

TEST(universe, tells_the_sink_of_each_arrival_but_no_duplicate) {
    Guarded<std::vector<std::uint64_t>> seen;
    RunningUniverse running(echo_services(), "", {}, [&](const Arrival&, std::uint64_t sequence) {
        seen.lock()->push_back(sequence);
    });
    static_cast<void>(running.ask("POST", "/echo/"));
    static_cast<void>(running.ask("POST", "/echo/", "", "X-Duplicate: 1\r\n"));
    EXPECT_EQ(*seen.lock(), std::vector<std::uint64_t>{1});
}

TEST(universe, answers_its_own_api_to_loopback_names_only) {
    RunningUniverse running(echo_services());
    RawClient client(running.port());
    client.send("GET /_universe/inbox HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.read().starts_with("HTTP/1.1 403 "));
    const auto foreign =
        running.ask("POST", "/_universe/reset", "", "Origin: https://evil.example\r\n");
    EXPECT_TRUE(foreign.starts_with("HTTP/1.1 403 "));
    const auto own =
        running.ask("POST", "/_universe/reset", "", "Origin: http://localhost:8000\r\n");
    EXPECT_TRUE(own.starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(running.ask("GET", "/_universe/nothing").starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(running.ask("DELETE", "/_universe/inbox").starts_with("HTTP/1.1 405 "));
    EXPECT_TRUE(running.ask("GET", "/_universe/inbox?limit=x").starts_with("HTTP/1.1 400 "));
}

Result<std::unique_ptr<Universe>> start_with(UniverseOptions options, ServiceList services,
                                             Outbound& outbound) {
    static const SystemClock clock;
    static Log log(LogLevel::error);
    return Universe::start(std::move(options), std::move(services), outbound, clock, log);
}

TEST(universe, refuses_what_it_cannot_start_with) {
    RunningUniverse running(echo_services());
    KeptOutbound outbound;
    UniverseOptions options;
    options.data_dir = (running.folder() / "second").string();
    options.http_port = options.https_port = 0;
    auto open_host = options;
    open_host.host = "0.0.0.0";
    auto failed = start_with(open_host, echo_services(), outbound);
    ASSERT_FALSE(failed.ok());
    EXPECT_TRUE(has(failed.error().detail, "loopback")) << failed.error().detail;
    auto taken = options;
    taken.http_port = running.port();
    failed = start_with(taken, echo_services(), outbound);
    ASSERT_FALSE(failed.ok());
    EXPECT_TRUE(has(failed.error().detail, "another port")) << failed.error().detail;
    auto wire = options;
    wire.wire_ports["smtpp"] = 0;
    EXPECT_FALSE(start_with(wire, echo_services(), outbound).ok());
    auto twice = echo_services();
    twice.http.push_back(std::make_unique<EchoService>());
    EXPECT_FALSE(start_with(options, std::move(twice), outbound).ok());
    EXPECT_TRUE(start_with(options, echo_services(), outbound).ok());
}

TEST(universe, gives_numbers_that_rise) {
    RunningUniverse running(echo_services());
    const auto first = running->next_number();
    EXPECT_GT(running->next_number(), first);
}

}  // namespace
}  // namespace hongyan::universe::testing
