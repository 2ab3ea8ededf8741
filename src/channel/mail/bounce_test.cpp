#include "channel/mail/bounce.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/text.hpp"
#include "channel/mail/bounce_samples_test.hpp"
#include "channel/mail/bounce_text.hpp"
#include "channel/mail/reference.hpp"
#include "channel/mail/report_reader.hpp"

namespace hongyan::mail {
namespace {

constexpr std::int64_t now = 1'790'000'200'000;  // Mon, 21 Sep 2026 14:16:40 UTC
constexpr MessageId id = first_id_at(1'790'000'000'000) + 5;

MailSettings settings() {
    MailSettings s;
    s.from = "no-reply@example.com";
    s.verp = {true, "bounces.example.com", "bounce", "0123456789abcdef"};
    s.unsubscribe.hmac_key = "fedcba9876543210";
    return s;
}

std::string replaced(std::string text, std::string_view mark, const std::string& with) {
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + with.size())) {
        text.replace(at, mark.size(), with);
    }
    return text;
}

/// A sample about our message.
std::string filled(std::string_view sample) {
    const MailSettings s = settings();
    const std::string reference = signed_reference(s.verp.hmac_key, Purpose::bounce, id);
    std::string out = replaced(std::string(sample), "RETURN_PATH",
                               "bounce+" + reference + "@bounces.example.com");
    out = replaced(std::move(out), "UNSUBSCRIBE",
                   signed_reference(s.unsubscribe.hmac_key, Purpose::unsubscribe, id));
    out = replaced(std::move(out), "REF", reference);
    return replaced(std::move(out), "MSGID", trace_id_of(id) + "@example.com");
}

std::vector<Receipt> receipts_of(std::string_view sample) {
    auto receipts = read_bounce(filled(sample), bounce_keys(settings()), now);
    EXPECT_TRUE(receipts.ok());
    return receipts ? std::move(*receipts) : std::vector<Receipt>{};
}

Receipt only(std::string_view sample) {
    auto receipts = receipts_of(sample);
    EXPECT_EQ(receipts.size(), 1U);
    if (receipts.empty()) return {};
    EXPECT_EQ(receipts.front().message_id, id);
    return std::move(receipts.front());
}

void expect_hard(const Receipt& receipt, std::string_view code) {
    EXPECT_EQ(receipt.status, MessageStatus::failed);
    EXPECT_EQ(receipt.code, code);
    EXPECT_EQ(receipt.suppress, "hard bounce");
    EXPECT_FALSE(receipt.detail.empty());
}

TEST(bounce, a_hard_bounce_fails_and_suppresses) {
    const Receipt receipt = only(samples::postfix);
    expect_hard(receipt, "5.1.1");
    EXPECT_EQ(receipt.recipient, "ann@example.org");
    EXPECT_EQ(receipt.detail,
              "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown in virtual "
              "mailbox table");
    EXPECT_EQ(receipt.at_ms, 1'790'000'098'000);
}

TEST(bounce, crlf_line_ends_are_the_same) {
    EXPECT_EQ(only(replaced(std::string(samples::postfix), "\n", "\r\n")).code, "5.1.1");
}

TEST(bounce, a_delay_is_only_a_word_on_the_way) {
    const Receipt receipt = only(samples::delayed);
    EXPECT_EQ(receipt.status, MessageStatus::success);
    EXPECT_EQ(receipt.code, "4.4.1");
    EXPECT_EQ(receipt.suppress, "");
    EXPECT_EQ(only(samples::exim_delayed).status, MessageStatus::success);
}

TEST(bounce, a_failure_of_class_four_fails_without_suppressing) {
    const Receipt receipt = only(samples::sendmail_expired);
    EXPECT_EQ(receipt.status, MessageStatus::failed);
    EXPECT_EQ(receipt.code, "4.0.0");
    EXPECT_EQ(receipt.suppress, "");
}

TEST(bounce, odd_address_types_and_blocks_that_run_together_are_read) {
    const auto receipts = receipts_of(samples::foreign_types);
    ASSERT_EQ(receipts.size(), 2U);
    expect_hard(receipts[0], "5.0.0");
    EXPECT_EQ(receipts[0].recipient, "");  // nair_s is no mail address
    EXPECT_EQ(receipts[1].status, MessageStatus::success);
    EXPECT_EQ(receipts[1].recipient, "other@example.org");
}

