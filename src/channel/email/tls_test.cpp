// Encryption and login against a server whose certificate is made here by openssl.
#include <gtest/gtest.h>

#include "channel/email/testing/server_process.hpp"

namespace hongyan::email::testing {
namespace {

/// A certificate authority and a certificate of it for 127.0.0.1.
class Certificates {
  public:
    Certificates() {
        if (std::system("openssl version >/dev/null 2>&1") != 0) {
            ADD_FAILURE() << "openssl is missing; install it: apt-get install openssl";
            return;
        }
        make_authority("ca", "Test CA");
        make_authority("other", "Other CA");
        issue("127.0.0.1", "IP:127.0.0.1");
        issue("elsewhere", "DNS:mail.example.com");
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

    /// Options of smtp_server.py.
    [[nodiscard]] std::vector<std::string> server(const std::string& tls,
                                                  const std::string& name = "127.0.0.1") const {
        return {"--tls", tls, "--cert", file(name + ".pem"), "--key", file(name + ".key")};
    }

  private:
    void run(const std::string& command) {
        const std::string quiet = "cd " + folder_.file(".") + " && (" + command + ") >>log 2>&1";
        EXPECT_EQ(std::system(quiet.c_str()), 0) << command;
    }
    static std::string key_to(const std::string& name) {
        return " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout " + name + ".key";
    }
    void make_authority(const std::string& name, const std::string& title) {
        run("openssl req -x509 -days 2 -subj '/CN=" + title + "'" + key_to(name) + " -out " + name +
            ".pem");
    }
    void issue(const std::string& name, const std::string& alternative) {
        run("openssl req -new -subj /CN=server" + key_to(name) + " -out " + name + ".csr");
        run("echo subjectAltName=" + alternative + " >" + name + ".ext");
        run("openssl x509 -req -days 2 -in " + name + ".csr -CA ca.pem -CAkey ca.key " +
            "-CAcreateserial -extfile " + name + ".ext -out " + name + ".pem");
    }

    Folder folder_;
};

std::vector<std::string> plus(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

EmailOptions options_for(const SmtpServer& server, const std::string& scheme,
                         const std::string& tls, const std::string& ca_file) {
    EmailOptions options = Mailer::plain(server, 2);
    options.smtp_url = server.url(scheme);
    options.tls = tls;
    options.ca_file = ca_file;
    return options;
}

TEST(tls, starttls_and_implicit_tls_carry_mails) {
    const Certificates certificates;
    for (const char* kind : {"starttls", "implicit"}) {
        const SmtpServer server(certificates.server(kind));
        const std::string scheme = std::string(kind) == "implicit" ? "smtps" : "smtp";
        for (const char* mode : {"required", "auto"}) {
            Mailer mailer(options_for(server, scheme, mode, certificates.file("ca.pem")));
            for (int i = 0; i < 30; ++i) mailer.send(mailer.message("a@example.org"));
            ASSERT_TRUE(mailer.outcomes().wait_for(30));
            EXPECT_EQ(mailer.outcomes().count(OutcomeClass::accepted), 30U);
        }
        for (const auto& mail : server.mails()) EXPECT_TRUE(mail.at("tls").as_bool());
        EXPECT_EQ(server.mails().size(), 60U);
    }
}

TEST(tls, a_large_mail_passes_through_tls) {
    const Certificates certificates;
    const SmtpServer server(certificates.server("starttls"));
    Mailer mailer(options_for(server, "smtp", "required", certificates.file("ca.pem")));
    auto message = mailer.message("a@example.org");
    while (message->content.size() < 250'000) message->content += "一行文字，不太长。\n";
    const std::string text = message->content;
    EXPECT_EQ(mailer.outcome_for(std::move(message)).kind, OutcomeClass::accepted);
    ASSERT_EQ(server.mails().size(), 1U);
    EXPECT_EQ(server.mails()[0].at("text").as_string(), text);
}

TEST(tls, a_certificate_that_is_not_trusted_is_configuration) {
    const Certificates certificates;
    for (const char* kind : {"starttls", "implicit"}) {
        const SmtpServer server(certificates.server(kind));
        const std::string scheme = std::string(kind) == "implicit" ? "smtps" : "smtp";
        for (const std::string& ca_file : {std::string(), certificates.file("other.pem")}) {
            Mailer mailer(options_for(server, scheme, "auto", ca_file));
            for (int i = 0; i < 5; ++i) mailer.send(mailer.message("a@example.org"));
            ASSERT_TRUE(mailer.outcomes().wait_for(5));
            EXPECT_EQ(mailer.outcomes().count(OutcomeClass::configuration), 5U);
        }
        EXPECT_TRUE(server.mails().empty());
    }
}

TEST(tls, a_certificate_for_another_host_is_configuration) {
    const Certificates certificates;
    const SmtpServer server(certificates.server("starttls", "elsewhere"));
    Mailer mailer(options_for(server, "smtp", "required", certificates.file("ca.pem")));
    const Outcome outcome = mailer.outcome_for("a@example.org");
    EXPECT_EQ(outcome.kind, OutcomeClass::configuration) << outcome.detail;
}

TEST(tls, required_but_not_offered_is_configuration) {
    const SmtpServer server;
    Mailer mailer(options_for(server, "smtp", "required", ""));
    const Outcome outcome = mailer.outcome_for("a@example.org");
    EXPECT_EQ(outcome.kind, OutcomeClass::configuration) << outcome.detail;
    EXPECT_TRUE(server.mails().empty());
    Mailer trusting(options_for(server, "smtp", "auto", ""));
    EXPECT_EQ(trusting.outcome_for("a@example.org").kind, OutcomeClass::accepted);
}

TEST(tls, the_wrong_scheme_and_an_unreadable_ca_file_are_configuration) {
    const Certificates certificates;
    const SmtpServer plain_server;
    Mailer wrong(options_for(plain_server, "smtps", "auto", certificates.file("ca.pem")));
    const Outcome scheme = wrong.outcome_for("a@example.org");
    EXPECT_EQ(scheme.kind, OutcomeClass::configuration) << scheme.detail;
    const SmtpServer server(certificates.server("starttls"));
    Mailer unreadable(options_for(server, "smtp", "auto", certificates.file("none.pem")));
    const Outcome file = unreadable.outcome_for("a@example.org");
    EXPECT_EQ(file.kind, OutcomeClass::configuration) << file.detail;
}

TEST(tls, a_server_that_wants_it_is_told_apart) {
    const Certificates certificates;
    const SmtpServer server(plus(certificates.server("starttls"), {"--require-tls"}));
    Mailer mailer(options_for(server, "smtp", "off", ""));
    const Outcome outcome = mailer.outcome_for("a@example.org");
    EXPECT_EQ(outcome.kind, OutcomeClass::configuration) << outcome.detail;
    EXPECT_EQ(outcome.code, "530") << outcome.detail;
}

TEST(login, works_with_plain_and_with_login) {
    const Certificates certificates;
    for (const char* without : {"LOGIN", "PLAIN"}) {
        const SmtpServer server(
            plus(certificates.server("starttls"),
                 {"--auth", "user@example.com:pa ss\"wörd", "--no-auth", without}));
        EmailOptions options = options_for(server, "smtp", "required", certificates.file("ca.pem"));
        options.username = "user@example.com";
        options.password = "pa ss\"wörd";
        Mailer mailer(options);
        EXPECT_EQ(mailer.outcome_for("a@example.org").kind, OutcomeClass::accepted) << without;
        ASSERT_EQ(server.mails().size(), 1U);
        EXPECT_TRUE(server.mails()[0].at("login").as_bool());
    }
}

TEST(login, refused_is_configuration_for_all_that_wait) {
    const Certificates certificates;
    const SmtpServer server(plus(certificates.server("starttls"), {"--auth", "user:right"}));
    EmailOptions options = options_for(server, "smtp", "required", certificates.file("ca.pem"));
    options.username = "user";
    options.password = "wrong-password";
    Mailer mailer(options);
    std::vector<MessagePtr> batch;
    for (int i = 0; i < 50; ++i) batch.push_back(mailer.message("a@example.org"));
    mailer.channel().send(std::move(batch), 0);
    ASSERT_TRUE(mailer.outcomes().wait_for(50));
    EXPECT_EQ(mailer.outcomes().count(OutcomeClass::configuration), 50U);
    for (const auto& [id, outcome] : mailer.outcomes().all()) {
        EXPECT_EQ(outcome.code, "535 5.7.8") << outcome.detail;
        EXPECT_EQ(outcome.detail.find("wrong-password"), std::string::npos);
    }
}

TEST(login, missing_is_configuration) {
    const SmtpServer server({"--auth", "user:right"});
    Mailer mailer(server);
    const Outcome outcome = mailer.outcome_for("a@example.org");
    EXPECT_EQ(outcome.kind, OutcomeClass::configuration) << outcome.detail;
    EXPECT_EQ(outcome.code, "530 5.7.0");
}

}  // namespace
}  // namespace hongyan::email::testing
