#include "channel/mail/html_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> entities{{
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"nbsp", " "},
    {"copy", "©"},
    {"reg", "®"},
    {"yen", "¥"},
    {"mdash", "—"},
    {"hellip", "…"},
    {"middot", "·"},
}};
constexpr std::array<std::string_view, 18> block_tags{
    "p",  "div", "table",   "ul",         "ol", "h1",  "h2",   "h3",     "h4",
    "h5", "h6",  "section", "blockquote", "hr", "pre", "body", "header", "footer"};
constexpr std::array<std::string_view, 4> silent_tags{"script", "style", "head", "title"};

std::string utf8_of(std::uint32_t point) {
    const auto tail = [point](int shift) {
        return static_cast<char>(0x80 | ((point >> shift) & 0x3F));
    };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

/// What "#8364", "#x20AC" or "amp" stands for.
std::optional<std::string> entity_text(std::string_view name) {
    if (!name.starts_with('#')) {
        const auto found = std::find_if(entities.begin(), entities.end(),
                                        [&](const auto& entry) { return entry.first == name; });
        if (found == entities.end()) return std::nullopt;
        return std::string(found->second);
    }
    name.remove_prefix(1);
    const bool hex = name.starts_with('x') || name.starts_with('X');
    if (hex) name.remove_prefix(1);
    if (name.empty() || name.size() > 8) return std::nullopt;
    std::uint64_t point = 0;
    for (const char c : to_lower(name)) {
        const bool letter = hex && c >= 'a' && c <= 'f';
        if (!letter && (c < '0' || c > '9')) return std::nullopt;
        point = point * (hex ? 16 : 10) + static_cast<unsigned>(letter ? c - 'a' + 10 : c - '0');
    }
    if (point < 0x20 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return " ";
    return utf8_of(static_cast<std::uint32_t>(point));
}

std::string attribute(std::string_view tag, std::string_view name) {
    const auto at = to_lower(tag).find(std::string(" ").append(name).append("="));
    if (at == std::string::npos) return "";
    std::string_view rest = tag.substr(at + name.size() + 2);
    if (rest.empty()) return "";
    const char quote = rest.front();
    if (quote != '"' && quote != '\'') return std::string(rest.substr(0, rest.find(' ')));
    rest.remove_prefix(1);
    return std::string(rest.substr(0, rest.find(quote)));
}

class Reader {
  public:
    explicit Reader(std::string_view html) : rest_(html) {}

    std::string run() {
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (c == '<' && read_tag()) continue;
            if (c == '&' && read_entity()) continue;
            put(c);
            rest_.remove_prefix(1);
        }
        return std::string(trim(out_));
    }

  private:
    void put(char c) {
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!space) {
            out_ += c;
        } else if (!out_.empty() && out_.back() != ' ' && out_.back() != '\n') {
            out_ += ' ';
        }
    }

    /// Ends the line; count 2 leaves an empty line between paragraphs.
    void line_break(std::size_t count) {
        while (!out_.empty() && out_.back() == ' ') out_.pop_back();
        if (out_.empty()) return;
        std::size_t have = 0;
        while (have < count && have < out_.size() && out_[out_.size() - 1 - have] == '\n') ++have;
        out_.append(count - have, '\n');
    }

    bool read_entity() {
        const auto end = rest_.substr(0, 12).find(';');
        if (end == rest_.npos) return false;
        const auto text = entity_text(rest_.substr(1, end - 1));
        if (!text) return false;
        if (*text == " ") {
            put(' ');
        } else {
            out_ += *text;
        }
        rest_.remove_prefix(end + 1);
        return true;
    }

    bool read_tag() {
        if (rest_.starts_with("<!--")) {
            skip_past("-->");
            return true;
        }
        const bool opens_tag =
            rest_.size() > 1 &&
            (rest_[1] == '/' || rest_[1] == '!' ||
             (to_lower(rest_.substr(1, 1))[0] >= 'a' && to_lower(rest_.substr(1, 1))[0] <= 'z'));
        const auto end = opens_tag && !no_more_tags_ ? rest_.find('>') : rest_.npos;
        if (end == rest_.npos) {
            no_more_tags_ = no_more_tags_ || opens_tag;  // else each "<a" would search to the end
            return false;
        }
        const std::string_view tag = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        act(tag);
        return true;
    }

    void act(std::string_view tag) {
        const bool closing = tag.starts_with('/');
        if (closing) tag.remove_prefix(1);
        const std::string name = to_lower(tag.substr(0, tag.find_first_of(" \t\r\n/")));
        const auto is_in = [&name](const auto& list) {
            return std::find(list.begin(), list.end(), name) != list.end();
        };
        if (!closing && is_in(silent_tags)) {
            skip_element(name);
        } else if (name == "br" || name == "tr" || name == "li") {
            // <br><br> is an empty line, as it is in a browser.
            if (name == "br" || !closing) line_break(name == "br" && out_.ends_with('\n') ? 2 : 1);
            if (name == "li" && !closing) out_ += "- ";
        } else if (name == "td" || name == "th") {
            put(' ');
        } else if (is_in(block_tags)) {
            line_break(2);
        } else if (name == "a") {
            link(tag, closing);
        }
    }

    void link(std::string_view tag, bool closing) {
        if (!closing) {
            const std::string target = attribute(tag, "href");
            target_ = target.starts_with("http") || target.starts_with("mailto:") ? target : "";
            return;
        }
        if (!target_.empty() && !std::string_view(out_).ends_with(target_)) {
            out_.append(" (").append(target_).append(")");
        }
        target_.clear();
    }

    void skip_element(const std::string& name) {
        const std::string close = std::string("</").append(name);
        while (!rest_.empty()) {
            const auto at = rest_.find("</");
            rest_.remove_prefix(at == rest_.npos ? rest_.size() : at);
            if (equals_ignoring_case(rest_.substr(0, close.size()), close)) break;
            rest_.remove_prefix(std::min<std::size_t>(2, rest_.size()));
        }
        skip_past(">");
    }

    void skip_past(std::string_view mark) {
        const auto at = rest_.find(mark);
        rest_.remove_prefix(at == rest_.npos ? rest_.size() : at + mark.size());
    }

    std::string_view rest_;
    std::string out_;
    std::string target_;
    bool no_more_tags_ = false;
};

}  // namespace

std::string html_to_text(std::string_view html) { return Reader(html).run(); }

}  // namespace hongyan::mail
