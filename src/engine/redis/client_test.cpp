#include "engine/redis/client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <future>

#include "contract/testing/tcp_proxy.hpp"
#include "engine/redis/testing/redis_server.hpp"

namespace hongyan::redis {
namespace {

using suite::eventually;
using suite::TcpProxy;

LinkOptions quick() {
    LinkOptions options;
    options.answer_timeout = Millis(300);
    options.ping_every = Millis(50);
    options.connect_timeout = Millis(1'000);
    return options;
}

TEST(redis_client, commands_go_in_order_and_each_gets_its_answer) {
    TestClient client(shared_redis().port());
    std::vector<std::future<std::int64_t>> answers;
    for (int i = 0; i < 5'000; ++i) {
        auto promise = std::make_shared<std::promise<std::int64_t>>();
        answers.push_back(promise->get_future());
        client->call({"INCR", "n"}, [promise](Result<Value> answer) {
            promise->set_value(answer ? answer->integer : -1);
        });
    }
    for (int i = 0; i < 5'000; ++i) ASSERT_EQ(answers[static_cast<std::size_t>(i)].get(), i + 1);
}

/// 1,000 times INCR, together.
Commands thousand() {
    Commands commands;
    for (int i = 0; i < 1'000; ++i) {
        commands.start(2);
        commands.word("INCR");
        commands.word("together");
    }
    return commands;
}

TEST(redis_client, of_commands_that_go_together_each_gets_its_answer_also_when_the_line_breaks) {
    TcpProxy line(shared_redis().port());
    TestClient client(line.port(), quick());
    ASSERT_TRUE(client->ask({"DEL", "together"}));
    std::promise<std::vector<std::int64_t>> whole;
    client->call(thousand(), [&, got = std::vector<std::int64_t>{}](Result<Value> answer) mutable {
        got.push_back(answer ? answer->integer : -1);
        if (got.size() == 1'000) whole.set_value(std::move(got));
    });
    const auto got = whole.get_future().get();
    for (std::size_t i = 0; i < got.size(); ++i)
        ASSERT_EQ(got[i], static_cast<std::int64_t>(i) + 1);

    line.reset_after(100);
    std::atomic<int> answers{0};
    std::atomic<int> failures{0};
    client->call(thousand(), [&](Result<Value> answer) {
        if (!answer) ++failures;
        ++answers;
    });
    EXPECT_TRUE(eventually([&] { return answers == 1'000; }));
    line.heal();
    ASSERT_TRUE(eventually([&] { return client->is_up(); }));
    EXPECT_TRUE(client->ask({"PING"}));
    EXPECT_EQ(answers, 1'000) << "and none twice";
    EXPECT_GT(failures, 0);
}

TEST(redis_client, every_kind_of_answer_arrives_as_it_is) {
    TestClient client(shared_redis().port());
    const std::string bytes("\0\r\n$5\r\nx", 9);
    ASSERT_TRUE(client->ask({"SET", "k", bytes}));
    EXPECT_EQ(client->ask({"GET", "k"})->text, bytes);
    EXPECT_EQ(client->ask({"GET", "nothing"})->kind, Value::Kind::nil);
    const auto list = client->ask({"EVAL", "return {1, 'two', {3}, false}", "0"});
    ASSERT_TRUE(list);
    EXPECT_EQ(list->at(0).integer, 1);
    EXPECT_EQ(list->at(1).text, "two");
    EXPECT_EQ(list->at(2).at(0).number(), 3);
    EXPECT_EQ(list->at(3).kind, Value::Kind::nil);
    EXPECT_EQ(list->at(9).kind, Value::Kind::nil);
    const std::string large(5'000'000, 'x');
    ASSERT_TRUE(client->ask({"SET", "large", large}));
    EXPECT_EQ(client->ask({"GET", "large"})->text, large);
    const auto wrong = client->ask({"LPUSH", "k", "1"});
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().detail.find("WRONGTYPE"), std::string::npos);
}

TEST(redis_client, a_script_is_sent_whole_once_and_again_when_forgotten) {
    TestClient client(shared_redis().port());
    const Script script("return ARGV[1] .. KEYS[1]");
    ASSERT_TRUE(client->ask({"SCRIPT", "FLUSH"}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client->ask(script, {{"k"}, {"a"}})->text, "ak");
    EXPECT_EQ(client->ask({"SCRIPT", "EXISTS", script.hash()})->at(0).number(), 1);
    ASSERT_TRUE(client->ask({"SCRIPT", "FLUSH"}));
    EXPECT_EQ(client->ask(script, {{"k"}, {"b"}})->text, "bk");
}

TEST(redis_client, a_subscription_outlives_its_connection) {
    TcpProxy line(shared_redis().port());
    TestClient near(shared_redis().port());
    TestClient client(line.port());
    std::atomic<int> looks{0};
    std::atomic<int> heard{0};
    const auto number = client->subscribe("news", [&](std::string_view payload) {
        if (payload.empty()) {
            ++looks;
        } else {
            ++heard;
        }
    });
    ASSERT_TRUE(eventually([&] { return looks == 1; }));
    ASSERT_TRUE(near->ask({"PUBLISH", "news", "one"}));
    ASSERT_TRUE(eventually([&] { return heard == 1; }));
    line.cut();
    ASSERT_TRUE(eventually([&] { return looks == 2; })) << "told that it may have missed something";
    ASSERT_TRUE(near->ask({"PUBLISH", "news", "two"}));
    ASSERT_TRUE(eventually([&] { return heard == 2; }));
    client->unsubscribe(number);
    ASSERT_TRUE(eventually([&] {
        return near->ask({"PUBSUB", "NUMSUB", "news"})->at(1).number() == 0;
    }));
}

TEST(redis_client, a_reset_in_mid_frame_is_an_unknown_result_and_then_it_works_again) {
    TcpProxy line(shared_redis().port());
    TestClient client(line.port());
    ASSERT_TRUE(client->ask({"SET", "k", std::string(10'000, 'x')}));
    line.reset_after(5'000);
    const auto lost = client->ask({"GET", "k"});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::io_failed);
    ASSERT_TRUE(client->wait_up(Millis(20'000)));
    EXPECT_EQ(client->ask({"GET", "k"})->text.size(), 10'000U);
}

TEST(redis_client, a_black_hole_is_noticed_with_and_without_commands) {
    TcpProxy line(shared_redis().port());
    TestClient client(line.port(), quick());
    line.black_hole();
    const auto lost = client->ask({"PING"});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::io_failed);
    line.heal();
    ASSERT_TRUE(client->wait_up(Millis(20'000)));
    ASSERT_TRUE(client->ask({"PING"}));
    line.black_hole();
    EXPECT_TRUE(eventually([&] { return !client->is_up(); })) << "by its own PING";
    const auto refused = client->ask({"PING"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << "was not sent";
    line.heal();
    EXPECT_TRUE(client->wait_up(Millis(20'000)));
}

TEST(redis_client, a_slow_line_is_waited_for) {
    TcpProxy line(shared_redis().port());
    TestClient client(line.port());
    line.slow(Millis(100));
    const auto before = std::chrono::steady_clock::now();
    ASSERT_TRUE(client->ask({"PING"}));
    EXPECT_GE(std::chrono::steady_clock::now() - before, Millis(200));
    EXPECT_TRUE(client->is_up());
}

TEST(redis_client, down_at_the_start_it_comes_when_redis_comes) {
    const int port = suite::free_port();
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    Client client(TestClient::at(port, {}), log);
    client.start();
    const auto refused = client.ask({"PING"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    RedisServer server({}, port);
    EXPECT_TRUE(client.wait_up(Millis(20'000)));
    EXPECT_TRUE(client.ask({"PING"}));
    server.kill();
    EXPECT_TRUE(eventually([&] { return !client.is_up(); }));
    server.start();
    EXPECT_TRUE(client.wait_up(Millis(20'000)));
    EXPECT_GE(client.health().connects, 2);
}

TEST(redis_client, a_replica_that_became_one_is_left_for_the_new_primary) {
    RedisServer old_primary;
    RedisServer new_primary;
    TcpProxy line(old_primary.port());
    TestClient client(line.port());
    TestClient admin(old_primary.port());
    ASSERT_TRUE(client->ask({"SET", "k", "1"}));
    ASSERT_TRUE(admin->ask({"REPLICAOF", "127.0.0.1", std::to_string(new_primary.port())}));
    line.lead_to(new_primary.port());
    const auto refused = client->ask({"SET", "k", "2"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << refused.error().detail;
    EXPECT_TRUE(eventually([&] { return client->ask({"SET", "k", "3"}).ok(); }));
}

TEST(redis_client, out_of_memory_says_what_to_do) {
    RedisServer server({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
    TestClient client(server.port());
    const auto refused = client->ask({"SET", "k", "1"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_NE(refused.error().detail.find("maxmemory"), std::string::npos);
    EXPECT_TRUE(client->is_up());
}

TEST(redis_client, a_server_that_is_loading_is_waited_for) {
    RedisServer server(
        {"--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"});
    {
        TestClient client(server.port());
        for (int i = 0; i < 1'500; ++i)
            client->call({"SET", "key" + std::to_string(i), std::string(100, 'x')}, {});
        ASSERT_TRUE(client->ask({"SAVE"}));
    }
    server.kill();
    server.process().start();
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    Client client(TestClient::at(server.port(), {}), log);
    client.start();
    EXPECT_TRUE(
        eventually([&] { return client.health().text.find("LOADING") != std::string::npos; }));
    EXPECT_TRUE(client.wait_up(Millis(20'000)));
    EXPECT_EQ(client.ask({"DBSIZE"})->number(), 1'500);
}

TEST(redis_client, a_wrong_password_is_named) {
    RedisServer server({"--requirepass", "secret"});
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    LinkOptions options = TestClient::at(server.port(), {});
    options.address.password = "wrong";
    Client wrong(options, log);
    wrong.start();
    EXPECT_TRUE(
        eventually([&] { return wrong.health().text.find("WRONGPASS") != std::string::npos; }));
    options.address.password = "secret";
    options.address.database = 3;
    TestClient right(server.port(), options);
    ASSERT_TRUE(right->ask({"SET", "k", "1"}));
    EXPECT_NE(right->ask({"INFO", "keyspace"})->text.find("db3:"), std::string::npos);
}

TEST(redis_client, tls_checks_the_name_and_the_authority) {
    suite::TemporaryFolder folder;
    const std::string key = (folder.path() / "key.pem").string();
    const std::string certificate = (folder.path() / "cert.pem").string();
    const std::string make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=redis.test -addext "
        "subjectAltName=DNS:redis.test -keyout " +
        key + " -out " + certificate + " 2>/dev/null";
    ASSERT_EQ(std::system(make.c_str()), 0) << "apt-get install openssl";
    const int tls_port = suite::free_port();
    RedisServer server({"--tls-port", std::to_string(tls_port), "--tls-cert-file", certificate,
                        "--tls-key-file", key, "--tls-auth-clients", "no"});
    ASSERT_TRUE(eventually([&] { return suite::answers(tls_port); }));
    LinkOptions options;
    options.address.tls = true;
    options.address.ca_file = certificate;
    options.address.server_name = "redis.test";
    TestClient client(tls_port, options);
    ASSERT_TRUE(client->ask({"SET", "k", std::string(1'000'000, 'x')}));
    EXPECT_EQ(client->ask({"GET", "k"})->text.size(), 1'000'000U);
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    options.address.server_name = "other.test";
    Client other_name(TestClient::at(tls_port, options), log);
    other_name.start();
    options.address.server_name = "redis.test";
    options.address.ca_file = "";
    Client unknown_authority(TestClient::at(tls_port, options), log);
    unknown_authority.start();
    for (Client* refused : {&other_name, &unknown_authority}) {
        EXPECT_TRUE(
            eventually([&] { return refused->health().text.find("TLS") != std::string::npos; }));
        EXPECT_FALSE(refused->is_up());
    }
}

TEST(redis_client, nonsense_instead_of_the_protocol_ends_the_connection) {
    Reader reader;
    Value value;
    ASSERT_TRUE(reader.feed("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_FALSE(reader.next(value));
    Reader pieces;
    const std::string frame = "*2\r\n$3\r\nabc\r\n:-7\r\n";
    for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
        ASSERT_TRUE(pieces.feed(frame.substr(i, 1)));
        const auto whole = pieces.next(value);
        ASSERT_TRUE(whole);
        EXPECT_FALSE(*whole);
    }
    ASSERT_TRUE(pieces.feed("\n"));
    ASSERT_TRUE(*pieces.next(value));
    EXPECT_EQ(value.at(1).number(), -7);
    Reader huge;
    ASSERT_TRUE(huge.feed("$70000000\r\n"));
    ASSERT_FALSE(*huge.next(value));
    EXPECT_FALSE(huge.feed(std::string(Reader::bytes_max + 1, 'x')));
}

TEST(redis_client, what_waits_at_the_stop_is_answered) {
    auto server = std::make_unique<RedisServer>();
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    Client client(TestClient::at(server->port(), {}), log);
    client.start();
    ASSERT_TRUE(client.wait_up(Millis(20'000)));
    server->process().pause();
    std::atomic<int> answered{0};
    for (int i = 0; i < 100; ++i) client.call({"PING"}, [&](Result<Value>) { ++answered; });
    client.stop();
    EXPECT_EQ(answered, 100);
    client.call({"PING"}, [&](Result<Value> answer) { answered += answer ? 0 : 1; });
    EXPECT_EQ(answered, 101);
    server->process().resume();
}

TEST(redis_address, is_read_and_wrong_ones_are_explained) {
    const auto full =
        parse_address("rediss://ann:p%40ss%3A1@[::1]:7000/5?ca_file=/ca.pem&server_name=r.test");
    ASSERT_TRUE(full) << full.error().detail;
    EXPECT_EQ(full->host, "::1");
    EXPECT_EQ(full->port, "7000");
    EXPECT_EQ(full->user, "ann");
    EXPECT_EQ(full->password, "p@ss:1");
    EXPECT_EQ(full->database, 5);
    EXPECT_TRUE(full->tls);
    EXPECT_EQ(full->server_name, "r.test");
    EXPECT_EQ(full->shown(), "rediss://[::1]:7000/5");
    const auto plain = parse_address("redis://cache");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->port, "6379");
    EXPECT_EQ(plain->server_name, "cache");
    EXPECT_EQ(parse_address("redis://:secret@h/")->password, "secret");
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"http://h", "scheme"},
        {"redis://", "host"},
        {"redis://h:0", "port"},
        {"redis://h:x", "port"},
        {"redis://h/x", "database"},
        {"redis://u:%zz@h", "password"},
        {"redis://[::1", "host"},
        {"rediss://h?sni=x", "sni"},
        {"redis://h?ca_file=/x", "ca_file"},
        {"rediss://h?ca_file=", "ca_file"}};
    for (const auto& [text, part] : wrong) {
        const auto refused = parse_address(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().problems.at(0).path, part) << text;
        EXPECT_EQ(refused.error().detail.find("secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace hongyan::redis
