// ExpressionParser: reads one expression of a tag by recursive descent and emits it in postfix
// order. From loosest to tightest: or, and, not, comparisons and in, filters, member and element
// access. Internal to render/.
#pragma once

#include <string_view>
#include <vector>

#include "render/emitter.hpp"
#include "render/lexer.hpp"

namespace hongyan::render {

/// Names of the variables of the loops around, outermost first; a loop's place is its number.
using LoopNames = std::vector<std::string_view>;

class ExpressionParser {
  public:
    ExpressionParser(Lexer& lexer, Emitter& emitter, const LoopNames& loops, bool allows_safe)
        : lexer_(lexer), emitter_(emitter), loops_(loops), allows_safe_(allows_safe) {}

    /// Reads up to the token that cannot belong to the expression; false if a problem was noted.
    [[nodiscard]] bool parse() { return parse_or(); }
    /// True if the expression ended with the filter safe.
    [[nodiscard]] bool is_safe() const { return is_safe_; }

  private:
    [[nodiscard]] bool parse_or();
    [[nodiscard]] bool parse_and();
    [[nodiscard]] bool parse_not();
    [[nodiscard]] bool parse_comparison();
    [[nodiscard]] bool parse_in(std::size_t at, bool is_negated);
    [[nodiscard]] bool parse_constants(std::size_t at);
    [[nodiscard]] bool parse_piped();
    [[nodiscard]] bool parse_filter();
    [[nodiscard]] bool parse_arguments(const Filter& filter, std::uint8_t& count);
    [[nodiscard]] bool parse_access();
    [[nodiscard]] bool parse_primary();
    [[nodiscard]] bool parse_name(const Token& name);
    [[nodiscard]] bool parse_loop_fact(std::size_t at);
    /// Reads a literal into a constant; false without a problem if there is none.
    [[nodiscard]] bool parse_literal(std::uint32_t& constant);
    [[nodiscard]] bool parse_number(const Token& token, bool is_negative, std::uint32_t& constant);
    [[nodiscard]] bool check_placement(const Filter& filter, std::size_t at);
    [[nodiscard]] bool enter(std::size_t at);
    bool complain_expected(std::string_view what);

    Lexer& lexer_;
    Emitter& emitter_;
    const LoopNames& loops_;
    const bool allows_safe_;
    bool is_safe_ = false;
    std::size_t depth_ = 0;
};

/// A token as an error message shows it: "'}}'", "the end of the template".
[[nodiscard]] std::string token_name(const Token& token);
/// The words that cannot be names of variables.
[[nodiscard]] bool is_reserved_word(std::string_view name);

}  // namespace hongyan::render
