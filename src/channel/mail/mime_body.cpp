#include "channel/mail/mime_body.hpp"

#include <algorithm>

#include "channel/mail/address.hpp"
#include "channel/mail/body_text.hpp"
#include "channel/mail/header_text.hpp"
#include "channel/mail/html_text.hpp"

namespace hongyan::mail {
namespace {

class Writer {
  public:
    Writer(std::string& out, const BodyParts& parts) : out_(out), parts_(parts) {
        for (const Attachment& a : *parts.attachments) {
            const bool is_inline = !a.content_id.empty() && !parts.html.empty();
            (is_inline ? inline_ : attached_).push_back(&a);
        }
    }

    std::size_t run() {
        if (attached_.empty()) {
            content();
        } else {
            open("mixed", "");
            next('m');
            content();
            for (const Attachment* a : attached_) attachment(*a, 'm', "attachment");
            close('m');
        }
        return body_start_;
    }

  private:
    void content() {
        if (parts_.html.empty()) return leaf("text/plain; charset=utf-8", parts_.text);
        std::string made;
        if (parts_.text.empty()) made = html_to_text(parts_.html);
        open("alternative", "");
        next('a');
        leaf("text/plain; charset=utf-8", parts_.text.empty() ? made : parts_.text);
        next('a');
        related();
        close('a');
    }

    void related() {
        constexpr std::string_view type = "text/html; charset=utf-8";
        if (inline_.empty()) return leaf(type, parts_.html);
        open("related", " type=\"text/html\";");
        next('r');
        leaf(type, parts_.html);
        for (const Attachment* a : inline_) attachment(*a, 'r', "inline");
        close('r');
    }

    void head_done() {
        out_ += "\r\n";
        if (body_start_ == 0) body_start_ = out_.size();
    }

    /// "=_" occurs neither in quoted-printable nor in base64, and a plain text with it is encoded.
    void boundary(char level) { (out_ += "=_").append(parts_.boundary).append(1, level); }

    void open(std::string_view subtype, std::string_view parameters) {
        out_.append("Content-Type: multipart/").append(subtype).append(";").append(parameters);
        out_ += "\r\n boundary=\"";
        boundary(subtype.front());
        out_ += "\"\r\n";
        head_done();
    }
    void next(char level) {
        out_ += "--";
        boundary(level);
        out_ += "\r\n";
    }
    void close(char level) {
        out_ += "--";
        boundary(level);
        out_ += "--\r\n";
    }

    void leaf(std::string_view type, std::string_view text) {
        const Encoding encoding = encoding_for(text, parts_.allow_eight_bit);
        append_raw_header(out_, "Content-Type", type);
        append_raw_header(out_, "Content-Transfer-Encoding", to_text(encoding));
        head_done();
        append_text(out_, text, encoding);
    }

    void attachment(const Attachment& a, char level, std::string_view disposition) {
        next(level);
        append_type_header(out_, a.content_type, a.filename);
        append_raw_header(out_, "Content-Transfer-Encoding", "base64");
        if (!a.content_id.empty()) append_raw_header(out_, "Content-ID", "<" + a.content_id + ">");
        append_disposition_header(out_, disposition, a.filename);
        head_done();
        append_base64_lines(out_, a.content_base64);
    }

    std::string& out_;
    const BodyParts& parts_;
    std::vector<const Attachment*> inline_;
    std::vector<const Attachment*> attached_;
    std::size_t body_start_ = 0;
};

}  // namespace

std::size_t append_body(std::string& out, const BodyParts& parts) {
    return Writer(out, parts).run();
}

}  // namespace hongyan::mail
