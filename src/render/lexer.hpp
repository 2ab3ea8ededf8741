// Lexer: the words between the braces of one tag. It reads ahead by one token and never fails by
// itself: what it does not know becomes a token of kind bad, which the parser reports. Internal to
// render/.
#pragma once

#include <cstdint>
#include <string_view>

namespace hongyan::render {

struct Token {
    enum class Kind : std::uint8_t {
        end_of_tag,
        end_of_source,
        name,
        integer,
        number,
        string,  ///< text is between the quotes, escapes not yet resolved
        symbol,  ///< one of == != < <= > >= ( ) [ ] . , |  or - before a number
        bad,     ///< text is what cannot be read
    };
    Kind kind = Kind::end_of_source;
    std::string_view text;
    std::size_t at = 0;   ///< place in the source
    std::size_t end = 0;  ///< place behind it
    bool trims = false;   ///< of an end of tag: there is a - before it
};

class Lexer {
  public:
    /// Begins at position; close is "}}" or "%}".
    Lexer(std::string_view source, std::size_t position, std::string_view close)
        : source_(source), position_(position), close_(close) {
        advance();
    }

    [[nodiscard]] const Token& peek() const { return token_; }
    /// Gives the token out and reads the next.
    Token take();
    [[nodiscard]] bool is_symbol(std::string_view text) const {
        return token_.kind == Token::Kind::symbol && token_.text == text;
    }
    [[nodiscard]] bool is_name(std::string_view text) const {
        return token_.kind == Token::Kind::name && token_.text == text;
    }
    /// Takes the token if it is this symbol.
    bool take_symbol(std::string_view text);
    /// Takes the token if it is this word.
    bool take_name(std::string_view text);
    [[nodiscard]] std::string_view close() const { return close_; }

  private:
    void advance();
    [[nodiscard]] bool at_close(bool& trims) const;
    [[nodiscard]] Token token_of(Token::Kind kind, std::size_t length) const;
    [[nodiscard]] Token read_number() const;
    [[nodiscard]] Token read_string() const;
    [[nodiscard]] Token read_symbol() const;

    std::string_view source_;
    std::size_t position_;
    std::string_view close_;
    Token token_;
};

}  // namespace hongyan::render
