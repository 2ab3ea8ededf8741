#include "shape/json_reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "shape/path.hpp"

namespace hongyan::shape {
namespace {

namespace json = boost::json;

/// What is refused, and where if the handler knows it better than the parser.
struct Refusal {
    std::string code;
    std::string detail;
    std::string path;
    std::optional<std::size_t> offset;
};

/// Takes the parser's events and builds nodes: open containers keep theirs on one stack, a closed
/// one moves to the memory.
class Builder {
  public:
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);

    Builder(std::string_view input, const ReadLimits& limits, std::pmr::memory_resource& memory)
        : input_(input), limits_(limits), memory_(memory), nodes_(&memory) {
        nodes_.reserve(48);
    }

    [[nodiscard]] const Node& root() const { return nodes_.front(); }
    [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

    /// The place the parser has reached.
    [[nodiscard]] std::string path() const {
        std::string out = "$";
        for (std::size_t i = 0; i < depth_; ++i) {
            const std::size_t begin = frames_[i].begin;
            const std::size_t end = i + 1 < depth_ ? frames_[i + 1].begin : nodes_.size();
            if (!frames_[i].is_object)
                append_index_step(out, end - begin);
            else if ((end - begin) % 2 == 1)
                append_key_step(out, nodes_[end - 1].text());
        }
        return out;
    }

    // Events, named by Boost.JSON.
    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code& ec) { return open(true, ec); }
    bool on_array_begin(json::error_code& ec) { return open(false, ec); }
    bool on_object_end(std::size_t count, json::error_code& ec) {
        const auto members = std::span(nodes_).last(count * 2);
        if (!has_unique_keys(members, ec)) return false;
        close(NodeKind::object, count, members);
        return true;
    }
    bool on_array_end(std::size_t count, json::error_code&) {
        close(NodeKind::list, count, std::span(nodes_).last(count));
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        return add_part(part);
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        return add_part(part);
    }
    bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
        return add_text(part, ec);
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
        return add_text(part, ec);
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code& ec) {
        Node node;
        node.kind = NodeKind::integer;
        node.integer = value;
        return add(node, ec);
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code& ec) {
        Node node;
        node.kind = NodeKind::large;
        node.large = value;
        return add(node, ec);
    }
    bool on_double(double value, json::string_view text, json::error_code& ec) {
        // The parser's own conversion may be off by the last bit; the library's is exact.
        double exact = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), exact);
        if (failure != std::errc() || end != text.data() + text.size()) exact = value;
        if (!std::isfinite(exact))
            return refuse("out_of_range", "a number too large for a double", ec);
        Node node;
        node.kind = NodeKind::real;
        node.real = exact;
        return add(node, ec);
    }
    bool on_bool(bool value, json::error_code& ec) {
        Node node;
        node.kind = NodeKind::boolean;
        node.boolean = value;
        return add(node, ec);
    }
    bool on_null(json::error_code& ec) { return add(Node{}, ec); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

  private:
    struct Frame {
        std::size_t begin = 0;
        bool is_object = false;
    };

    bool refuse(std::string code, std::string detail, json::error_code& ec) {
        refusal_ = Refusal{std::move(code), std::move(detail), path(), std::nullopt};
        ec = make_error_code(json::error::syntax);
        return false;
    }

    bool open(bool is_object, json::error_code& ec) {
        if (depth_ >= std::min(limits_.depth, Document::max_depth)) {
            return refuse("too_deep",
                          "more than " + std::to_string(depth_) + " nested lists and objects", ec);
        }
        if (!count(ec)) return false;
        frames_[depth_++] = {nodes_.size(), is_object};
        return true;
    }

    void close(NodeKind kind, std::size_t count, std::span<const Node> children) {
        Node node;
        node.kind = kind;
        node.size = static_cast<std::uint32_t>(count);
        node.first = nullptr;
        if (!children.empty()) {
            auto* copy = static_cast<Node*>(memory_.allocate(children.size_bytes(), alignof(Node)));
            std::memcpy(static_cast<void*>(copy), children.data(), children.size_bytes());
            node.first = copy;
        }
        HY_ASSERT(depth_ > 0);
        nodes_.resize(frames_[--depth_].begin);
        nodes_.push_back(node);
    }

    bool count(json::error_code& ec) {
        if (++count_ <= limits_.values) return true;
        return refuse("too_many",
                      "more than " + std::to_string(limits_.values) + " keys and values", ec);
    }

    bool add(const Node& node, json::error_code& ec) {
        if (!count(ec)) return false;
        nodes_.push_back(node);
        return true;
    }

    bool add_part(json::string_view part) {
        partial_.append(part.data(), part.size());
        return true;
    }

    bool add_text(json::string_view last, json::error_code& ec) {
        const std::string_view piece(last.data(), last.size());
        const bool in_input =
            std::less_equal<>()(input_.data(), piece.data()) &&
            std::less_equal<>()(piece.data() + piece.size(), input_.data() + input_.size());
        if (partial_.empty() && in_input) return add(Node::of_text(piece), ec);
        partial_.append(piece);
        if (partial_.find('\0') != partial_.npos) {
            return refuse("nul", "the character \\u0000, which no text may hold", ec);
        }
        auto* copy = static_cast<char*>(memory_.allocate(partial_.size() + 1, 1));
        std::memcpy(copy, partial_.data(), partial_.size());
        const Node node = Node::of_text({copy, partial_.size()});
        partial_.clear();
        return add(node, ec);
    }

    bool has_unique_keys(std::span<const Node> members, json::error_code& ec) {
        constexpr std::size_t few = 48;
        if (members.size() > few) return has_unique_sorted(members, ec);
        for (std::size_t i = 2; i < members.size(); i += 2) {
            const auto key = members[i].text();
            for (std::size_t k = 0; k < i; k += 2) {
                if (members[k].text() == key) return refuse_duplicate(key, ec);
            }
        }
        return true;
    }

    bool has_unique_sorted(std::span<const Node> members, json::error_code& ec) {
        std::vector<std::string_view> keys;
        keys.reserve(members.size() / 2);
        for (std::size_t i = 0; i < members.size(); i += 2) keys.push_back(members[i].text());
        std::sort(keys.begin(), keys.end());
        const auto twice = std::adjacent_find(keys.begin(), keys.end());
        if (twice == keys.end()) return true;
        return refuse_duplicate(
            std::max(*twice, *(twice + 1), [](auto a, auto b) { return a.data() < b.data(); }), ec);
    }

    /// All members of the innermost open object are complete, so that path() is its path.
    bool refuse_duplicate(std::string_view key, json::error_code& ec) {
        (void)refuse("duplicate_key", "the key " + json_quoted(key) + " for a second time", ec);
        append_key_step(refusal_->path, key);
        if (std::less_equal<>()(input_.data(), key.data()) &&
            std::less<>()(key.data(), input_.data() + input_.size())) {
            refusal_->offset = static_cast<std::size_t>(key.data() - input_.data()) - 1;
        }
        return false;
    }

    std::string_view input_;
    const ReadLimits& limits_;
    std::pmr::memory_resource& memory_;
    std::pmr::vector<Node> nodes_;
    std::array<Frame, Document::max_depth> frames_;
    std::size_t depth_ = 0;
    std::size_t count_ = 0;
    std::string partial_;
    std::optional<Refusal> refusal_;
};

