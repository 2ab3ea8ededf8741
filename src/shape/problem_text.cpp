#include "shape/problem_text.hpp"

#include "base/text.hpp"

namespace hongyan::shape {

std::string shown(std::string_view text) {
    constexpr std::size_t most = 60;
    if (text.size() <= most) return json_quoted(text);
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return json_quoted(std::string(text.substr(0, end)) + "…");
}

std::string shown(const Node& node) {
    std::string out;
    switch (node.kind) {
        case NodeKind::text:
            return "the string " + shown(node.text());
        case NodeKind::integer:
        case NodeKind::large:
        case NodeKind::real:
        case NodeKind::boolean:
            append_node(out, node);
            return node.kind == NodeKind::boolean ? out : "the number " + out;
        default:
            return std::string(kind_name(node));
    }
}

std::string joined(std::span<const std::string_view> words) {
    std::string out;
    for (const auto word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t longest_slip = 64;  // the search is quadratic in the word
    if (word.size() > longest_slip) return "";
    const std::string nearest = nearest_word(word, candidates);
    return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

std::string range_text(std::optional<std::size_t> low, std::optional<std::size_t> high) {
    if (!high) return "at least " + std::to_string(low.value_or(0));
    if (low.value_or(0) == 0) return "at most " + std::to_string(*high);
    if (*low == *high) return "exactly " + std::to_string(*high);
    return std::to_string(*low) + " to " + std::to_string(*high);
}

}  // namespace hongyan::shape