TEST(bounce, bounces_without_a_signed_path_name_the_message_by_its_id) {
    expect_hard(only(samples::exchange_online), "5.1.10");
}

TEST(bounce, a_full_mailbox_is_not_the_end_of_an_address) {
    const Receipt receipt = only(samples::gmail_full);
    EXPECT_EQ(receipt.status, MessageStatus::failed);
    EXPECT_EQ(receipt.code, "5.2.2");  // quoted, where Status says only 5.0.0
    EXPECT_EQ(receipt.suppress, "");
}

TEST(bounce, a_positive_report_is_a_delivery) {
    EXPECT_EQ(only(samples::delivered).status, MessageStatus::delivered);
}

TEST(bounce, bounces_that_are_only_text_are_read) {
    const Receipt receipt = only(samples::qmail);
    expect_hard(receipt, "5.1.1");
    EXPECT_EQ(receipt.recipient, "ann@example.org");
    expect_hard(only(samples::exim), "550");
    expect_hard(only(samples::exchange_text), "bounce");
    expect_hard(only(samples::chinese), "bounce");
}

TEST(bounce, an_absence_note_is_no_bounce) { EXPECT_TRUE(receipts_of(samples::vacation).empty()); }

TEST(bounce, a_complaint_suppresses_but_the_mail_had_arrived) {
    const Receipt receipt = only(samples::complaint);
    EXPECT_EQ(receipt.status, MessageStatus::success);
    EXPECT_EQ(receipt.suppress, "complaint");
    EXPECT_EQ(receipt.code, "abuse");
    EXPECT_EQ(receipt.recipient, "ann@example.org");
    EXPECT_EQ(receipt.at_ms, 1'790'000'098'000);
    for (const char* other : {"not-spam", "auth-failure", ""}) {
        const std::string type = std::string("Feedback-Type: ") + other;
        EXPECT_TRUE(
            receipts_of(replaced(std::string(samples::complaint), "Feedback-Type: abuse", type))
                .empty());
    }
}

TEST(bounce, a_mail_to_the_unsubscribe_address_unsubscribes) {
    EXPECT_EQ(only(samples::unsubscribe).suppress, "unsubscribed");
}

TEST(bounce, a_forged_return_path_is_not_believed) {
    const std::string forged =
        replaced(filled(samples::postfix), std::to_string(id) + "-", std::to_string(id + 1) + "-");
    const auto receipts = read_bounce(forged, bounce_keys(settings()), now);
    ASSERT_TRUE(receipts.ok());
    EXPECT_TRUE(receipts->empty());
}

TEST(bounce, an_unsigned_id_is_believed_only_where_the_operator_says_so) {
    BounceKeys keys = bounce_keys(settings());
    const std::string mail = filled(samples::exchange_online);
    EXPECT_EQ(read_bounce(mail, keys, now)->size(), 1U);
    keys.accept_unsigned = false;
    EXPECT_TRUE(read_bounce(mail, keys, now)->empty());
    keys.accept_unsigned = true;
    keys.message_id_domain = "example.net";
    EXPECT_TRUE(read_bounce(mail, keys, now)->empty());
}

