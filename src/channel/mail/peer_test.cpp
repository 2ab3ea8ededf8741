// Writes mails of every form with what should be read from them, for test/peer/mailcontent, where
// other programs read them and verify the signatures. HONGYAN_MAIL_OUT names the folder; without it
// the mails are only composed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/mail/compose.hpp"

namespace hongyan::mail {
namespace {

constexpr std::int64_t now = 1'790'000'100'000;

struct File {
    std::string filename;
    std::string type;
    std::string bytes;
    std::string content_id;
};

struct Case {
    std::string name;
    Message message;
    std::vector<File> files = {};
    bool eight_bit = false;
    std::string more_options = {};  ///< further members of the section
};

Message message(int number, std::string subject, std::string text, std::string html = {}) {
    Message m;
    m.id = first_id_at(1'790'000'000'000) + number;
    m.recipient = "\"收件人, Ann\" <ann@example.org>";
    m.subject = std::move(subject);
    m.content = std::move(text);
    m.html = std::move(html);
    return m;
}

std::string all_bytes(std::size_t size) {
    std::string out(size, '\0');
    std::uint32_t state = 1;
    for (char& c : out) {
        state = state * 1'664'525 + 1'013'904'223;
        c = static_cast<char>(state >> 24);
    }
    return out;
}

std::string repeated(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

std::vector<Case> cases() {
    const std::string html =
        "<html><body><h1>你好 🦢</h1><p>a=b  c</p><img src=\"cid:logo@x\"></body></html>";
    const File png{"图 🖼️.png", "image/png", all_bytes(5'000), "logo@x"};
    const File pdf{"报表 2026 (最终版) 🦢.pdf", "application/pdf", all_bytes(70'001), ""};
    const File plain{"a \"b\" c;d.txt", "text/plain; charset=utf-8", "hello\nworld\n", ""};
    const File long_name{repeated("很长的名字", 14) + ".docx", "application/msword", "x", ""};
    std::vector<Case> all;
    all.push_back({"plain", message(1, "Is dinner ready?", "Hi.\n\nWe lost.  Hungry?\n.\n"), {}});
    all.push_back({"chinese", message(2, "您的验证码 🦢", "您的验证码是 123456。\n"), {}});
    all.push_back(
        {"latin",
         message(3, repeated("Grüße und ", 30) + "Ende",
                 repeated("Viele Grüße aus der großen Stadt. ", 40) + "\nFrom here \n.\n\tend \n"),
         {}});
    all.push_back({"html_only", message(4, "html", "", "<p>Only <b>HTML</b></p>"), {}});
    all.push_back({"alternative", message(5, "both", "text\n", html), {}});
    all.push_back({"inline", message(6, "inline", "text\n", html), {png}});
    all.push_back({"files", message(7, "files", "text\n"), {pdf, plain, long_name}});
    all.push_back({"everything",
                   message(8, " odd =?UTF-8?Q?x?=  subject ", "text", html),
                   {png, pdf, plain}});
    all.push_back({"large",
                   message(9, "10 MB", "text\n"),
                   {{"large 🐘.bin", "application/octet-stream", all_bytes(10'000'000), ""}}});
    all.push_back(
        {"empty_file", message(10, "empty", "text\n"), {{"e.txt", "text/plain", "", ""}}});
    all.push_back({"eight_bit", message(11, "8bit", "ça va, 你好\nja\n", "<p>é</p>"), {}, true});
    all.push_back({"headers",
                   message(12, "headers", "text\n"),
                   {},
                   false,
                   R"("reply_to":"Hilfe für Sie <help@example.com>",
                      "headers":{"X-Campaign":"春 2026","Precedence":"bulk"})"});
    all.push_back({"one_key", message(13, "ed25519 only", "text\n"), {}});
    all.push_back({"trailing", message(14, "lines", "a\r\nb\rc\n\n\n\n"), {}});
    return all;
}

std::string options_of(const Case& one) {
    std::string out = "{\"smtp\":{" + one.more_options;
    if (!one.more_options.empty()) out += ",";
    out += "\"attachments\":[";
    for (const File& file : one.files) {
        if (out.back() != '[') out += ",";
        out += "{\"filename\":" + json_quoted(file.filename) +
               ",\"content_type\":" + json_quoted(file.type) +
               ",\"content_id\":" + json_quoted(file.content_id) +
               ",\"content_base64\":" + json_quoted(to_base64(file.bytes)) + "}";
    }
    return out + "]}}";
}

std::string expected(const Case& one, const Mail& mail) {
    std::string out = "{\"name\":" + json_quoted(one.name) +
                      ",\"subject\":" + json_quoted(one.message.subject) +
                      ",\"text\":" + json_quoted(one.message.content) +
                      ",\"html\":" + json_quoted(one.message.html) +
                      ",\"message_id\":" + json_quoted(mail.message_id) +
                      ",\"mail_from\":" + json_quoted(mail.envelope.mail_from) + ",\"files\":[";
    for (const File& file : one.files) {
        if (out.back() != '[') out += ",";
        out += "{\"filename\":" + json_quoted(file.filename) +
               ",\"type\":" + json_quoted(file.type) +
               ",\"content_id\":" + json_quoted(file.content_id) +
               ",\"size\":" + std::to_string(file.bytes.size()) +
               ",\"sha256\":" + json_quoted(to_hex(sha256(file.bytes))) + "}";
    }
    return out + "]}";
}

void write_file(const std::string& name, std::string_view bytes) {
    const char* folder = std::getenv("HONGYAN_MAIL_OUT");
    if (folder == nullptr) return;
    std::ofstream file(std::string(folder) + "/" + name, std::ios::binary);
    file << bytes;
    ASSERT_TRUE(file.good()) << name;
}

TEST(peer, mails_for_other_programs_are_written) {
    const SigningKey rsa = SigningKey::generate(SigningKey::Kind::rsa);
    const SigningKey ed = SigningKey::generate(SigningKey::Kind::ed25519);
    MailSettings settings;
    settings.from = "鸿雁 <no-reply@example.com>";
    settings.dkim = {{"example.com", "r1", "rsa", rsa.private_pem(), ""},
                     {"example.com", "e1", "ed25519", ed.private_pem(), ""}};
    settings.verp = {true, "bounces.example.com", "bounce", "0123456789abcdef"};
    settings.unsubscribe = {"https://u.example.com/u?t={token}", true,
                            "mailto:u+{token}@example.com?subject=unsubscribe", "fedcba9876543210"};
    std::string list = "[";
    for (Case& one : cases()) {
        MailSettings own = settings;
        own.eight_bit = one.eight_bit;
        if (one.name == "one_key") own.dkim.erase(own.dkim.begin());
        one.message.options = options_of(one);
        const auto mail = Composer::make(own)->compose(one.message, now);
        ASSERT_TRUE(mail.ok()) << one.name << ": " << mail.error().detail;
        write_file(one.name + ".eml", mail->data);
        list += (list.size() > 1 ? ",\n" : "") + expected(one, *mail);
    }
    write_file("expected.json", list + "]\n");
    write_file("dns.json",
               "{\"r1._domainkey.example.com\":\"v=DKIM1; k=rsa; p=" + to_base64(rsa.public_key()) +
                   "\",\n\"e1._domainkey.example.com\":\"v=DKIM1; k=ed25519; p=" +
                   to_base64(ed.public_key()) + "\"}\n");
}

}  // namespace
}  // namespace hongyan::mail
