#include "render/expression.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "render/escape.hpp"

namespace hongyan::render {
namespace {

constexpr std::array<std::string_view, 17> reserved_words{
    "and", "elif", "else", "endfor", "endif", "endraw", "false", "for", "if",
    "in",  "loop", "none", "not",    "null",  "or",     "raw",   "true"};
constexpr std::array<std::string_view, 6> comparisons{"==", "!=", "<", "<=", ">", ">="};
constexpr std::array<std::string_view, 5> loop_facts{"index", "index0", "first", "last", "length"};

std::optional<std::size_t> comparison_of(const Token& token) {
    const auto found = std::find(comparisons.begin(), comparisons.end(), token.text);
    if (token.kind != Token::Kind::symbol || found == comparisons.end()) return std::nullopt;
    return static_cast<std::size_t>(found - comparisons.begin());
}

}  // namespace

bool is_reserved_word(std::string_view name) {
    return std::find(reserved_words.begin(), reserved_words.end(), name) != reserved_words.end();
}

std::string token_name(const Token& token) {
    if (token.kind == Token::Kind::end_of_source) return "the end of the template";
    if (token.kind == Token::Kind::string) return json_quoted(excerpt(token.text));
    return quoted(token.text);
}

bool ExpressionParser::complain_expected(std::string_view what) {
    const Token& token = lexer_.peek();
    if (token.kind == Token::Kind::bad && (token.text[0] == '"' || token.text[0] == '\'')) {
        return emitter_.complain(
            token.at, "this text has no closing quote " + std::string(token.text.substr(0, 1)));
    }
    return emitter_.complain(token.at,
                             "expected " + std::string(what) + ", but found " + token_name(token));
}

bool ExpressionParser::enter(std::size_t at) {
    if (++depth_ <= emitter_.depth_limit()) return true;
    return emitter_.complain(at,
                             "the expression is nested deeper than " +
                                 std::to_string(emitter_.depth_limit()) + " levels; simplify it",
                             "too_deep");
}

bool ExpressionParser::parse_or() {
    if (!enter(lexer_.peek().at) || !parse_and()) return false;
    std::vector<std::uint32_t> skips;
    while (lexer_.is_name("or")) {
        const std::size_t at = lexer_.take().at;
        emitter_.add(Op::to_boolean, at);
        skips.push_back(emitter_.add(Op::skip_if_true, at));
        if (!parse_and()) return false;
        emitter_.add(Op::to_boolean, at);
    }
    for (const auto skip : skips) emitter_.land(skip);
    --depth_;
    return true;
}

bool ExpressionParser::parse_and() {
    if (!parse_not()) return false;
    std::vector<std::uint32_t> skips;
    while (lexer_.is_name("and")) {
        const std::size_t at = lexer_.take().at;
        emitter_.add(Op::to_boolean, at);
        skips.push_back(emitter_.add(Op::skip_if_false, at));
        if (!parse_not()) return false;
        emitter_.add(Op::to_boolean, at);
    }
    for (const auto skip : skips) emitter_.land(skip);
    return true;
}

bool ExpressionParser::parse_not() {
    if (!lexer_.is_name("not")) return parse_comparison();
    const std::size_t at = lexer_.take().at;
    if (!enter(at) || !parse_not()) return false;
    --depth_;
    emitter_.add(Op::negate, at);
    return true;
}

bool ExpressionParser::parse_comparison() {
    if (!parse_piped()) return false;
    const Token token = lexer_.peek();
    if (const auto comparison = comparison_of(token); comparison) {
        (void)lexer_.take();
        if (!parse_piped()) return false;
        emitter_.add(Op::compare, token.at, 0, 0, static_cast<std::uint8_t>(*comparison));
    } else if (lexer_.take_name("in")) {
        if (!parse_in(token.at, false)) return false;
    } else if (lexer_.take_name("not")) {
        if (!lexer_.take_name("in")) return complain_expected("'in' after 'not'");
        if (!parse_in(token.at, true)) return false;
    } else {
        return true;
    }
    const bool is_chain =
        comparison_of(lexer_.peek()) || lexer_.is_name("in") || lexer_.is_name("not");
    return !is_chain || emitter_.complain(lexer_.peek().at,
                                          "comparisons cannot be chained; join two with 'and'");
}

bool ExpressionParser::parse_in(std::size_t at, bool is_negated) {
    if (lexer_.take_symbol("[")) {
        if (!parse_constants(at)) return false;
    } else {
        if (!parse_piped()) return false;
        emitter_.add(Op::contains, at);
    }
    if (is_negated) emitter_.add(Op::negate, at);
    return true;
}

bool ExpressionParser::parse_constants(std::size_t at) {
    const std::size_t known = emitter_.problems().size();
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    while (!lexer_.is_symbol("]")) {
        std::uint32_t constant = 0;
        if (!parse_literal(constant)) {
            return emitter_.problems().size() > known
                       ? false
                       : complain_expected("a literal such as \"gold\" or 3");
        }
        if (count++ == 0) first = constant;
        if (!lexer_.take_symbol(",") && !lexer_.is_symbol("]"))
            return complain_expected("',' or ']'");
    }
    (void)lexer_.take();
    emitter_.add(Op::in_constants, at, first, count);
    return true;
}

bool ExpressionParser::parse_access() {
    if (!parse_primary()) return false;
    for (;;) {
        const std::size_t at = lexer_.peek().at;
        if (lexer_.take_symbol(".")) {
            if (lexer_.peek().kind != Token::Kind::name) {
                return complain_expected(
                    "a member's name after '.' (an element of a list is written [0])");
            }
            const Token name = lexer_.take();
            emitter_.add(Op::member, at, emitter_.constant(Value::of_text(name.text)));
        } else if (lexer_.take_symbol("[")) {
            if (!parse_or()) return false;
            if (!lexer_.take_symbol("]")) return complain_expected("']'");
            emitter_.add(Op::element, at);
        } else {
            return true;
        }
    }
}

bool ExpressionParser::parse_primary() {
    const Token token = lexer_.peek();
    const std::size_t known = emitter_.problems().size();
    std::uint32_t constant = 0;
    if (parse_literal(constant)) {
        emitter_.add(Op::constant, token.at, constant);
        return true;
    }
    if (emitter_.problems().size() > known) return false;
    if (lexer_.take_symbol("(")) {
        if (!parse_or()) return false;
        return lexer_.take_symbol(")") || complain_expected("')'");
    }
    if (token.kind == Token::Kind::name) return parse_name(lexer_.take());
    return complain_expected("a variable, a text in quotes or a number");
}

bool ExpressionParser::parse_name(const Token& name) {
    if (name.text == "loop") return parse_loop_fact(name.at);
    if (is_reserved_word(name.text)) {
        return emitter_.complain(
            name.at, quoted(name.text) +
                         " is a word of the language and cannot stand here; expected a variable");
    }
    const auto loop = std::find(loops_.rbegin(), loops_.rend(), name.text);
    if (loop != loops_.rend()) {
        emitter_.add(Op::load_item, name.at, static_cast<std::uint32_t>(loops_.rend() - loop - 1));
    } else {
        emitter_.add(Op::load_variable, name.at, emitter_.slot(name.text));
    }
    return true;
}

bool ExpressionParser::parse_loop_fact(std::size_t at) {
    if (loops_.empty()) return emitter_.complain(at, "'loop' is only known inside {% for %}");
    if (!lexer_.take_symbol(".")) return complain_expected("'.index' or another fact after 'loop'");
    const Token fact = lexer_.take();
    const auto found = std::find(loop_facts.begin(), loop_facts.end(), fact.text);
    if (fact.kind != Token::Kind::name || found == loop_facts.end()) {
        return emitter_.complain(
            fact.at,
            "'loop' has index, index0, first, last and length, but not " + token_name(fact));
    }
    emitter_.add(Op::load_loop, at, static_cast<std::uint32_t>(loops_.size() - 1), 0,
                 static_cast<std::uint8_t>(found - loop_facts.begin()));
    return true;
}

}  // namespace hongyan::render
