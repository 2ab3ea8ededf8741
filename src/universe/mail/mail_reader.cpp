#include "universe/mail/mail_reader.hpp"

#include <gmime/gmime.h>

#include <memory>

#include "base/text.hpp"

namespace hongyan::universe::mail {
namespace {

constexpr std::size_t most_attachments = 50;

struct Unref {
    void operator()(void* object) const {
        if (object != nullptr) g_object_unref(object);
    }
};
template <class T>
using Held = std::unique_ptr<T, Unref>;

/// GMime wants to be told once; it is never put down again.
void need_library() {
    static const bool ready = [] {
        g_mime_init();
        return true;
    }();
    (void)ready;
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

std::string taken(char* text) {
    std::string out = text_of(text);
    g_free(text);
    return out;
}

std::string header_of(GMimeObject* object, const char* name) {
    const char* value = g_mime_object_get_header(object, name);
    return value == nullptr ? "" : taken(g_mime_utils_header_decode_text(nullptr, value));
}

std::string without_brackets(std::string text) {
    if (text.starts_with('<') && text.ends_with('>')) return text.substr(1, text.size() - 2);
    return text;
}

void add_attachment(ReadMail& mail, GMimeObject* part, const std::string& type) {
    if (mail.attachments.size() >= most_attachments) return;
    Attachment found;
    found.type = type;
    found.name = text_of(GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part)) : "");
    const char* how = g_mime_object_get_disposition(part) == nullptr
                          ? nullptr
                          : g_mime_object_get_disposition(part);
    found.is_inline = text_of(how) == "inline";
    found.content_id = text_of(g_mime_object_get_content_id(part));
    GMimeDataWrapper* content =
        GMIME_IS_PART(part) ? g_mime_part_get_content(GMIME_PART(part)) : nullptr;
    if (content != nullptr) {
        const Held<GMimeStream> nowhere(g_mime_stream_null_new());
        const auto bytes = g_mime_data_wrapper_write_to_stream(content, nowhere.get());
        found.bytes = bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
    }
    mail.attachments.push_back(std::move(found));
}

void take_part(GMimeObject*, GMimeObject* part, gpointer target) {
    auto& mail = *static_cast<ReadMail*>(target);
    if (GMIME_IS_MULTIPART(part)) return;
    GMimeContentType* content_type = g_mime_object_get_content_type(part);
    const std::string type = to_lower(taken(g_mime_content_type_get_mime_type(content_type)));
    const bool attached = text_of(g_mime_object_get_disposition(part)) == "attachment";
    if (!attached && GMIME_IS_TEXT_PART(part)) {
        std::string& place = type == "text/html" ? mail.html : mail.text;
        if (place.empty() && (type == "text/html" || type == "text/plain")) {
            place = taken(g_mime_text_part_get_text(GMIME_TEXT_PART(part)));
            return;
        }
    }
    add_attachment(mail, part, type);
}

}  // namespace

ReadMail read_mail(std::string_view raw) {
    need_library();
    ReadMail mail;
    const Held<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(raw.data(), raw.size()));
    const Held<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
    const Held<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
    if (message == nullptr) return mail;
    GMimeObject* top = GMIME_OBJECT(message.get());
    mail.from = header_of(top, "From");
    mail.to = header_of(top, "To");
    mail.subject = header_of(top, "Subject");
    mail.message_id = without_brackets(std::string(trim(header_of(top, "Message-ID"))));
    mail.list_unsubscribe = header_of(top, "List-Unsubscribe");
    mail.is_signed = g_mime_object_get_header(top, "DKIM-Signature") != nullptr;
    g_mime_message_foreach(message.get(), take_part, &mail);
    return mail;
}

}  // namespace hongyan::universe::mail
