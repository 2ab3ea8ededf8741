// Compiler: finds the tags in a template's source, keeps the stack of open blocks and emits the
// program. After a mistake it goes on behind the tag, so that several mistakes are told at once.
// Internal to render/, used for one compilation.
#pragma once

#include <string_view>
#include <vector>

#include "render/emitter.hpp"
#include "render/expression.hpp"
#include "render/lexer.hpp"

namespace hongyan::render {

class Compiler {
  public:
    Compiler(std::string_view source, const CompileOptions& options);
    [[nodiscard]] Result<Template> run();

  private:
    struct Block {
        bool is_for = false;
        bool has_else = false;
        bool has_false_exit = false;   ///< false_exit waits for its target
        std::uint32_t false_exit = 0;  ///< jump_if_false or begin_for
        std::size_t at = 0;
        std::vector<std::uint32_t> ends;  ///< jumps to the end of the block
    };

    /// Handles the tag at position_ and moves behind it.
    void compile_tag(std::size_t at);
    void compile_comment(std::size_t at);
    void compile_output(std::size_t at, Lexer& lexer);
    void compile_statement(std::size_t at, Lexer& lexer);
    void compile_raw(std::size_t at, const Token& end);
    void add_text(std::size_t begin, std::size_t end);

    [[nodiscard]] bool compile_if(std::size_t at, Lexer& lexer);
    [[nodiscard]] bool compile_elif(std::size_t at, Lexer& lexer);
    [[nodiscard]] bool compile_else(std::size_t at);
    [[nodiscard]] bool compile_endif(std::size_t at);
    [[nodiscard]] bool compile_for(std::size_t at, Lexer& lexer);
    [[nodiscard]] bool compile_endfor(std::size_t at);
    [[nodiscard]] bool compile_condition(std::size_t at, Lexer& lexer);
    [[nodiscard]] bool open_block(std::size_t at, bool is_for);
    /// Leaves the branch: the next one begins where a false condition or an empty list goes.
    void close_branch(std::size_t at, bool jumps_to_end);
    void close_block();

    /// Takes the end of the tag, or complains.
    [[nodiscard]] bool finish_tag(Lexer& lexer);
    [[nodiscard]] bool check_source();
    void check_header_text();
    void skip_to_close(std::size_t from, std::string_view close);

    const CompileOptions& options_;
    Emitter emitter_;
    std::size_t position_ = 0;
    bool trims_next_ = false;  ///< the last tag ended with a -
    std::vector<Block> blocks_;
    LoopNames loops_;
};

}  // namespace hongyan::render
