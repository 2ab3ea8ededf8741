// The statements {% ... %}.
#include <algorithm>

#include "base/text.hpp"
#include "render/compiler.hpp"
#include "render/escape.hpp"

namespace hongyan::render {
namespace {

constexpr std::string_view statements[] = {"if", "elif", "else", "endif", "for", "endfor", "raw"};

std::string unknown_statement(const Token& word) {
    const std::string known = "if, elif, else, endif, for, endfor, raw and endraw";
    if (word.kind != Token::Kind::name)
        return "expected a statement (" + known + "), but found " + token_name(word);
    if (word.text == "endraw") return "there is no {% raw %} before this {% endraw %}";
    const auto near = nearest_word(word.text, statements);
    return "there is no statement '" + excerpt(word.text) + "'; " +
           (near.empty() ? "known are " + known : "did you mean '" + near + "'?");
}

}  // namespace

void Compiler::compile_statement(std::size_t at, Lexer& lexer) {
    const Token word = lexer.take();
    bool good = false;
    if (word.text == "if") {
        good = compile_if(at, lexer);
    } else if (word.text == "elif") {
        good = compile_elif(at, lexer);
    } else if (word.text == "else") {
        good = compile_else(at);
    } else if (word.text == "endif") {
        good = compile_endif(at);
    } else if (word.text == "for") {
        good = compile_for(at, lexer);
    } else if (word.text == "endfor") {
        good = compile_endfor(at);
    } else if (word.text == "raw") {
        const Token end = lexer.peek();
        if (finish_tag(lexer)) return compile_raw(at, end);
    } else {
        emitter_.complain(word.at, unknown_statement(word));
    }
    if (!good || !finish_tag(lexer)) skip_to_close(lexer.peek().at, lexer.close());
}

bool Compiler::open_block(std::size_t at, bool is_for) {
    Block block;
    block.is_for = is_for;
    block.at = at;
    blocks_.push_back(std::move(block));
    const bool is_too_deep = blocks_.size() == emitter_.depth_limit() + 1;
    return !is_too_deep || emitter_.complain(at,
                                             "blocks are nested deeper than " +
                                                 std::to_string(emitter_.depth_limit()) + " levels",
                                             "too_deep");
}

bool Compiler::compile_condition(std::size_t at, Lexer& lexer) {
    ExpressionParser parser(lexer, emitter_, loops_, options_.allow_safe);
    if (!parser.parse()) return false;
    Block& block = blocks_.back();
    block.false_exit = emitter_.add(Op::jump_if_false, at);
    block.has_false_exit = true;
    return true;
}

bool Compiler::compile_if(std::size_t at, Lexer& lexer) {
    return open_block(at, false) && compile_condition(at, lexer);
}

void Compiler::close_branch(std::size_t at, bool jumps_to_end) {
    Block& block = blocks_.back();
    if (jumps_to_end) block.ends.push_back(emitter_.add(Op::jump, at));
    if (block.has_false_exit) emitter_.land(block.false_exit);
    block.has_false_exit = false;
}

bool Compiler::compile_elif(std::size_t at, Lexer& lexer) {
    if (blocks_.empty() || blocks_.back().is_for) {
        return emitter_.complain(at, "{% elif %} stands outside of {% if %}");
    }
    if (blocks_.back().has_else)
        return emitter_.complain(at, "{% elif %} cannot come after {% else %}");
    close_branch(at, true);
    return compile_condition(at, lexer);
}

bool Compiler::compile_else(std::size_t at) {
    if (blocks_.empty())
        return emitter_.complain(at, "{% else %} stands outside of {% if %} and {% for %}");
    Block& block = blocks_.back();
    if (block.has_else) return emitter_.complain(at, "this block has a second {% else %}");
    block.has_else = true;
    if (block.is_for) {
        emitter_.add(Op::next_for, at, static_cast<std::uint32_t>(loops_.size() - 1),
                     block.false_exit + 1);
        loops_.pop_back();
    }
    close_branch(at, true);
    return true;
}

void Compiler::close_block() {
    for (const auto end : blocks_.back().ends) emitter_.land(end);
    blocks_.pop_back();
}

bool Compiler::compile_endif(std::size_t at) {
    if (blocks_.empty() || blocks_.back().is_for) {
        return emitter_.complain(at, blocks_.empty()
                                         ? "there is no {% if %} for this {% endif %}"
                                         : "expected {% endfor %} before this {% endif %}");
    }
    close_branch(at, false);
    close_block();
    return true;
}

bool Compiler::compile_for(std::size_t at, Lexer& lexer) {
    const Token name = lexer.peek();
    // The block is opened before its head is checked, so that its endfor is not a second mistake.
    const bool good_depth = open_block(at, true);
    const bool good_name = name.kind == Token::Kind::name && !is_reserved_word(name.text);
    const bool is_taken =
        good_name && std::find(loops_.begin(), loops_.end(), name.text) != loops_.end();
    const LoopNames outer = loops_;
    loops_.push_back(good_name ? name.text : std::string_view("loop"));
    if (!good_depth) return false;
    if (!good_name) {
        return emitter_.complain(name.at, "expected {% for NAME in LIST %}, but found " +
                                              token_name(name) + " in the place of NAME");
    }
    if (is_taken) {
        return emitter_.complain(
            name.at, quoted(name.text) +
                         " is already the variable of a loop around this one; take another name");
    }
    (void)lexer.take();
    if (!lexer.take_name("in")) {
        return emitter_.complain(lexer.peek().at,
                                 "expected 'in' as in {% for " + std::string(name.text) +
                                     " in LIST %}, but found " + token_name(lexer.peek()));
    }
    ExpressionParser parser(lexer, emitter_, outer, options_.allow_safe);
    if (!parser.parse()) return false;
    Block& block = blocks_.back();
    block.false_exit = emitter_.add(Op::begin_for, at, static_cast<std::uint32_t>(outer.size()));
    block.has_false_exit = true;
    return true;
}

bool Compiler::compile_endfor(std::size_t at) {
    if (blocks_.empty() || !blocks_.back().is_for) {
        return emitter_.complain(at, blocks_.empty()
                                         ? "there is no {% for %} for this {% endfor %}"
                                         : "expected {% endif %} before this {% endfor %}");
    }
    if (!blocks_.back().has_else) {
        emitter_.add(Op::next_for, at, static_cast<std::uint32_t>(loops_.size() - 1),
                     blocks_.back().false_exit + 1);
        loops_.pop_back();
    }
    close_branch(at, false);
    close_block();
    return true;
}

}  // namespace hongyan::render
