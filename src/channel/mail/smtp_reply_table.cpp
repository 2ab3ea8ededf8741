#include "channel/mail/smtp_reply_table.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::mail {
namespace {

using Class = OutcomeClass;

constexpr unsigned bit(Stage stage) { return 1U << static_cast<unsigned>(stage); }
constexpr unsigned any_stage = ~0U;
constexpr unsigned opening = bit(Stage::greeting) | bit(Stage::hello);
constexpr unsigned tls = bit(Stage::tls);
constexpr unsigned login = bit(Stage::login);
constexpr unsigned sender = bit(Stage::sender);
constexpr unsigned rcpt = bit(Stage::recipient);
constexpr unsigned mail = bit(Stage::data) | bit(Stage::content);
constexpr int any = -1;
constexpr int missing = -2;  ///< there must be no enhanced code

/// One row; the first that matches decides.
struct Row {
    int digit;        ///< first digit of the reply code: 4, 5 or any
    unsigned stages;  ///< set of stages
    int code;         ///< whole reply code or any
    int subject;      ///< middle number of the enhanced code or any
    int detail_from;  ///< last number of the enhanced code, or any
    int detail_to;
    std::string_view words;  ///< lower-case alternatives parted by |, one must occur; "" = any text
    Class kind;
    int retry_after_seconds;
    std::string_view reason;
    bool suppress = false;
};

/// By first digit and stage.
constexpr Row plain(int digit, unsigned stages, Class kind, std::string_view reason,
                    int retry_after_seconds = 0) {
    return {digit, stages, any, any, any, any, "", kind, retry_after_seconds, reason};
}

/// By the whole reply code, at any stage.
constexpr Row code(int code, Class kind, std::string_view reason) {
    return {code / 100, any_stage, code, any, any, any, "", kind, 0, reason};
}

/// By the enhanced code, "digit.subject.from" to "digit.subject.to".
constexpr Row enhanced(int digit, unsigned stages, int subject, int from, int to, Class kind,
                       std::string_view reason, int retry_after_seconds = 0) {
    return {digit, stages, any, subject, from, to, "", kind, retry_after_seconds, reason};
}

/// By the first two numbers of the enhanced code.
constexpr Row subject(int digit, unsigned stages, int number, Class kind, std::string_view reason,
                      int retry_after_seconds = 0) {
    return enhanced(digit, stages, number, any, any, kind, reason, retry_after_seconds);
}

/// The row, but only if the text holds one of the words.
constexpr Row worded(std::string_view words, Row row) {
    row.words = words;
    return row;
}

/// The row, and nobody should write to this mailbox again.
constexpr Row dead(Row row) {
    row.suppress = true;
    return row;
}

/// By first digit and stage, but only if there is no enhanced code.
constexpr Row unnumbered(int digit, unsigned stages, Class kind, std::string_view reason) {
    Row row = plain(digit, stages, kind, reason);
    row.subject = missing;
    return row;
}

using enum OutcomeClass;

// Enhanced codes that say more than the first digit come first, except that greylisting is known by
// its words; then what servers say in words where codes mislead; then the other enhanced codes and
// the plain codes by stage. Two choices of ours: 5.5.2 and 5.5.4 at RCPT are about that address (an
// account must not stop because somebody wrote to a strange one), and a 4xx at AUTH is temporary
// (RFC 4954) unless a token can be renewed, which the sender tries first.
constexpr std::array rows{
    // clang-format off
    worded("greylist|graylist|grey-list",
           plain(4, any_stage, transient, "greylisted, the server wants a later repeat", 300)),
    plain(4, login, transient, "the login failed for the moment"),
    plain(4, tls, transient, "encryption is not available for the moment"),
    plain(5, login, configuration, "the login was refused; see username, password and auth"),
    plain(5, tls, configuration, "the server refuses encryption; see tls"),
    code(530, configuration, "the server wants a login or encryption first"),
    code(534, configuration, "the server wants another way of login"),
    code(535, configuration, "the login was refused"),
    code(538, configuration, "the server wants encryption for the login"),
    enhanced(any, any_stage, 1, 7, 8, configuration, "our sender address is refused; see mail.from"),
    enhanced(any, any_stage, 7, 23, 27, configuration, "our domain fails SPF, DKIM or DMARC"),
    enhanced(5, any_stage, 7, 515, 515, configuration, "our domain is not authenticated"),
    enhanced(4, any_stage, 2, 1, 1, quota, "the recipient gets too much mail for the moment"),
    enhanced(any, any_stage, 2, 2, 2, transient, "the mailbox is full", 3600),
    enhanced(any, any_stage, 2, 3, 3, message_permanent, "the mail is too large for the recipient"),
    enhanced(any, any_stage, 3, 4, 4, message_permanent, "the mail is too large for the server"),
    enhanced(any, any_stage, 5, 3, 3, transient, "too many recipients in this session"),
    worded("rate limit|throttl|too many|too fast|too much mail",
           plain(4, any_stage, rate_limited, "the server limits our rate", 60)),
    plain(5, opening, configuration, "the server refuses to talk to us; see helo"),
    worded("relay access denied|relaying denied|to relay|not relay|relay not|relaying not|no relay",
           plain(5, rcpt | mail, configuration, "no relaying for us without a login")),
    enhanced(5, any_stage, 7, 8, 9, configuration, "the login was refused"),
    enhanced(5, any_stage, 7, 14, 14, configuration, "the login was refused"),
    dead(enhanced(5, rcpt | mail, 1, 1, 3, recipient_permanent, "the address does not exist")),
    dead(enhanced(5, rcpt | mail, 1, 6, 6, recipient_permanent, "the mailbox has moved")),
    dead(enhanced(5, rcpt | mail, 1, 10, 10, recipient_permanent, "the domain takes no mail")),
    dead(enhanced(5, any_stage, 2, 1, 1, recipient_permanent, "the mailbox is disabled")),
    dead(worded("recipient address rejected: access denied",
                enhanced(5, rcpt, 4, 1, 1, recipient_permanent, "the address does not exist"))),
    dead(worded("mailbox unavailable|user unknown|no such user",
                subject(5, rcpt, 5, recipient_permanent, "the address does not exist"))),
    enhanced(any, any_stage, 3, 1, 2, transient, "the receiving system has trouble"),
    enhanced(any, any_stage, 4, 1, 2, transient, "the way to the receiving system has trouble"),
    enhanced(any, any_stage, 4, 4, 5, transient, "the way to the receiving system has trouble"),
    enhanced(any, any_stage, 4, 7, 7, transient, "the way to the receiving system has trouble"),
    enhanced(5, rcpt, 5, 2, 2, recipient_permanent, "the server does not understand the address"),
    enhanced(5, rcpt, 5, 4, 4, recipient_permanent, "the server does not understand the address"),
    subject(any, any_stage, 5, configuration, "the server does not understand the dialogue"),
    enhanced(5, rcpt, 6, 7, 7, recipient_permanent, "the address needs SMTPUTF8"),
    subject(any, any_stage, 6, message_permanent, "the server cannot carry this content"),
    Row{4, any_stage, 421, 7, any, any, "", rate_limited, 60, "a policy holds us back for now"},
    // The others at RCPT TO are about one recipient; the account goes on with the rest.
    subject(4, rcpt, 7, quota, "a policy holds this recipient's mail back for now", 60),
    subject(4, any_stage, 7, rate_limited, "a policy holds us back for now", 60),
    subject(5, sender, 7, configuration, "we may not send from this address; see mail.from"),
    subject(5, any_stage, 7, message_permanent, "the receiver's policy refuses the mail"),
    code(552, message_permanent, "the mail is too large or the mailbox is full"),
    plain(5, sender, configuration, "the server refuses our sender address; see mail.from"),
    dead(worded("user unknown|unknown user|no such user|no such recipient|no such mailbox|"
                "does not exist|unknown recipient|mailbox not found|user not found|no mailbox here",
                unnumbered(5, rcpt, recipient_permanent, "the address does not exist"))),
    plain(5, rcpt, recipient_permanent, "the server refuses the recipient"),
    plain(5, mail, message_permanent, "the server refuses the mail"),
    plain(any, any_stage, transient, "the server cannot take it for the moment"),
    // clang-format on
};

struct Enhanced {
    int subject = missing;
    int detail = missing;
};

Enhanced numbers_of(const std::string& enhanced) {
    if (enhanced.empty()) return {};
    const auto parts = split(enhanced, '.');
    HY_ASSERT(parts.size() == 3);
    return {static_cast<int>(parse_int(parts[1]).value_or(missing)),
            static_cast<int>(parse_int(parts[2]).value_or(missing))};
}

bool holds_word(std::string_view text, std::string_view words) {
    while (!words.empty()) {
        const auto bar = words.find('|');
        if (text.find(words.substr(0, bar)) != text.npos) return true;
        words.remove_prefix(bar == words.npos ? words.size() : bar + 1);
    }
    return false;
}

bool matches(const Row& row, Stage stage, const Reply& reply, std::string_view lower_text) {
    const Enhanced found = numbers_of(reply.enhanced);
    if (row.digit != any && row.digit != reply.code / 100) return false;
    if ((row.stages & bit(stage)) == 0) return false;
    if (row.code != any && row.code != reply.code) return false;
    if (row.subject != any && row.subject != found.subject) return false;
    if (row.detail_from != any &&
        (found.detail < row.detail_from || found.detail > row.detail_to)) {
        return false;
    }
    return row.words.empty() || holds_word(lower_text, row.words);
}

}  // namespace

Verdict classify_reply(Stage stage, const Reply& reply) {
    const std::string text = to_lower(reply.text);
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
        return matches(candidate, stage, reply, text);
    });
    HY_ASSERT(row != rows.end());  // the last row takes everything
    return {row->kind, row->retry_after_seconds * std::int64_t{1000}, row->reason, row->suppress};
}

}  // namespace hongyan::mail
