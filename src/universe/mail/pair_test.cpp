// The provider "smtp" and the simulated mail server against each other. That each also fits
// programs that are not ours is shown by test/peer/mail.
#include "universe/mail/testing/smtp_pair.hpp"

namespace hongyan::universe::mail {
namespace {

using testing::SmtpPair;
using Class = OutcomeClass;

std::string crlf(std::string text) {
    std::erase(text, '\r');
    return text;
}

TEST_F(SmtpPair, a_mail_arrives_as_it_was_written) {
    run();
    open();
    const auto outcome = outcome_of("ann@example.org");
    EXPECT_EQ(outcome.kind, Class::accepted) << outcome.detail;
    EXPECT_EQ(outcome.code, "250 2.0.0");
    const auto came = arrivals();
    ASSERT_EQ(came.size(), 1U);
    const Arrival& arrival = came[0].arrival;
    EXPECT_EQ(arrival.provider_message_id, outcome.provider_message_id);
    EXPECT_EQ(arrival.recipient, "ann@example.org");
    EXPECT_EQ(arrival.subject, "Grüße 您好 1");
    EXPECT_EQ(trim(crlf(arrival.content)), "Line one\n.dot line\n..two dots\n.\nlast");
    EXPECT_EQ(trim(crlf(arrival.html)), "<p>Line <b>one</b></p>");
    const auto detail = boost::json::parse(arrival.detail).as_object();
    EXPECT_TRUE(detail.at("tls").as_bool());
    EXPECT_EQ(detail.at("user").as_string(), "sandbox");
}

TEST_F(SmtpPair, every_login_works_and_a_wrong_one_is_a_matter_of_configuration) {
    run("[services.smtp]\nauth_required = \"yes\"\n");
    for (const char* auth : {"auto", "plain", "login", "cram_md5"}) {
        open({{"auth", auth}});
        EXPECT_EQ(outcome_of("ann@example.org").kind, Class::accepted) << auth;
        EXPECT_TRUE(tested().ok);
        account_->stop(Millis(3000));
        open({{"auth", auth}, {"password", "wrong"}});
        const auto outcome = outcome_of("ann@example.org");
        EXPECT_EQ(outcome.kind, Class::configuration) << auth;
        EXPECT_EQ(outcome.code, "535 5.7.8");
        EXPECT_EQ(outcome.detail.find("wrong"), std::string::npos);
        EXPECT_FALSE(tested().ok);
    }
    open({{"auth", "none"}});
    EXPECT_EQ(outcome_of("ann@example.org").code, "530 5.7.0");
}

TEST_F(SmtpPair, encryption_in_every_form_it_comes_in) {
    for (const char* offer : {"starttls", "required", "implicit", "off"}) {
        run("[services.smtp]\ntls = \"" + std::string(offer) + "\"\n");
        for (const char* mode : {"implicit", "required", "offered", "off"}) {
            const bool implicit = std::string(offer) == "implicit";
            if (implicit != (std::string(mode) == "implicit")) continue;  // would only wait
            open({{"tls", mode}, {"connect_timeout_seconds", 2}});
            const auto outcome = outcome_of("ann@example.org");
            const bool demands_more =
                std::string(offer) == "off" && std::string(mode) == "required";
            const bool gives_less = std::string(offer) == "required" && std::string(mode) == "off";
            EXPECT_EQ(outcome.kind,
                      demands_more || gives_less ? Class::configuration : Class::accepted)
                << offer << " " << mode << " " << outcome.detail;
            account_->stop(Millis(3000));
        }
    }
}

TEST_F(SmtpPair, a_certificate_of_strangers_is_refused) {
    run();
    open({{"ca_file", ""}});
    const auto outcome = outcome_of("ann@example.org");
    EXPECT_EQ(outcome.kind, Class::configuration);
    EXPECT_NE(outcome.detail.find("not trusted"), std::string::npos) << outcome.detail;
    open({{"ca_file", ""}, {"verify_certificate", false}});
    EXPECT_EQ(outcome_of("ann@example.org").kind, Class::accepted);
}

TEST_F(SmtpPair, what_the_server_refuses_has_its_class) {
    run();
    open();
    const std::map<std::string, Class> cases{
        {"fail-rate-limited@example.org", Class::rate_limited},
        {"fail-server-error@example.org", Class::transient},
        {"fail-invalid-recipient@example.org", Class::recipient_permanent},
        {"fail-quota@example.org", Class::transient},  // mailbox full
        {"fail-error-in-body@example.org", Class::message_permanent},
        {"fail-token-expired@example.org", Class::configuration},
        {"fail-status@example.org", Class::recipient_permanent},
        {"fail-cut-before@example.org", Class::transient},
        {"fail-goaway@example.org", Class::transient},
    };
    for (const auto& [recipient, kind] : cases) {
        const auto outcome = outcome_of(recipient);
        EXPECT_EQ(outcome.kind, kind) << recipient << " " << outcome.detail;
        EXPECT_EQ(outcome.suppress, recipient.starts_with("fail-inv") ? "hard bounce" : "");
        // The line, or the next one, is as good as new.
        EXPECT_EQ(outcome_of("ann@example.org").kind, Class::accepted) << "after " << recipient;
    }
}

TEST_F(SmtpPair, a_cut_behind_the_final_dot_is_unknown_and_the_mail_is_there_once) {
    run();
    for (const bool pipelining : {true, false}) {
        open({{"pipelining", pipelining}});
        const auto before = arrivals().size();
        for (const char* recipient :
             {"fail-cut-after@example.org", "fail-half-answer@example.org"}) {
            const auto outcome = outcome_of(recipient);
            EXPECT_EQ(outcome.kind, Class::unknown) << outcome.detail;
            EXPECT_NE(outcome.provider_message_id, "");
        }
        const auto silent = outcome_of("fail-hang@example.org", 600);
        EXPECT_EQ(silent.kind, Class::unknown) << silent.detail;
        EXPECT_EQ(arrivals().size(), before + 2);
        account_->stop(Millis(3000));
    }
}

TEST_F(SmtpPair, mails_behind_one_that_breaks_the_line_arrive_once_each) {
    run();
    for (const bool chunking : {false, true}) {
        ASSERT_TRUE((*universe_)->change_setting("smtp", "chunking", chunking ? "yes" : "no"));
        open({{"chunking", chunking}, {"max_connections", 2}});
        const auto before = arrivals().size();
        std::vector<MessagePtr> batch;
        for (int i = 0; i < 60; ++i) {
            const bool cuts = i % 10 == 5;
            batch.push_back(message(cuts ? "fail-cut-before@example.org" : "ann@example.org"));
        }
        account_->send(std::move(batch), clock_.now_ms() + 20'000);
        const auto& all = outcomes_.wait(waited_ += 60);
        std::map<Class, int> count;
        for (auto i = waited_ - 60; i < all.size(); ++i) ++count[all[i].outcome.kind];
        EXPECT_EQ(count[Class::accepted] + count[Class::unknown] + count[Class::transient], 60);
        // What was said to be there is there, and what was said not to be is not.
        const auto came = static_cast<int>(arrivals().size() - before);
        EXPECT_GE(came, count[Class::accepted]);
        EXPECT_LE(came, count[Class::accepted] + count[Class::unknown]);
        EXPECT_TRUE(chunking || count[Class::accepted] == 54) << count[Class::accepted];
        account_->stop(Millis(3000));
    }
}

TEST_F(SmtpPair, chaos_at_random_never_makes_two_of_one) {
    run(R"([chaos]
seed = 7
[[chaos.rule]]
service = "smtp"
percent = 4
action = "cut_after"
[[chaos.rule]]
service = "smtp"
percent = 4
action = "cut_before"
[[chaos.rule]]
service = "smtp"
percent = 4
action = "goaway"
[[chaos.rule]]
service = "smtp"
percent = 4
action = "server_error"
[[chaos.rule]]
service = "smtp"
percent = 4
action = "half_answer"
)");
    constexpr std::size_t mails = 1000;
    open({{"max_connections", 6}, {"messages_per_connection", 17}});
    std::vector<MessagePtr> batch;
    std::map<MessageId, Class> told;
    for (std::size_t i = 0; i < mails; ++i) batch.push_back(message("ann@example.org"));
    account_->send(std::move(batch), clock_.now_ms() + 30'000);
    for (const Sent& each : outcomes_.wait(mails)) {
        EXPECT_TRUE(told.emplace(each.message->id, each.outcome.kind).second);
    }
    std::map<std::string, int> came;
    for (const auto& each : arrivals()) ++came[each.arrival.token];
    std::map<Class, int> counts;
    for (const Sent& each : outcomes_.wait(mails)) {
        ++counts[each.outcome.kind];
        const auto found = std::find_if(came.begin(), came.end(), [&](const auto& one) {
            return one.first.find(std::to_string(each.message->id)) != one.first.npos;
        });
        const int copies = found == came.end() ? 0 : found->second;
        EXPECT_TRUE(each.outcome.kind != Class::accepted || copies == 1) << copies;
        EXPECT_TRUE(each.outcome.kind != Class::transient || copies == 0) << copies;
        EXPECT_LE(copies, 1);
    }
    EXPECT_GT(counts[Class::accepted], 800);
    EXPECT_GT(counts[Class::unknown], 20);
    EXPECT_EQ(counts[Class::accepted] + counts[Class::unknown] + counts[Class::transient],
              static_cast<int>(mails));
}

TEST_F(SmtpPair, a_server_that_counts_mails_or_connections_is_lived_with) {
    run("[services.smtp]\nmax_mails = 3\n");
    open({{"max_connections", 2}});
    std::vector<MessagePtr> batch;
    for (int i = 0; i < 30; ++i) batch.push_back(message("ann@example.org"));
    account_->send(std::move(batch), clock_.now_ms() + 20'000);
    for (const Sent& each : outcomes_.wait(30)) {
        EXPECT_EQ(each.outcome.kind, Class::accepted) << each.outcome.detail;
    }
    EXPECT_EQ(arrivals().size(), 30U);
}

TEST_F(SmtpPair, a_greylisted_mail_comes_later) {
    run("[services.smtp]\ngreylist_tries = 1\n");
    open();
    const auto first = outcome_of("ann@example.org");
    EXPECT_EQ(first.kind, Class::transient);
    EXPECT_EQ(first.retry_after_ms, 300'000);
    EXPECT_EQ(outcome_of("ann@example.org").kind, Class::accepted);
}

TEST_F(SmtpPair, a_token_is_fetched_once_and_renewed_once) {
    run();
    std::atomic<int> asked = 0;
    class Tokens final : public Outbound {
      public:
        explicit Tokens(std::atomic<int>& count) : count_(count) {}
        void call(OutboundRequest request, OutboundDone done) override {
            EXPECT_EQ(request.body,
                      "grant_type=refresh_token&refresh_token=refresh%2Fme&client_id=id");
            OutboundReply reply;
            reply.end = CallEnd::answered;
            reply.status = 200;
            const bool stale = count_++ == 0;
            reply.body = std::string(R"({"access_token":")") +
                         (stale ? "stale" : "sandbox-oauth-token") + R"(","expires_in":3600})";
            done(std::move(reply));
        }

      private:
        std::atomic<int>& count_;
    };
    Tokens tokens(asked);
    const auto text = settings({{"auth", "auto"},
                                {"password", ""},
                                {"oauth_token_url", "http://127.0.0.1:1/token"},
                                {"oauth_client_id", "id"},
                                {"oauth_refresh_token", "refresh/me"}});
    auto opened = providers_.front()->open({7, 1, "sandbox", text}, {tokens, clock_, log_});
    ASSERT_TRUE(opened) << opened.error().detail;
    account_ = std::move(*opened);
    ASSERT_TRUE(account_->start([this](auto sent) { outcomes_.add(std::move(sent)); }, {}));
    std::vector<MessagePtr> batch;
    for (int i = 0; i < 20; ++i) batch.push_back(message("ann@example.org"));
    account_->send(std::move(batch), clock_.now_ms() + 20'000);
    for (const Sent& each : outcomes_.wait(20)) {
        EXPECT_EQ(each.outcome.kind, Class::accepted) << each.outcome.detail;
    }
    EXPECT_EQ(asked, 2);
    account_->stop(Millis(1000));
}

TEST_F(SmtpPair, bounces_and_complaints_come_back_as_receipts) {
    run("[services.smtp]\ncallback_url = \"http://127.0.0.1:1/cb\"\ncallback_key = \"k-123\"\n");
    open();
    for (const char* recipient :
         {"bounce@example.org", "complain@example.org", "ann@example.org"}) {
        EXPECT_EQ(outcome_of(recipient).kind, Class::accepted);
    }
    const auto posts = universe_->outbound().wait_for(2);
    ASSERT_EQ(posts.size(), 2U);
    for (const auto& post : posts) {
        Callback callback;
        callback.headers = post.headers;
        callback.body = post.body;
        const auto answer = account_->callback(callback);
        ASSERT_TRUE(answer) << answer.error().detail;
        ASSERT_EQ(answer->receipts.size(), 1U) << post.body;
        const Receipt& receipt = answer->receipts.front();
        const bool bounced = post.body.find("delivery-status") != std::string::npos;
        EXPECT_EQ(receipt.suppress, bounced ? "hard bounce" : "complaint");
        EXPECT_NE(receipt.message_id, 0);
        EXPECT_NE(answer->replay_key, "");
        callback.headers = {{"authorization", "Bearer wrong"}};
        const auto refused = account_->callback(callback);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
    }
}

TEST_F(SmtpPair, an_account_that_is_stopped_reports_everything) {
    run();
    open({{"max_connections", 1}});
    std::vector<MessagePtr> batch;
    for (int i = 0; i < 50; ++i) batch.push_back(message("slow-200@example.org"));
    account_->send(std::move(batch), clock_.now_ms() + 60'000);
    account_->stop(Millis(500));
    int accepted = 0;
    for (const Sent& each : outcomes_.wait(50)) {
        accepted += each.outcome.kind == Class::accepted ? 1 : 0;
    }
    EXPECT_LT(accepted, 50);
    EXPECT_LE(accepted, static_cast<int>(arrivals().size()));
    send("ann@example.org");
    EXPECT_EQ(outcomes_.wait(51).back().outcome.kind, Class::transient);
}

TEST_F(SmtpPair, deadlines_hold_for_mails_that_wait) {
    run();
    open({{"max_connections", 1}});
    std::vector<MessagePtr> batch;
    for (int i = 0; i < 10; ++i) batch.push_back(message("slow-300@example.org"));
    account_->send(std::move(batch), clock_.now_ms() + 1000);
    std::map<Class, int> count;
    for (const Sent& each : outcomes_.wait(10)) ++count[each.outcome.kind];
    EXPECT_GE(count[Class::accepted], 1);
    EXPECT_GE(count[Class::transient], 5);
    account_->stop(Millis(500));
}

TEST_F(SmtpPair, a_server_that_is_not_there_is_transient_and_its_return_is_seen) {
    run();
    open({{"port", 1}});
    EXPECT_EQ(outcome_of("ann@example.org").kind, Class::transient);
    EXPECT_FALSE(tested().ok);
    open({{"host", "no-such-host.invalid"}});
    EXPECT_EQ(outcome_of("ann@example.org").kind, Class::transient);
}

}  // namespace
}  // namespace hongyan::universe::mail
