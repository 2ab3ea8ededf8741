// Workspace: the memory, the budget and the failure of one rendering. Texts made by filters live
// here until the rendering ends; the first kilobyte needs no allocation. Internal to render/, used
// by one thread.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>

#include "render/template.hpp"

namespace hongyan::render {

class Workspace {
  public:
    explicit Workspace(const Limits& limits) : limits_(limits), steps_left_(limits.steps) {}

    [[nodiscard]] const Limits& limits() const { return limits_; }
    /// Counts one step; false when none is left.
    [[nodiscard]] bool step() { return steps_left_ > 0 && (--steps_left_, true); }
    /// Counts the handling of so many bytes; false, with the failure noted, when the budget is used
    /// up.
    [[nodiscard]] bool charge(std::size_t bytes);
    /// Notes what went wrong; always false. The caller adds where.
    bool fail(std::string detail, std::string code = "type");

    [[nodiscard]] bool has_failed() const { return !detail_.empty(); }
    [[nodiscard]] const std::string& detail() const { return detail_; }
    [[nodiscard]] const std::string& code() const { return code_; }

  private:
    friend class TextBuffer;
    static constexpr std::size_t inline_bytes = 1024;

    const Limits& limits_;
    std::size_t steps_left_;
    std::string detail_;
    std::string code_;
    alignas(std::max_align_t) std::array<std::byte, inline_bytes> inline_memory_;
    std::pmr::monotonic_buffer_resource memory_{inline_memory_.data(), inline_memory_.size()};
};

/// Builds one text in a workspace. Beyond the output budget it stops growing, and finish() says so.
class TextBuffer {
  public:
    TextBuffer(Workspace& workspace, std::size_t expected_bytes);
    void append(std::string_view text);
    void append(std::size_t count, char c);
    /// Gives the text out; false, with the failure noted, if it became too long.
    [[nodiscard]] bool finish(std::string_view& text);

  private:
    [[nodiscard]] bool make_room(std::size_t bytes);

    Workspace& workspace_;
    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    bool too_long_ = false;
};

}  // namespace hongyan::render