bool starts_word(std::string_view rest, std::string_view word) {
    return equals_ignoring_case(rest.substr(0, word.size()), word);
}

/// Length of the well-formed UTF-8 at the front of text.
std::size_t utf8_prefix(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t length = 1;
        while (length <= 4 && !is_utf8(text.substr(i, length))) ++length;
        if (length > 4 || i + length > text.size()) return i;
        i += length;
    }
    return i;
}

Refusal half_a_pair() {
    return {"surrogate", "half of a surrogate pair without the other half", {}, {}};
}

/// True if text stops just behind a leading surrogate: its other half is missing, which the parser
/// calls a syntax error.
bool ends_in_half_a_pair(std::string_view text) {
    const auto tail = text.substr(text.size() - std::min<std::size_t>(text.size(), 8));
    const std::size_t escape = tail.rfind("\\u");
    if (escape == tail.npos || escape + 6 > tail.size()) return false;
    return to_lower(tail.substr(escape + 2, 1)) == "d" &&
           std::string_view("89abAB").find(tail[escape + 3]) != tail.npos;
}

Refusal explain_syntax(std::string_view text, std::size_t offset) {
    const std::size_t valid = utf8_prefix(text);
    if (valid < text.size() && valid <= offset + 4) {
        return {"invalid_utf8", "a byte that is not UTF-8", {}, valid};
    }
    if (ends_in_half_a_pair(text.substr(0, offset))) return half_a_pair();
    const auto rest = text.substr(offset);
    const std::size_t back =
        offset > 0 && (text[offset - 1] == '-' || text[offset - 1] == 'N') ? offset - 1 : offset;
    if (starts_word(text.substr(back), "nan") || starts_word(rest, "infinity")) {
        return {"out_of_range", "NaN or Infinity, which JSON does not have", {}, {}};
    }
    if (rest.empty())
        return {"incomplete", "the end of the document in the middle of a value", {}, {}};
    if (rest.front() == '/') return {"comment", "a comment, which JSON does not have", {}, {}};
    if (rest.front() == '\'')
        return {"syntax", "a single quote; texts and keys need double quotes", {}, {}};
    if (rest.front() == '}' || rest.front() == ']')
        return {"syntax", "a comma or value is amiss before this bracket", {}, {}};
    if (static_cast<unsigned char>(rest.front()) < 0x20) {
        return {"syntax",
                "a raw control character; inside a text write it as an escape such as \\n",
                {},
                {}};
    }
    std::size_t length = 1;  // of the whole character
    while (length < 4 && !is_utf8(rest.substr(0, length))) ++length;
    const std::string_view character =
        is_utf8(rest.substr(0, length)) ? rest.substr(0, length) : "?";
    return {"syntax", "something unexpected: " + json_quoted(character), {}, {}};
}

