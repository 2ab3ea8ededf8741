#include "render/compiler.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "render/escape.hpp"

namespace hongyan::render {
namespace {

constexpr std::string_view spaces = " \t\r\n";

/// The next "{{", "{%" or "{#" at or after position, or npos.
std::size_t find_tag(std::string_view source, std::size_t position) {
    for (; (position = source.find('{', position)) != source.npos; ++position) {
        if (position + 1 >= source.size()) return source.npos;
        const char next = source[position + 1];
        if (next == '{' || next == '%' || next == '#') return position;
    }
    return position;
}

std::string_view close_of(char kind) { return kind == '{' ? "}}" : (kind == '%' ? "%}" : "#}"); }

}  // namespace

Compiler::Compiler(std::string_view source, const CompileOptions& options)
    : options_(options), emitter_(source.substr(0, options.limits.source_bytes), options) {
    if (source.size() > options.limits.source_bytes) {
        emitter_.complain(0,
                          "the template has " + std::to_string(source.size()) + " bytes, " +
                              std::to_string(options.limits.source_bytes) + " are permitted",
                          "too_long");
    }
}

Result<Template> Compiler::run() {
    if (check_source()) {
        const auto source = emitter_.source();
        while (position_ < source.size() && !emitter_.has_enough()) {
            const std::size_t tag = std::min(find_tag(source, position_), source.size());
            const bool trims = tag + 2 < source.size() && source[tag + 2] == '-';
            const std::size_t last =
                trims ? source.find_last_not_of(spaces, tag == 0 ? 0 : tag - 1) : source.npos;
            std::size_t end = tag;
            if (trims) end = tag == 0 || last == source.npos ? 0 : last + 1;
            add_text(position_, end);
            position_ = tag;
            if (tag < source.size()) compile_tag(tag);
        }
        for (const auto& block : blocks_) {
            if (emitter_.has_enough()) break;
            const std::string word = block.is_for ? "for" : "if";
            emitter_.complain(block.at, "this {% " + word + " %} has no {% end" + word + " %}");
        }
        check_header_text();
    }
    auto& problems = emitter_.problems();
    if (problems.empty()) {
        auto program = emitter_.take();
        program->is_simple = std::all_of(
            program->code.begin(), program->code.end(),
            [](const Instruction& i) { return i.op == Op::text || i.op == Op::emit_variable; });
        return Template(std::move(program));
    }
    Error error = make_error(ErrorCode::template_invalid, problems.front().detail + ".");
    error.problems = std::move(problems);
    return error;
}

bool Compiler::check_source() {
    if (!emitter_.problems().empty()) return false;
    const auto source = emitter_.source();
    if (!is_utf8(source)) return emitter_.complain(0, "the template is not UTF-8 text", "utf8");
    const std::size_t nul = source.find('\0');
    return nul == source.npos ||
           emitter_.complain(nul, "the template has a NUL character here; remove it", "nul");
}

void Compiler::add_text(std::size_t begin, std::size_t end) {
    if (trims_next_) {
        begin =
            std::min(emitter_.source().find_first_not_of(spaces, begin), emitter_.source().size());
        trims_next_ = false;
    }
    if (begin >= end) return;
    emitter_.add(Op::text, begin, static_cast<std::uint32_t>(begin),
                 static_cast<std::uint32_t>(end - begin));
}

void Compiler::check_header_text() {
    if (options_.escape != Escape::header) return;
    const auto& program = emitter_.program();
    for (const auto& instruction : program.code) {
        if (instruction.op != Op::text) continue;
        for (std::size_t i = instruction.a; i < instruction.a + instruction.b; ++i) {
            if (control_length(emitter_.source().substr(i)) == 0) continue;
            emitter_.complain(i,
                              "a subject or header is one line; remove the line break or control "
                              "character here, or "
                              "write {%- and -%}",
                              "control");
            return;
        }
    }
}

void Compiler::skip_to_close(std::size_t from, std::string_view close) {
    const std::size_t end = emitter_.source().find(close, from);
    position_ = end == std::string_view::npos ? emitter_.source().size() : end + close.size();
    trims_next_ = false;
    emitter_.reset_stack();
}

void Compiler::compile_tag(std::size_t at) {
    const auto source = emitter_.source();
    const auto close = close_of(source[at + 1]);
    const std::string open(source.substr(at, 2));
    if (source.find(close, at + 2) == source.npos) {
        emitter_.complain(at, "this '" + open + "' has no '" + std::string(close) +
                                  "'; to write '" + open +
                                  "' itself, put it between {% raw %} and {% endraw %}");
        position_ = source.size();
        return;
    }
    if (close == "#}") return compile_comment(at);
    const bool trims = source[at + 2] == '-';
    Lexer lexer(source, at + (trims ? 3 : 2), close);
    if (close == "}}") {
        compile_output(at, lexer);
    } else {
        compile_statement(at, lexer);
    }
}

void Compiler::compile_comment(std::size_t at) {
    const auto source = emitter_.source();
    const std::size_t end = source.find("#}", at + 2);
    trims_next_ = end > at + 2 && source[end - 1] == '-';
    position_ = end + 2;
}

bool Compiler::finish_tag(Lexer& lexer) {
    const Token token = lexer.peek();
    if (token.kind != Token::Kind::end_of_tag) {
        const bool is_assignment = token.kind == Token::Kind::bad && token.text == "=";
        return emitter_.complain(token.at, "expected '" + std::string(lexer.close()) +
                                               "', but found " + token_name(token) +
                                               (is_assignment ? "; to compare, write ==" : ""));
    }
    position_ = token.end;
    trims_next_ = token.trims;
    return true;
}

void Compiler::compile_output(std::size_t at, Lexer& lexer) {
    if (lexer.peek().kind == Token::Kind::end_of_tag) {
        emitter_.complain(at, "{{ }} is empty; write a variable's name in it");
        return skip_to_close(at + 2, lexer.close());
    }
    const std::uint32_t first = emitter_.next();
    const std::size_t expression_at = lexer.peek().at;
    ExpressionParser parser(lexer, emitter_, loops_, options_.allow_safe);
    if (!parser.parse() || !finish_tag(lexer)) return skip_to_close(lexer.peek().at, lexer.close());
    emitter_.add_output(first, expression_at, parser.is_safe());
}

void Compiler::compile_raw(std::size_t at, const Token& end) {
    const auto source = emitter_.source();
    for (std::size_t tag = source.find("{%", end.end); tag != source.npos;
         tag = source.find("{%", tag + 2)) {
        const bool trims = source.substr(tag + 2).starts_with('-');
        Lexer lexer(source, tag + (trims ? 3 : 2), "%}");
        if (!lexer.take_name("endraw") || lexer.peek().kind != Token::Kind::end_of_tag) continue;
        std::size_t last = tag;
        if (trims) {
            const std::size_t kept = source.find_last_not_of(spaces, tag - 1);
            last = std::max(end.end, kept + 1);
        }
        trims_next_ = end.trims;
        add_text(end.end, last);
        position_ = lexer.peek().end;
        trims_next_ = lexer.peek().trims;
        return;
    }
    emitter_.complain(at, "this {% raw %} has no {% endraw %}");
    position_ = source.size();
}

}  // namespace hongyan::render
