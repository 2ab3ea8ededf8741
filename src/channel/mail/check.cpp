#include "channel/mail/check.hpp"

#include "base/text.hpp"
#include "channel/mail/address.hpp"
#include "channel/mail/mail_options.hpp"
#include "kit/described.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_recipient_bytes = 320;
constexpr std::size_t max_subject_bytes = 998;
constexpr std::size_t max_content_bytes = std::size_t{1} << 20;

void check_recipient(std::string_view recipient, std::vector<Problem>& problems) {
    if (recipient.size() > max_recipient_bytes) {
        problems.push_back({"$.recipient", "too_long", "must have at most 320 bytes"});
    } else if (auto box = parse_mailbox(recipient); !box) {
        problems.push_back({"$.recipient", "recipient_invalid", box.error().detail});
    }
}

void check_subject(std::string_view subject, std::vector<Problem>& problems) {
    if (subject.empty()) {
        problems.push_back({"$.subject", "required", "a mail needs a subject"});
    } else if (subject.size() > max_subject_bytes) {
        problems.push_back({"$.subject", "too_long", "must have at most 998 bytes"});
    } else if (has_control(subject) || !is_utf8(subject)) {
        problems.push_back({"$.subject", "content_invalid",
                            "must be one line of UTF-8 without control characters"});
    }
}

void check_body(const char* path, std::string_view text, std::vector<Problem>& problems) {
    if (text.size() > max_content_bytes) {
        problems.push_back({path, "too_long", "must have at most 1048576 bytes"});
    } else if (text.find('\0') != text.npos || !is_utf8(text)) {
        problems.push_back({path, "content_invalid", "must be UTF-8 without NUL"});
    }
}

void check_options(std::string_view options, std::vector<Problem>& problems) {
    auto read = read_mail_options(options);
    if (read) return;
    if (read.error().problems.empty()) {
        problems.push_back({"$.options", "invalid", read.error().detail});
    }
    for (Problem& problem : read.error().problems) problems.push_back(std::move(problem));
}

}  // namespace

std::vector<Problem> check_mail(std::string_view recipient, const Content& content) {
    std::vector<Problem> problems;
    check_recipient(recipient, problems);
    check_subject(content.subject, problems);
    if (content.content.empty() && content.html.empty()) {
        problems.push_back({"$.content", "required", "a mail needs content, html or both"});
    }
    check_body("$.content", content.content, problems);
    check_body("$.html", content.html, problems);
    check_options(content.options, problems);
    return problems;
}

std::string mail_options_schema() { return kit::schema_text(shape::description_of<MailOptions>()); }

std::string mail_recipient_schema() {
    return R"json({"type":"string","maxLength":320,"description":"One mail address, with or without a name; the part before the @ may be international if the mail server offers SMTPUTF8","examples":["ann@example.com","Ann Doe <ann@example.com>"]})json";
}

}  // namespace hongyan::mail