Refusal explain(const json::error_code& ec, std::string_view text, std::size_t offset) {
    using json::error;
    if (ec == error::incomplete)
        return {"incomplete", "the end of the document in the middle of a value", {}, {}};
    if (ec == error::extra_data) {
        const bool comment = offset < text.size() && text[offset] == '/';
        return {comment ? "comment" : "trailing",
                comment ? "a comment, which JSON does not have" : "more bytes after the document",
                {},
                {}};
    }
    if (ec == error::exponent_overflow)
        return {"out_of_range", "a number too large for a double", {}, {}};
    if (ec == error::illegal_leading_surrogate || ec == error::illegal_trailing_surrogate ||
        ec == error::expected_utf16_escape) {
        return half_a_pair();
    }
    if (ec == error::expected_hex_digit)
        return {"syntax", "\\u without four hexadecimal digits", {}, {}};
    return explain_syntax(text, offset);
}

Error invalid_json(Refusal refusal, std::string_view text, std::size_t offset, std::string path) {
    const std::size_t at = std::min(refusal.offset.value_or(offset), text.size());
    const auto before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    Error error =
        make_error(ErrorCode::invalid_json,
                   "Found " + refusal.detail + ", at line " + std::to_string(line) + ", column " +
                       std::to_string(utf8_length(before.substr(line_start)) + 1) + " (byte " +
                       std::to_string(at) + ").");
    error.problems.push_back({std::move(path), std::move(refusal.code), error.detail});
    return error;
}

std::optional<Refusal> refused_at_once(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF"))
        return Refusal{"bom", "a byte order mark; send UTF-8 without one", {}, {}};
    if (trim(text).empty()) return Refusal{"incomplete", "an empty document", {}, {}};
    return std::nullopt;
}

}  // namespace

Result<const Node*> Document::parse(std::string_view text, const ReadLimits& limits) {
    if (auto refusal = refused_at_once(text))
        return invalid_json(std::move(*refusal), text, 0, "$");
    json::parse_options options;
    options.max_depth = max_depth + 1;
    json::basic_parser<Builder> parser(options, text, limits, memory_);
    json::error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = make_error_code(json::error::extra_data);
    if (!ec) {
        root_ = parser.handler().root();
        return &root_;
    }
    if (const auto& refusal = parser.handler().refusal())
        return invalid_json(*refusal, text, used, refusal->path);
    return invalid_json(explain(ec, text, used), text, used, parser.handler().path());
}

}  // namespace hongyan::shape
