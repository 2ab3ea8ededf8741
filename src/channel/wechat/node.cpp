#include "channel/wechat/node.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"

namespace hongyan::wechat {
namespace {

constexpr std::size_t most_depth = 8;
constexpr std::size_t most_nodes = 1'000;

Error malformed(std::string detail) {
    return make_error(ErrorCode::bad_request, std::move(detail));
}

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | (point >> 6));
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

/// Reads one document. fail_ is set at the first thing that is wrong, and everything stops there.
class XmlReader {
  public:
    explicit XmlReader(std::string_view text) : text_(text) {}

    Result<Node> read() {
        take_declaration();
        skip_space();
        Node root;
        read_element(root, 1);
        skip_space();
        if (fail_.empty() && at_ != text_.size()) fail_ = "There is something behind the document.";
        if (!fail_.empty()) return malformed("The XML is refused: " + fail_);
        return root;
    }

  private:
    [[nodiscard]] bool next_is(std::string_view what) const {
        return text_.substr(at_).starts_with(what);
    }
    bool take(std::string_view what) {
        if (!next_is(what)) return false;
        at_ += what.size();
        return true;
    }
    void skip_space() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
    }
    void take_declaration() {
        if (take("\xEF\xBB\xBF")) {  // a byte order mark
        }
        skip_space();
        if (!take("<?xml ")) return;
        const auto end = text_.find("?>", at_);
        if (end == text_.npos) {
            fail_ = "The declaration does not end.";
        } else {
            at_ = end + 2;
        }
    }
    std::string_view take_name() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
        return text_.substr(start, at_ - start);
    }
    void read_element(Node& node, std::size_t depth) {
        if (depth > most_depth || ++nodes_ > most_nodes) fail_ = "It is too deep or too large.";
        if (fail_.empty() && !take("<")) fail_ = "An element is missing.";
        if (!fail_.empty()) return;
        node.name = take_name();
        skip_space();
        if (!node.name.empty() && take("/>")) return;
        if (node.name.empty() || !take(">")) {
            fail_ = "A tag has no name, or has attributes.";
            return;
        }
        read_inside(node, depth);
    }
    void read_inside(Node& node, std::size_t depth) {
        while (fail_.empty()) {
            if (at_ >= text_.size()) {
                fail_ = "An element does not end.";
            } else if (take("<![CDATA[")) {
                take_cdata(node.text);
            } else if (take("</")) {
                const bool fits = take_name() == node.name;
                skip_space();
                if (!fits || !take(">")) fail_ = "An end tag does not fit.";
                return;
            } else if (next_is("<!") || next_is("<?")) {
                fail_ = "Declarations and comments have no place here.";
            } else if (next_is("<")) {
                read_element(node.children.emplace_back(), depth + 1);
            } else if (next_is("&")) {
                take_entity(node.text);
            } else {
                node.text += text_[at_++];
            }
        }
    }
    void take_cdata(std::string& out) {
        const auto end = text_.find("]]>", at_);
        if (end == text_.npos) {
            fail_ = "A CDATA section does not end.";
            return;
        }
        out += text_.substr(at_, end - at_);
        at_ = end + 3;
    }
    void take_entity(std::string& out) {
        constexpr std::size_t longest = 10;
        const auto end = text_.find(';', at_);
        const auto size = end == text_.npos ? text_.npos : end - at_ - 1;
        const auto name = size <= longest ? text_.substr(at_ + 1, size) : std::string_view();
        if (name == "amp")
            out += '&';
        else if (name == "lt")
            out += '<';
        else if (name == "gt")
            out += '>';
        else if (name == "quot")
            out += '"';
        else if (name == "apos")
            out += '\'';
        else if (!take_number(out, name))
            fail_ = "An entity is not known.";
        at_ = end == text_.npos ? text_.size() : end + 1;
    }
    static bool take_number(std::string& out, std::string_view name) {
        const bool hex = name.starts_with("#x");
        const auto digits = name.substr(std::min<std::size_t>(name.size(), hex ? 2 : 1));
        if (!name.starts_with('#') || digits.empty()) return false;
        std::uint32_t point = 0;
        for (const char c : digits) {
            const auto at = std::string_view("0123456789abcdef")
                                .find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
            if (at == std::string_view::npos || (!hex && at > 9)) return false;
            point = point * (hex ? 16 : 10) + static_cast<std::uint32_t>(at);
            if (point > 0x10FFFF) return false;
        }
        if (point == 0 || (point >= 0xD800 && point <= 0xDFFF)) return false;
        append_utf8(out, point);
        return true;
    }

    const std::string_view text_;
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
    std::string fail_;
};

/// Adds value under name; depth is limited by the parser.
void add_json(Node& parent, std::string_view name, const boost::json::value& value) {
    if (const auto* list = value.if_array()) {
        for (const auto& each : *list) add_json(parent, name, each);
        return;
    }
    Node node;
    node.name = name;
    if (const auto* members = value.if_object()) {
        for (const auto& member : *members) add_json(node, member.key(), member.value());
    } else if (const auto* text = value.if_string()) {
        node.text = std::string(*text);
    } else if (!value.is_null()) {
        node.text = boost::json::serialize(value);
    }
    parent.children.push_back(std::move(node));
}

}  // namespace

const Node* Node::find(std::string_view child) const {
    for (const Node& each : children) {
        if (each.name == child) return &each;
    }
    return nullptr;
}

std::string_view Node::text_of(std::string_view child) const {
    const Node* found = find(child);
    return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<Node> read_xml(std::string_view text) {
    if (text.size() > longest_event) return malformed("The XML is too long.");
    if (!is_utf8(text)) return malformed("The XML is not UTF-8.");
    return XmlReader(text).read();
}

Result<Node> read_json(std::string_view text) {
    if (text.size() > longest_event) return malformed("The JSON is too long.");
    boost::system::error_code failed;
    boost::json::parse_options options;
    options.max_depth = most_depth;
    const auto parsed = boost::json::parse(text, failed, {}, options);
    if (failed || !parsed.is_object()) return malformed("The event is not a JSON object.");
    Node root;
    root.name = "xml";
    for (const auto& member : parsed.get_object()) add_json(root, member.key(), member.value());
    return root;
}

Result<Node> read_event_text(std::string_view text) {
    return trim(text).starts_with('{') ? read_json(text) : read_xml(text);
}

}  // namespace hongyan::wechat
