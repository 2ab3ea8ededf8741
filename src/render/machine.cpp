#include "render/machine.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstring>

#include "render/escape.hpp"
#include "render/workspace.hpp"

namespace hongyan::render {
namespace {

namespace json = boost::json;
using Kind = Value::Kind;

/// What the rendered text of one variable is expected to take, to reserve output.
constexpr std::size_t expected_value_bytes = 24;

const json::value* find_variable(const json::object& variables, const Slot& slot) {
    const json::value* value = variables.if_contains(slot.name);
    return value != nullptr && !value->is_null() ? value : nullptr;
}

bool has_text(std::string_view text, std::string_view needle) {
    // memmem is bounded in time for any needle, unlike string_view::find.
    return needle.empty() ||
           memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr;
}

/// Also adds up the bytes it looked at.
bool has_element(const json::array& list, const Value& needle, std::size_t& bytes) {
    for (const auto& item : list) {
        const Value element = Value::of_json(item);
        const bool same_size = element.is(Kind::text) && needle.is(Kind::text) &&
                               element.text.size() == needle.text.size();
        bytes += 8 + (same_size ? needle.text.size() : 0);
        if (are_equal(element, needle)) return true;
    }
    return false;
}

bool compares(Comparison comparison, int order) {
    switch (comparison) {
        case Comparison::less:
            return order < 0;
        case Comparison::less_equal:
            return order <= 0;
        case Comparison::greater:
            return order > 0;
        default:
            return order >= 0;
    }
}

class Machine {
  public:
    Machine(const Program& program, const json::object& variables, std::string& out)
        : program_(program),
          variables_(variables),
          out_(out),
          start_(out.size()),
          workspace_(program.limits) {}

    std::optional<Error> run() {
        while (next_ < program_.code.size()) {
            const Instruction& instruction = program_.code[next_];
            if (!workspace_.step()) return no_steps_left(instruction);
            if (run_one(instruction)) continue;
            return failure(instruction);
        }
        return std::nullopt;
    }

  private:
    struct Loop {
        const json::array* list;
        std::size_t index;
    };

    bool run_one(const Instruction& instruction);
    bool write(std::string_view text, bool is_ready);
    bool emit(const Value& value, bool is_safe);
    bool load_variable(const Instruction& instruction);
    bool load_loop_fact(const Instruction& instruction);
    bool take_member(const Instruction& instruction);
    bool take_element();
    bool apply(const Instruction& instruction);
    bool compare_two(const Instruction& instruction);
    bool contains();
    bool in_constants(const Instruction& instruction);
    bool negate(bool keeps);
    bool jump_if_false(const Instruction& instruction);
    bool skip_if(const Instruction& instruction, bool wanted);
    bool begin_loop(const Instruction& instruction);
    bool next_item(const Instruction& instruction);

    void push(const Value& value) {
        HY_ASSERT(height_ < max_stack);
        stack_[height_++] = value;
    }
    Value& top() {
        HY_ASSERT(height_ > 0);
        return stack_[height_ - 1];
    }
    Value pop() {
        HY_ASSERT(height_ > 0);
        return stack_[--height_];
    }
    /// False, and the failure is noted, if the value is missing.
    bool is_given(const Value& value) {
        if (!value.is(Kind::missing)) return true;
        missing_ = value.origin;
        is_missing_ = true;
        return false;
    }
    bool advance() {
        ++next_;
        return true;
    }
    Error failure(const Instruction& instruction) {
        if (is_missing_) return missing_error(program_, missing_);
        if (!workspace_.has_failed()) return output_error(program_, instruction.at);
        Error error = render_error(program_, instruction.at,
                                   {"$.variables", workspace_.code(), workspace_.detail()});
        if (workspace_.code() != "type") error.code = ErrorCode::content_invalid;
        return error;
    }
    Error no_steps_left(const Instruction& instruction) {
        (void)workspace_.charge(1);
        return failure(instruction);
    }

