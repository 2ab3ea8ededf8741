// Emitter: builds a Program instruction by instruction and keeps its budgets: number of
// instructions, height of the value stack. It also collects the problems of a compilation. Internal
// to render/, used by one compilation.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "render/program.hpp"

namespace hongyan::render {

inline constexpr std::size_t max_problems = 10;

class Emitter {
  public:
    Emitter(std::string_view source, const CompileOptions& options);

    [[nodiscard]] const Program& program() const { return *program_; }
    [[nodiscard]] std::string_view source() const { return program_->source; }
    [[nodiscard]] std::shared_ptr<Program> take() { return std::move(program_); }
    [[nodiscard]] std::size_t depth_limit() const;

    /// Notes a problem at a place of the source; always false.
    bool complain(std::size_t at, std::string detail, std::string code = "syntax");
    [[nodiscard]] std::vector<Problem>& problems() { return problems_; }
    /// True when there is no point in going on.
    [[nodiscard]] bool has_enough() const {
        return problems_.size() >= max_problems || is_too_large_;
    }

    /// Appends an instruction and gives its index.
    std::uint32_t add(Op op, std::size_t at, std::uint32_t a = 0, std::uint32_t b = 0,
                      std::uint8_t count = 0);
    [[nodiscard]] std::uint32_t next() const {
        return static_cast<std::uint32_t>(program_->code.size());
    }
    /// Lets the jump at index go to the next instruction.
    void land(std::uint32_t index);
    /// Forgets what a broken expression has left on the stack.
    void reset_stack() { height_ = 0; }
    /// Writes out what the expression since first has left: a lone variable in one instruction.
    void add_output(std::uint32_t first, std::size_t at, bool is_safe);

    [[nodiscard]] std::uint32_t slot(std::string_view name);
    [[nodiscard]] std::uint32_t constant(const Value& value);
    /// A text that is not part of the source.
    [[nodiscard]] std::uint32_t constant_text(std::string text);
    /// The constant that the instructions since first consist of, or null if they do something
    /// else.
    [[nodiscard]] const Value* constant_since(std::uint32_t first) const;

  private:
    void track_stack(const Instruction& instruction);

    std::shared_ptr<Program> program_;
    const CompileOptions& options_;
    std::vector<Problem> problems_;
    int height_ = 0;
    bool is_too_large_ = false;
};

}  // namespace hongyan::render
