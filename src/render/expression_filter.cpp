// The filters and literals of an expression.
#include <charconv>
#include <vector>

#include "base/text.hpp"
#include "render/escape.hpp"
#include "render/expression.hpp"

namespace hongyan::render {
namespace {

/// A quoted text with its escapes resolved; nothing if one is unknown.
std::optional<std::string> unescape(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            result += text[i];
            continue;
        }
        ++i;
        switch (i < text.size() ? text[i] : '\0') {
            case 'n':
                result += '\n';
                break;
            case 't':
                result += '\t';
                break;
            case '\\':
            case '"':
            case '\'':
                result += text[i];
                break;
            default:
                return std::nullopt;
        }
    }
    return result;
}

std::string argument_count_text(const Filter& filter) {
    const int low = filter.min_arguments;
    const int high = filter.max_arguments;
    if (high == 0) return "no arguments";
    if (low == high) return std::to_string(low) + (low == 1 ? " argument" : " arguments");
    return std::to_string(low) + " to " + std::to_string(high) + " arguments";
}

std::string unknown_filter(std::string_view name) {
    std::vector<std::string_view> names;
    std::string all;
    for (const auto& filter : filter_table()) {
        names.push_back(filter.info.name);
        all += (all.empty() ? "" : ", ") + std::string(filter.info.name);
    }
    const auto near = nearest_word(name, names);
    return "there is no filter '" + excerpt(name) + "'; " +
           (near.empty() ? "known are " + all : "did you mean '" + near + "'?");
}

}  // namespace

bool ExpressionParser::parse_piped() {
    if (!parse_access()) return false;
    while (lexer_.take_symbol("|")) {
        if (!parse_filter()) return false;
    }
    return true;
}

bool ExpressionParser::parse_filter() {
    if (lexer_.peek().kind != Token::Kind::name)
        return complain_expected("a filter's name after '|'");
    const Token name = lexer_.take();
    const auto index = find_filter(name.text);
    if (!index) return emitter_.complain(name.at, unknown_filter(name.text), "unknown_filter");
    const Filter& filter = filter_table()[*index];
    std::uint8_t count = 0;
    if (!parse_arguments(filter, count)) return false;
    if (count < filter.min_arguments || count > filter.max_arguments) {
        return emitter_.complain(name.at, std::string(name.text) + " takes " +
                                              argument_count_text(filter) + ": " +
                                              std::string(filter.info.usage));
    }
    if (!check_placement(filter, name.at)) return false;
    if (filter.info.name != "safe") {
        emitter_.add(Op::filter, name.at, static_cast<std::uint32_t>(*index), 0, count);
    }
    return true;
}

bool ExpressionParser::parse_arguments(const Filter& filter, std::uint8_t& count) {
    if (!lexer_.take_symbol("(")) return true;
    while (!lexer_.is_symbol(")")) {
        const std::size_t at = lexer_.peek().at;
        const std::uint32_t first = emitter_.next();
        if (!parse_or()) return false;
        const Value* constant = emitter_.constant_since(first);
        if (constant != nullptr && count < filter.max_arguments) {
            const auto problem = argument_problem(filter, count, *constant);
            if (!problem.empty()) {
                return emitter_.complain(at, std::string(filter.info.name) + ": " + problem,
                                         "argument");
            }
        }
        if (++count > 8) return emitter_.complain(at, "a filter never takes so many arguments");
        if (!lexer_.take_symbol(",") && !lexer_.is_symbol(")"))
            return complain_expected("',' or ')'");
    }
    (void)lexer_.take();
    return true;
}

bool ExpressionParser::check_placement(const Filter& filter, std::size_t at) {
    const Escape escape = emitter_.program().escape;
    if (filter.info.name == "nl2br" && escape != Escape::html) {
        return emitter_.complain(at, "nl2br makes HTML and is only permitted in HTML templates",
                                 "not_permitted");
    }
    if (filter.info.name != "safe") return true;
    if (escape == Escape::header) {
        return emitter_.complain(at, "safe is never permitted in a header or subject; leave it out",
                                 "not_permitted");
    }
    if (!allows_safe_) {
        return emitter_.complain(at, "safe is not permitted here; values are escaped, leave it out",
                                 "not_permitted");
    }
    if (lexer_.peek().kind != Token::Kind::end_of_tag || depth_ > 1 || lexer_.close() != "}}") {
        return emitter_.complain(at, "safe must be the last filter of {{ }}");
    }
    is_safe_ = true;
    return true;
}

bool ExpressionParser::parse_literal(std::uint32_t& constant) {
    const Token token = lexer_.peek();
    if (token.kind == Token::Kind::string) {
        (void)lexer_.take();
        if (token.text.find('\\') == token.text.npos) {
            constant = emitter_.constant(Value::of_text(token.text));
            return true;
        }
        auto text = unescape(token.text);
        if (!text)
            return emitter_.complain(token.at,
                                     "a text may have the escapes \\n \\t \\\\ \\\" \\' only");
        constant = emitter_.constant_text(std::move(*text));
        return true;
    }
    if (lexer_.is_name("true") || lexer_.is_name("false")) {
        constant = emitter_.constant(Value::of_boolean(lexer_.take().text == "true"));
        return true;
    }
    const bool is_negative = lexer_.take_symbol("-");
    const auto kind = lexer_.peek().kind;
    if (kind == Token::Kind::integer || kind == Token::Kind::number) {
        return parse_number(lexer_.take(), is_negative, constant);
    }
    return is_negative && complain_expected("a number after '-'");
}

bool ExpressionParser::parse_number(const Token& token, bool is_negative, std::uint32_t& constant) {
    std::string text(is_negative ? 1 : 0, '-');
    text.append(token.text);
    if (token.kind == Token::Kind::integer) {
        const auto number = parse_int(text);
        if (!number)
            return emitter_.complain(token.at, "the number does not fit into 64 bits",
                                     "out_of_range");
        constant = emitter_.constant(Value::of_integer(*number));
        return true;
    }
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return emitter_.complain(token.at, "the number is out of range", "out_of_range");
    }
    constant = emitter_.constant(Value::of_number(number));
    return true;
}

}  // namespace hongyan::render