TEST(bounce, which_codes_blame_the_address) {
    const auto suppress = [](const std::string& status) {
        std::string mail =
            replaced(std::string(samples::postfix), "Status: 5.1.1", "Status: " + status);
        return !only(mail).suppress.empty();
    };
    for (const char* status :
         {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.1", "5.4.4", "5.7.13"}) {
        EXPECT_TRUE(suppress(status)) << status;
    }
    for (const char* status : {"5.1.8", "5.2.2", "5.2.3", "5.3.4", "5.4.7", "5.5.2", "5.6.1",
                               "5.7.1", "5.7.26", "4.2.2", "4.7.0"}) {
        EXPECT_FALSE(suppress(status)) << status;
    }
}

TEST(bounce, status_codes_are_not_found_inside_other_numbers) {
    EXPECT_EQ(find_status("host [192.0.2.15] said: 550-5.1.1 no"), "5.1.1");
    EXPECT_EQ(find_status("550 5.1.1 no"), "5.1.1");
    EXPECT_EQ(find_status("(#5.1.1)"), "5.1.1");
    EXPECT_EQ(find_status("version 5.15.0.1"), "");
    EXPECT_EQ(find_status("15.1.1"), "");
    EXPECT_EQ(find_status("5.1"), "");
    EXPECT_EQ(find_status("5.1.1234"), "");
}

TEST(bounce, what_is_no_mail_is_an_error_and_other_mail_is_nothing) {
    const BounceKeys keys = bounce_keys(settings());
    for (const std::string& junk : {std::string(), std::string("junk"), std::string("\n\nx"),
                                    std::string(max_bounce_bytes + 1, 'x')}) {
        const auto receipts = read_bounce(junk, keys, now);
        ASSERT_FALSE(receipts.ok());
        EXPECT_EQ(receipts.error().code, ErrorCode::bad_request);
    }
    EXPECT_TRUE(read_bounce("Subject: hello\n\nworld", keys, now)->empty());
}

TEST(bounce, details_are_one_clean_line) {
    std::string mail = filled(samples::postfix);
    mail = replaced(std::move(mail), "smtp; 550 5.1.1", "smtp; \x1b[31m\xff\xfe 550 5.1.1");
    const auto receipts = read_bounce(mail, bounce_keys(settings()), now);
    ASSERT_EQ(receipts->size(), 1U);
    const std::string& detail = receipts->front().detail;
    EXPECT_TRUE(is_utf8(detail));
    EXPECT_EQ(detail.find('\x1b'), std::string::npos);
}

TEST(bounce, parts_and_levels_have_limits) {
    std::string deep = "Content-Type: multipart/mixed; boundary=b0\n\n";
    for (int i = 1; i < 50; ++i) {
        deep += "--b" + std::to_string(i - 1) + "\nContent-Type: multipart/mixed; boundary=b" +
                std::to_string(i) + "\n\n";
    }
    EXPECT_FALSE(read_bounce(deep, bounce_keys(settings()), now).ok());
    std::string wide = "Content-Type: multipart/mixed; boundary=b0\n\n";
    for (int i = 0; i < 500; ++i) wide += "--b0\n\nx\n";
    EXPECT_FALSE(read_bounce(wide, bounce_keys(settings()), now).ok());
}

const std::vector<std::string>& seeds() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> out;
        for (const std::string_view sample :
             {samples::postfix, samples::delayed, samples::sendmail_expired, samples::foreign_types,
              samples::exchange_online, samples::gmail_full, samples::delivered, samples::qmail,
              samples::exim, samples::exim_delayed, samples::exchange_text, samples::chinese,
              samples::vacation, samples::complaint, samples::unsubscribe}) {
            out.push_back(filled(sample));
        }
        return out;
    }();
    return all;
}

/// A seed with some bytes changed, pieces cut, doubled or taken from another.
std::string mutated(std::mt19937& random) {
    constexpr std::string_view spice = "\r\n\n:;=<>\"-@%\0\xff 5.1.";
    std::string mail = seeds()[random() % seeds().size()];
    for (std::size_t step = 1 + random() % 6; step > 0 && !mail.empty(); --step) {
        const std::size_t at = random() % mail.size();
        const std::size_t size = 1 + random() % 60;
        const std::string& other = seeds()[random() % seeds().size()];
        switch (random() % 6) {
            case 0:
                mail[at] = static_cast<char>(random() % 256);
                break;
            case 1:
                mail[at] = spice[random() % spice.size()];
                break;
            case 2:
                mail.erase(at, size);
                break;
            case 3:
                mail.insert(at, mail.substr(at, size));
                break;
            case 4:
                mail.insert(at, other.substr(random() % other.size(), size));
                break;
            default:
                mail.insert(at, random() % 400, mail[at]);
                break;
        }
    }
    return mail;
}

TEST(bounce, a_hundred_thousand_damaged_mails_name_no_other_message) {
    std::mt19937 random(20261124);
    const BounceKeys keys = [] {
        BounceKeys k = bounce_keys(settings());
        k.accept_unsigned = false;
        return k;
    }();
    std::size_t with_receipts = 0;
    for (int round = 0; round < 100'000; ++round) {
        const auto receipts = read_bounce(mutated(random), keys, now);
        if (!receipts) continue;
        for (const Receipt& receipt : *receipts) {
            ASSERT_EQ(receipt.message_id, id);
            ASSERT_TRUE(is_utf8(receipt.detail) && is_utf8(receipt.code));
            ASSERT_LE(receipt.detail.size(), 600U);
        }
        with_receipts += receipts->empty() ? 0 : 1;
    }
    EXPECT_GT(with_receipts, 20'000U);
}

}  // namespace
}  // namespace hongyan::mail
