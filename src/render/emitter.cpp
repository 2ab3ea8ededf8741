#include "render/emitter.hpp"

#include <algorithm>

namespace hongyan::render {
namespace {

/// By how much an instruction changes the height of the value stack where control falls through.
int stack_change(const Instruction& instruction) {
    switch (instruction.op) {
        case Op::load_variable:
        case Op::load_item:
        case Op::load_loop:
        case Op::constant:
            return 1;
        case Op::emit:
        case Op::emit_safe:
        case Op::element:
        case Op::compare:
        case Op::contains:
        case Op::jump_if_false:
        case Op::skip_if_false:
        case Op::skip_if_true:
        case Op::begin_for:
            return -1;
        case Op::filter:
            return -static_cast<int>(instruction.count);
        default:
            return 0;
    }
}

}  // namespace

Emitter::Emitter(std::string_view source, const CompileOptions& options)
    : program_(std::make_shared<Program>()), options_(options) {
    program_->source = source;
    program_->escape = options.escape;
    program_->limits = options.limits;
}

std::size_t Emitter::depth_limit() const { return std::min(options_.limits.depth, max_depth); }

bool Emitter::complain(std::size_t at, std::string detail, std::string code) {
    if (problems_.size() < max_problems) {
        problems_.push_back({std::string(options_.path), std::move(code),
                             place_of(source(), at) + ": " + std::move(detail)});
    }
    return false;
}

std::uint32_t Emitter::add(Op op, std::size_t at, std::uint32_t a, std::uint32_t b,
                           std::uint8_t count) {
    const std::uint32_t index = next();
    if (index >= options_.limits.nodes) {
        if (!is_too_large_) {
            complain(at,
                     "the template has more than " + std::to_string(options_.limits.nodes) +
                         " parts; split it or move text out of tags",
                     "too_long");
        }
        is_too_large_ = true;
        return 0;
    }
    program_->code.push_back({op, count, a, b, static_cast<std::uint32_t>(at)});
    track_stack(program_->code.back());
    if (op == Op::text) program_->text_bytes += b;
    return index;
}

void Emitter::track_stack(const Instruction& instruction) {
    const bool was_good = height_ <= static_cast<int>(max_stack);
    height_ += stack_change(instruction);
    if (was_good && height_ > static_cast<int>(max_stack)) {
        complain(instruction.at, "the expression has too many open parts at once; simplify it",
                 "too_deep");
    }
}

void Emitter::land(std::uint32_t index) {
    if (is_too_large_) return;
    Instruction& jump = program_->code[index];
    (jump.op == Op::begin_for ? jump.b : jump.a) = next();
}

void Emitter::add_output(std::uint32_t first, std::size_t at, bool is_safe) {
    auto& code = program_->code;
    if (!is_safe && next() == first + 1 && code[first].op == Op::load_variable) {
        code[first].op = Op::emit_variable;
        --height_;
        return;
    }
    add(is_safe ? Op::emit_safe : Op::emit, at);
}

std::uint32_t Emitter::slot(std::string_view name) {
    auto& slots = program_->slots;
    const auto same = [&](const auto& item) { return item.name == name; };
    const auto known = std::find_if(slots.begin(), slots.end(), same);
    if (known != slots.end()) return static_cast<std::uint32_t>(known - slots.begin());
    const auto spec = std::find_if(options_.variables.begin(), options_.variables.end(), same);
    slots.push_back({std::string(name), spec != options_.variables.end() && !spec->required});
    return static_cast<std::uint32_t>(slots.size() - 1);
}

std::uint32_t Emitter::constant(const Value& value) {
    program_->constants.push_back(value);
    return static_cast<std::uint32_t>(program_->constants.size() - 1);
}

std::uint32_t Emitter::constant_text(std::string text) {
    program_->unescaped.push_back(std::move(text));
    return constant(Value::of_text(program_->unescaped.back()));
}

const Value* Emitter::constant_since(std::uint32_t first) const {
    const auto& code = program_->code;
    if (next() != first + 1 || code[first].op != Op::constant) return nullptr;
    return &program_->constants[code[first].a];
}

}  // namespace hongyan::render
