// The sender and the simulated centre, two codes that share nothing, against each other.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>

#include "channel/smpp/testing/account_harness.hpp"
#include "universe/smpp/service.hpp"
#include "universe/smpp/testing/plain_world.hpp"

namespace hongyan::universe::smpp {
namespace {

using hongyan::smpp::testing::AccountHarness;
using testing::PlainWorld;

constexpr const char* phone = "8613800138000";

/// A centre that runs, with a world of its own.
class SmppPair : public ::testing::Test {
  protected:
    SmppPair() {
        ServiceList list;
        add_services(list);
        service_ = std::move(list.wire.front());
        world_.take_defaults(*service_);
        world_.on_receipt = [](std::string_view) {
            ReceiptFate fate;
            fate.delay = Millis(5);
            return fate;
        };
    }
    ~SmppPair() override { service_->stop(); }

    std::string settings(const std::string& more = {}) {
        const auto port = service_->start(world_, 0);
        HY_ASSERT(port.ok());
        return R"({"host":"127.0.0.1","port":)" + std::to_string(*port) +
               R"(,"system_id":"hongyan","password":"secret","source_addr":"ACME",)" +
               R"("window":50,"reconnect_min_seconds":0.05)" + more + "}";
    }

    PlainWorld world_;
    std::unique_ptr<WireService> service_;
};

std::string times(std::size_t count, std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

TEST_F(SmppPair, texts_arrive_as_they_were_whatever_the_encoding_and_concatenation) {
    const std::vector<std::string> texts{
        "hello",
        "GSM @£$ {[~]} \\ ^ | € äöü ΔΦ",
        "验证码 1234",
        "emoji 😀 alone",
        times(160, "x"),
        times(152, "a") + "€" + times(200, "b"),
        times(66, "码") + "😀" + times(100, "中"),
        times(150, "ab {}"),
        "é in latin1 ç",
        times(300, "é"),
        times(153, "a") + "@",
    };
    for (const char* encoding : {"gsm7", "gsm7_packed", "latin1", "ascii", "ucs2"}) {
        for (const char* how : {"udh8", "udh16", "sar", "payload"}) {
            const std::string name = encoding;
            world_.set("default_alphabet", name == "gsm7_packed" ? name : "gsm7");
            const auto before = world_.arrivals().size();
            AccountHarness h(settings(R"(,"registered_delivery":"none","encoding":")" + name +
                                      R"(","concatenation":")" + how + R"(")"));
            h.start();
            for (const auto& text : texts) h.send(phone, text);
            ASSERT_TRUE(h.wait_sent(texts.size()));
            EXPECT_EQ(h.count(OutcomeClass::accepted), texts.size()) << encoding << " " << how;
            const auto all = world_.arrivals();
            ASSERT_EQ(all.size() - before, texts.size()) << encoding << " " << how;
            for (std::size_t i = 0; i < texts.size(); ++i)
                EXPECT_EQ(all[before + i].content, texts[i]) << encoding << " " << how;
            h.account().stop(Millis(1'000));
            service_->stop();
        }
    }
}

TEST_F(SmppPair, receipts_of_every_dialect_and_id_format_find_their_message) {
    struct Forms {
        const char* in_answer;
        const char* in_receipt;
        const char* mode;
    };
    for (const char* dialect : {"standard", "seconds", "long_dates", "shuffled", "brief", "tlv"}) {
        for (const Forms& forms : {Forms{"dec", "same", "as_is"},
                                   {"uuid", "same", "as_is"},
                                   {"hex", "dec_padded", "resp_hex_dlr_dec"},
                                   {"dec", "hex_padded", "resp_dec_dlr_hex"}}) {
            for (const char* tlvs : {"on", "off"}) {
                world_.set("receipt_dialect", dialect);
                world_.set("message_id_format", forms.in_answer);
                world_.set("receipt_id_format", forms.in_receipt);
                world_.set("receipt_tlvs", tlvs);
                AccountHarness h(settings(std::string(R"(,"id_mode":")") + forms.mode + R"(")"));
                h.start();
                const auto id = h.send(phone, "x");
                ASSERT_TRUE(h.wait_sent(1) && h.wait_receipts(1)) << dialect;
                const auto receipt = h.receipts()[0];
                EXPECT_EQ(receipt.provider_message_id, h.outcome(id).provider_message_id)
                    << dialect << forms.mode << tlvs;
                EXPECT_EQ(receipt.message_id, id) << dialect << forms.mode << tlvs;
                EXPECT_EQ(receipt.status, MessageStatus::delivered) << dialect;
                h.account().stop(Millis(1'000));
                service_->stop();
            }
        }
    }
}

TEST_F(SmppPair, a_failed_receipt_and_an_early_one_are_told) {
    world_.on_receipt = [](std::string_view recipient) {
        ReceiptFate fate;
        fate.delay = Millis(5);
        fate.early = recipient == "111111";
        fate.fails = recipient == "222222";
        fate.copies = recipient == "333333" ? 2 : 1;
        return fate;
    };
    AccountHarness h(settings());
    h.start();
    const auto early = h.send("111111", times(400, "x"));
    ASSERT_TRUE(h.wait_sent(1) && h.wait_receipts(3));
    EXPECT_EQ(h.receipts()[2].message_id, early);
    EXPECT_EQ(h.receipts()[2].status, MessageStatus::delivered);
    h.send("222222", "x");
    ASSERT_TRUE(h.wait_receipts(4));
    EXPECT_EQ(h.receipts()[3].status, MessageStatus::failed);
    EXPECT_EQ(h.receipts()[3].code, "UNDELIV");
    h.send("333333", "x");
    EXPECT_TRUE(h.wait_receipts(6));
}

TEST_F(SmppPair, receipts_that_could_not_be_stored_come_again) {
    AccountHarness h(settings());
    h.refuse_receipts(2);
    h.start();
    h.send(phone, "x");
    EXPECT_TRUE(h.wait_receipts(1));
}

TEST_F(SmppPair, faults_of_the_chaos_script_have_their_classes) {
    world_.on_draw = [](std::string_view recipient) {
        Fate fate;
        const std::map<std::string_view, const char*> faults{{"1001", "rate_limited"},
                                                             {"1002", "server_error"},
                                                             {"1003", "invalid_recipient"},
                                                             {"1004", "error_in_body"},
                                                             {"1010", "goaway"}};
        if (const auto found = faults.find(recipient); found != faults.end())
            fate.fault = found->second;
        fate.cut_before = recipient == "1005";
        fate.cut_after = recipient == "1006";
        fate.hang = recipient == "1007";
        fate.half_answer = recipient == "1008";
        if (recipient == "1009") fate.latency = Millis(50);
        return fate;
    };
    AccountHarness h(settings(
        R"(,"response_timeout_seconds":0.4,"throttle_pause_seconds":0.05,"registered_delivery":"none")"));
    h.start();
    const auto kind_of = [&](const char* recipient) {
        const auto before = h.sent_count();
        const auto id = h.send(recipient, "x");
        EXPECT_TRUE(h.wait_sent(before + 1));
        return h.outcome(id).kind;
    };
    EXPECT_EQ(kind_of("1001"), OutcomeClass::rate_limited);
    EXPECT_EQ(kind_of("1002"), OutcomeClass::transient);
    EXPECT_EQ(kind_of("1003"), OutcomeClass::recipient_permanent);
    EXPECT_EQ(kind_of("1004"), OutcomeClass::transient);
    EXPECT_EQ(world_.count(), 0u);
    EXPECT_EQ(kind_of("1005"), OutcomeClass::unknown);
    EXPECT_EQ(world_.count(), 0u);
    EXPECT_EQ(kind_of("1006"), OutcomeClass::unknown);
    EXPECT_EQ(world_.count(), 1u);
    EXPECT_EQ(kind_of("1007"), OutcomeClass::unknown);
    EXPECT_EQ(kind_of("1008"), OutcomeClass::unknown);
    EXPECT_EQ(world_.count(), 2u);
    EXPECT_EQ(kind_of("1009"), OutcomeClass::accepted);
    EXPECT_EQ(kind_of("1010"), OutcomeClass::accepted);
    EXPECT_EQ(kind_of("1011"), OutcomeClass::accepted) << "it came back after the goodbye";
}

TEST_F(SmppPair, a_centre_that_throttles_gets_every_message_once) {
    world_.set("throttle_per_second", "40");
    AccountHarness h(settings(R"(,"pace_per_second":35,"registered_delivery":"none")"));
    h.start();
    for (int i = 0; i < 60; ++i) h.send(phone, "x");
    ASSERT_TRUE(h.wait_sent(60));
    EXPECT_EQ(h.count(OutcomeClass::accepted), 60u);
    EXPECT_EQ(world_.count(), 60u);
}

TEST_F(SmppPair, under_chaos_nothing_accepted_is_lost_and_nothing_else_is_claimed) {
    std::atomic<int> turn{0};
    world_.on_draw = [&turn](std::string_view) {
        Fate fate;
        const int n = ++turn;
        fate.cut_before = n % 97 == 0;
        fate.cut_after = n % 101 == 0;
        if (n % 13 == 0) fate.fault = "server_error";
        return fate;
    };
    AccountHarness h(settings(R"(,"binds":3)"));
    h.start();
    for (int i = 0; i < 2'000; ++i) h.send(std::to_string(10'000'000 + i), "x");
    ASSERT_TRUE(h.wait_sent(2'000));
    const auto accepted = h.count(OutcomeClass::accepted);
    const auto unknown = h.count(OutcomeClass::unknown);
    const auto refused = h.count(OutcomeClass::transient);
    EXPECT_EQ(accepted + unknown + refused, 2'000u);
    EXPECT_GT(unknown, 0u);
    std::map<std::string, int> arrived;
    for (const auto& one : world_.arrivals()) ++arrived[one.recipient];
    for (const auto& [recipient, times_seen] : arrived) EXPECT_EQ(times_seen, 1) << recipient;
    EXPECT_GE(arrived.size(), accepted);
    EXPECT_LE(arrived.size(), accepted + unknown);
}

TEST_F(SmppPair, logins_are_judged) {
    const std::string good = settings();
    AccountHarness wrong(std::string(good).replace(good.find("\"secret\""), 8, "\"wrong\""));
    const auto refused = wrong.test();
    EXPECT_FALSE(refused.ok);
    EXPECT_NE(refused.detail.find("ESME_RINVPASWD"), std::string::npos) << refused.detail;
    AccountHarness right(good);
    EXPECT_TRUE(right.test().ok);
}

/// A self-signed certificate for a name, as files.
class CertificateFiles {
  public:
    explicit CertificateFiles(const char* name) {
        const std::string base = (std::filesystem::temp_directory_path() / "smpp_test_").string() +
                                 std::to_string(getpid()) + "_" + name;
        certificate = base + ".pem";
        key = base + ".key";
        EVP_PKEY* pair = EVP_EC_gen("P-256");
        X509* x = X509_new();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), -60);
        X509_gmtime_adj(X509_getm_notAfter(x), 3'600);
        X509_set_pubkey(x, pair);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(x, X509_get_subject_name(x));
        const std::string names = std::string("DNS:") + name;
        X509_EXTENSION* extension =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
        X509_add_ext(x, extension, -1);
        X509_EXTENSION_free(extension);
        X509_sign(x, pair, EVP_sha256());
        FILE* file = std::fopen(certificate.c_str(), "w");
        PEM_write_X509(file, x);
        std::fclose(file);
        file = std::fopen(key.c_str(), "w");
        PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
        X509_free(x);
        EVP_PKEY_free(pair);
    }
    ~CertificateFiles() {
        std::filesystem::remove(certificate);
        std::filesystem::remove(key);
    }
    std::string certificate;
    std::string key;
};

TEST_F(SmppPair, tls_works_and_its_names_are_checked) {
    const CertificateFiles files("smsc.test");
    world_.certificate = files.certificate;
    world_.key = files.key;
    const std::string tls = R"(,"tls":true,"ca_file":")" + files.certificate + R"(")";
    {
        AccountHarness h(settings(tls + R"(,"tls_server_name":"smsc.test")"));
        h.start();
        h.send(phone, times(300, "码"));
        ASSERT_TRUE(h.wait_sent(1));
        EXPECT_EQ(h.count(OutcomeClass::accepted), 1u);
        EXPECT_TRUE(h.wait_receipts(5));
        h.account().stop(Millis(1'000));
    }
    service_->stop();
    AccountHarness other(settings(tls + R"(,"tls_server_name":"other.test")"));
    EXPECT_FALSE(other.test().ok);
    service_->stop();
    AccountHarness stranger(settings(R"(,"tls":true,"tls_server_name":"smsc.test")"));
    EXPECT_FALSE(stranger.test().ok);
    service_->stop();
    AccountHarness plain(settings());
    EXPECT_TRUE(plain.test().ok) << "plain text on the same port";
}

}  // namespace
}  // namespace hongyan::universe::smpp