    const Program& program_;
    const json::object& variables_;
    std::string& out_;
    const std::size_t start_;
    Workspace workspace_;
    std::size_t next_ = 0;
    std::size_t height_ = 0;
    std::array<Value, max_stack> stack_;
    std::array<Loop, max_depth> loops_;
    std::uint32_t missing_ = 0;
    bool is_missing_ = false;
};

bool Machine::run_one(const Instruction& instruction) {
    switch (instruction.op) {
        case Op::text:
            return write(std::string_view(program_.source).substr(instruction.a, instruction.b),
                         true) &&
                   advance();
        case Op::emit_variable:
            return load_variable(instruction) && emit(pop(), false) && advance();
        case Op::emit:
            return emit(pop(), false) && advance();
        case Op::emit_safe:
            return emit(pop(), true) && advance();
        case Op::load_variable:
            return load_variable(instruction) && advance();
        case Op::load_item: {
            const Loop& loop = loops_[instruction.a];
            push(Value::of_json((*loop.list)[loop.index]));
            return advance();
        }
        case Op::load_loop:
            return load_loop_fact(instruction) && advance();
        case Op::constant:
            push(program_.constants[instruction.a]);
            return advance();
        case Op::member:
            return take_member(instruction) && advance();
        case Op::element:
            return take_element() && advance();
        case Op::filter:
            return apply(instruction) && advance();
        case Op::compare:
            return compare_two(instruction) && advance();
        case Op::contains:
            return contains() && advance();
        case Op::in_constants:
            return in_constants(instruction) && advance();
        case Op::negate:
            return negate(false) && advance();
        case Op::to_boolean:
            return negate(true) && advance();
        case Op::jump:
            next_ = instruction.a;
            return true;
        case Op::jump_if_false:
            return jump_if_false(instruction);
        case Op::skip_if_false:
            return skip_if(instruction, false);
        case Op::skip_if_true:
            return skip_if(instruction, true);
        case Op::begin_for:
            return begin_loop(instruction);
        case Op::next_for:
            return next_item(instruction);
    }
    return false;
}

bool Machine::write(std::string_view text, bool is_ready) {
    // Looked at before and after: what does not fit unescaped is not even escaped.
    if (text.size() > program_.limits.output_bytes - (out_.size() - start_)) return false;
    if (is_ready) {
        out_.append(text);
    } else {
        append_escaped(out_, text, program_.escape);
    }
    return out_.size() - start_ <= program_.limits.output_bytes;
}

bool Machine::emit(const Value& value, bool is_safe) {
    if (!is_given(value)) return false;
    if (value.is(Kind::list) || value.is(Kind::object)) {
        return workspace_.fail(std::string(kind_name(value.kind)) +
                               " cannot be written as it is; loop over it, or use join or json");
    }
    NumberText room;
    const bool is_ready =
        is_safe || !value.is(Kind::text) ||
        (value.ready == Value::Ready::html && program_.escape == Escape::html) ||
        (value.ready == Value::Ready::json && program_.escape == Escape::json_string);
    return write(scalar_text(value, room), is_ready);
}

bool Machine::load_variable(const Instruction& instruction) {
    const Slot& slot = program_.slots[instruction.a];
    const json::value* value = find_variable(variables_, slot);
    Value loaded = value != nullptr ? Value::of_json(*value) : Value();
    if (value == nullptr && slot.optional) loaded = Value::of_nothing();
    loaded.origin = static_cast<std::uint32_t>(next_);
    push(loaded);
    return true;
}

bool Machine::load_loop_fact(const Instruction& instruction) {
    const Loop& loop = loops_[instruction.a];
    const auto index = static_cast<std::int64_t>(loop.index);
    switch (static_cast<LoopFact>(instruction.count)) {
        case LoopFact::index:
            push(Value::of_integer(index + 1));
            break;
        case LoopFact::index0:
            push(Value::of_integer(index));
            break;
        case LoopFact::first:
            push(Value::of_boolean(loop.index == 0));
            break;
        case LoopFact::last:
            push(Value::of_boolean(loop.index + 1 == loop.list->size()));
            break;
        case LoopFact::length:
            push(Value::of_integer(static_cast<std::int64_t>(loop.list->size())));
            break;
    }
    return true;
}

bool Machine::take_member(const Instruction& instruction) {
    Value& subject = top();
    if (subject.is(Kind::missing) || subject.is(Kind::nothing)) return true;
    const std::string_view name = program_.constants[instruction.a].text;
    if (!subject.is(Kind::object)) {
        return workspace_.fail("'." + std::string(name) + "' needs an object, but stands behind " +
                               std::string(kind_name(subject.kind)));
    }
    const json::value* found = subject.object->if_contains(name);
    subject = found != nullptr ? Value::of_json(*found) : Value();
    if (found == nullptr) subject.origin = static_cast<std::uint32_t>(next_);
    return true;
}

bool Machine::take_element() {
    const Value index = pop();
    Value& subject = top();
    if (subject.is(Kind::missing) || subject.is(Kind::nothing)) return true;
    if (!is_given(index)) return false;
    if (!subject.is(Kind::list) || !index.is(Kind::integer)) {
        return workspace_.fail("[ ] needs a list and a whole number, but has " +
                               std::string(kind_name(subject.kind)) + " and " +
                               std::string(kind_name(index.kind)));
    }
    const bool is_within =
        index.integer >= 0 && static_cast<std::uint64_t>(index.integer) < subject.list->size();
    subject = is_within ? Value::of_json((*subject.list)[static_cast<std::size_t>(index.integer)])
                        : Value();
    if (!is_within) subject.origin = static_cast<std::uint32_t>(next_);
    return true;
}

bool Machine::apply(const Instruction& instruction) {
    const Filter& filter = filter_table()[instruction.a];
    HY_ASSERT(height_ > instruction.count);
    const Value* first = stack_.data() + height_ - instruction.count;
    const std::span<const Value> arguments(first, instruction.count);
    Value subject = stack_[height_ - instruction.count - 1];
    if (!filter.takes_missing) {
        if (!is_given(subject)) return false;
        for (const auto& argument : arguments) {
            if (!is_given(argument)) return false;
        }
    }
    if (!apply_filter(filter, workspace_, subject, arguments)) return false;
    // The answer of default may be a missing argument, which then tells its own place.
    if (subject.is(Kind::missing) && !filter.takes_missing)
        subject.origin = static_cast<std::uint32_t>(next_);
    height_ -= instruction.count;
    top() = subject;
    return true;
}

bool Machine::compare_two(const Instruction& instruction) {
    const Value right = pop();
    const Value left = pop();
    if (!is_given(left) || !is_given(right)) return false;
    if (left.is(Kind::text) && right.is(Kind::text) &&
        !workspace_.charge(std::min(left.text.size(), right.text.size()))) {
        return false;
    }
    const auto comparison = static_cast<Comparison>(instruction.count);
    if (comparison == Comparison::equal || comparison == Comparison::not_equal) {
        push(Value::of_boolean(are_equal(left, right) == (comparison == Comparison::equal)));
        return true;
    }
    if (left.is(Kind::nothing) || right.is(Kind::nothing)) {
        push(Value::of_boolean(false));
        return true;
    }
    if (!are_ordered(left, right)) {
        return workspace_.fail("< and > compare two numbers or two texts, but have " +
                               std::string(kind_name(left.kind)) + " and " +
                               std::string(kind_name(right.kind)));
    }
    push(Value::of_boolean(compares(comparison, compare(left, right))));
    return true;
}

bool Machine::contains() {
    const Value container = pop();
    const Value needle = pop();
    if (!is_given(needle) || !is_given(container)) return false;
    if (container.is(Kind::nothing)) {
        push(Value::of_boolean(false));
        return true;
    }
    const bool is_text = container.is(Kind::text) && needle.is(Kind::text);
    if (!is_text && !container.is(Kind::list)) {
        return workspace_.fail(
            "'in' looks for a value in a list or for a text in a text, but has " +
            std::string(kind_name(needle.kind)) + " in " + std::string(kind_name(container.kind)));
    }
    std::size_t bytes = is_text ? container.text.size() + needle.text.size() : 0;
    const bool found = is_text ? has_text(container.text, needle.text)
                               : has_element(*container.list, needle, bytes);
    push(Value::of_boolean(found));
    return workspace_.charge(bytes);
}

bool Machine::in_constants(const Instruction& instruction) {
    const Value needle = pop();
    if (!is_given(needle) || !workspace_.charge(instruction.b * 8)) return false;
    bool found = false;
    for (std::uint32_t i = 0; i < instruction.b && !found; ++i) {
        found = are_equal(program_.constants[instruction.a + i], needle);
    }
    push(Value::of_boolean(found));
    return true;
}

bool Machine::negate(bool keeps) {
    Value& value = top();
    if (!is_given(value)) return false;
    value = Value::of_boolean(is_true(value) == keeps);
    return true;
}

bool Machine::jump_if_false(const Instruction& instruction) {
    const Value condition = pop();
    if (!is_given(condition)) return false;
    next_ = is_true(condition) ? next_ + 1 : instruction.a;
    return true;
}

bool Machine::skip_if(const Instruction& instruction, bool wanted) {
    if (is_true(top()) == wanted) {
        next_ = instruction.a;
        return true;
    }
    --height_;
    return advance();
}

bool Machine::begin_loop(const Instruction& instruction) {
    const Value list = pop();
    if (!is_given(list)) return false;
    if (!list.is(Kind::list) && !list.is(Kind::nothing)) {
        return workspace_.fail("{% for %} needs a list, but has " +
                               std::string(kind_name(list.kind)));
    }
    if (list.is(Kind::nothing) || list.list->empty()) {
        next_ = instruction.b;
        return true;
    }
    if (list.list->size() > program_.limits.loop_items) {
        return workspace_.fail("the list has " + std::to_string(list.list->size()) + " elements; " +
                                   std::to_string(program_.limits.loop_items) +
                                   " may be looped over",
                               "too_many");
    }
    loops_[instruction.a] = {list.list, 0};
    return advance();
}

bool Machine::next_item(const Instruction& instruction) {
    Loop& loop = loops_[instruction.a];
    if (++loop.index < loop.list->size()) {
        next_ = instruction.b;
        return true;
    }
    return advance();
}

/// The way of most templates: text and variables that are texts or numbers. Needs no workspace;
/// gives up on anything else.
bool run_simple(const Program& program, const json::object& variables, std::string& out) {
    const std::size_t start = out.size();
    const std::size_t limit = program.limits.output_bytes;
    if (program.code.size() > program.limits.steps) return false;
    for (const auto& instruction : program.code) {
        std::string_view text;
        bool is_ready = true;
        NumberText room;
        if (instruction.op == Op::text) {
            text = std::string_view(program.source).substr(instruction.a, instruction.b);
        } else {
            const Slot& slot = program.slots[instruction.a];
            const json::value* found = find_variable(variables, slot);
            const Value value = found != nullptr ? Value::of_json(*found) : Value();
            if (!value.is_scalar() && !(found == nullptr && slot.optional)) return false;
            text = scalar_text(value, room);
            is_ready = !value.is(Kind::text);
        }
        if (text.size() > limit - (out.size() - start)) return false;
        if (is_ready) {
            out.append(text);
        } else {
            append_escaped(out, text, program.escape);
        }
        if (out.size() - start > limit) return false;
    }
    return true;
}

}  // namespace

std::optional<Error> run_program(const Program& program, const json::object& variables,
                                 std::string& out) {
    const std::size_t start = out.size();
    out.reserve(start + std::min(program.text_bytes + program.slots.size() * expected_value_bytes,
                                 program.limits.output_bytes));
    if (program.is_simple) {
        if (run_simple(program, variables, out)) return std::nullopt;
        out.resize(start);  // the machine goes the same way again and says what is wrong
    }
    return Machine(program, variables, out).run();
}

}  // namespace hongyan::render
