#include "render/lexer.hpp"

#include "render/escape.hpp"

namespace hongyan::render {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

Token Lexer::take() {
    Token taken = token_;
    advance();
    return taken;
}

bool Lexer::take_symbol(std::string_view text) {
    if (!is_symbol(text)) return false;
    advance();
    return true;
}

bool Lexer::take_name(std::string_view text) {
    if (!is_name(text)) return false;
    advance();
    return true;
}

Token Lexer::token_of(Token::Kind kind, std::size_t length) const {
    return {kind, source_.substr(position_, length), position_, position_ + length, false};
}

bool Lexer::at_close(bool& trims) const {
    const auto rest = source_.substr(position_);
    trims = rest.starts_with('-') && rest.substr(1).starts_with(close_);
    return trims || rest.starts_with(close_);
}

void Lexer::advance() {
    position_ = source_.find_first_not_of(" \t\r\n", position_);
    if (position_ == source_.npos) {
        position_ = source_.size();
        token_ = token_of(Token::Kind::end_of_source, 0);
        return;
    }
    const char c = source_[position_];
    bool trims = false;
    if (at_close(trims)) {
        token_ = token_of(Token::Kind::end_of_tag, close_.size() + (trims ? 1 : 0));
        token_.trims = trims;
        return;  // nothing is read beyond the end of the tag
    }
    if (is_letter(c)) {
        std::size_t length = 1;
        const auto rest = source_.substr(position_);
        while (length < rest.size() && (is_letter(rest[length]) || is_digit(rest[length])))
            ++length;
        token_ = token_of(Token::Kind::name, length);
    } else if (is_digit(c)) {
        token_ = read_number();
    } else if (c == '"' || c == '\'') {
        token_ = read_string();
    } else {
        token_ = read_symbol();
    }
    position_ = token_.end;
}

Token Lexer::read_number() const {
    const auto rest = source_.substr(position_);
    std::size_t length = 1;
    while (length < rest.size() && is_digit(rest[length])) ++length;
    const bool has_point =
        length + 1 < rest.size() && rest[length] == '.' && is_digit(rest[length + 1]);
    if (!has_point) return token_of(Token::Kind::integer, length);
    for (++length; length < rest.size() && is_digit(rest[length]);) ++length;
    return token_of(Token::Kind::number, length);
}

Token Lexer::read_string() const {
    const auto rest = source_.substr(position_);
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != rest[0]) end += rest[end] == '\\' ? 2 : 1;
    if (end >= rest.size()) return token_of(Token::Kind::bad, rest.size());
    Token token = token_of(Token::Kind::string, end + 1);
    token.text = rest.substr(1, end - 1);
    return token;
}

Token Lexer::read_symbol() const {
    const auto rest = source_.substr(position_);
    for (const std::string_view two : {"==", "!=", "<=", ">="}) {
        if (rest.starts_with(two)) return token_of(Token::Kind::symbol, 2);
    }
    if (std::string_view("<>()[].,|-").find(rest[0]) != std::string_view::npos) {
        return token_of(Token::Kind::symbol, 1);
    }
    const std::size_t length = character_bytes(rest[0]);
    return token_of(Token::Kind::bad, length < rest.size() ? length : rest.size());
}

}  // namespace hongyan::render
