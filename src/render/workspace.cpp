#include "render/workspace.hpp"

#include <algorithm>
#include <cstring>

namespace hongyan::render {
namespace {

constexpr std::size_t bytes_per_step = 64;

}  // namespace

bool Workspace::charge(std::size_t bytes) {
    const std::size_t steps = 1 + bytes / bytes_per_step;
    if (steps <= steps_left_) {
        steps_left_ -= steps;
        return true;
    }
    steps_left_ = 0;
    return fail("the template takes more than " + std::to_string(limits_.steps) +
                    " steps with these variables; shorten lists, loops or texts",
                "steps");
}

bool Workspace::fail(std::string detail, std::string code) {
    detail_ = std::move(detail);
    code_ = std::move(code);
    return false;
}

TextBuffer::TextBuffer(Workspace& workspace, std::size_t expected_bytes) : workspace_(workspace) {
    (void)make_room(std::min(expected_bytes, workspace.limits().output_bytes));
}

bool TextBuffer::make_room(std::size_t bytes) {
    if (too_long_ || bytes > workspace_.limits_.output_bytes - size_) {
        too_long_ = true;
        return false;
    }
    if (size_ + bytes <= capacity_) return true;
    const std::size_t wanted = std::max({size_ + bytes, capacity_ * 2, std::size_t{32}});
    auto* bigger = static_cast<char*>(workspace_.memory_.allocate(wanted, 1));
    if (size_ > 0) std::memcpy(bigger, data_, size_);
    data_ = bigger;
    capacity_ = wanted;
    return true;
}

void TextBuffer::append(std::string_view text) {
    if (text.empty() || !make_room(text.size())) return;
    std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
}

void TextBuffer::append(std::size_t count, char c) {
    if (count == 0 || !make_room(count)) return;
    std::memset(data_ + size_, c, count);
    size_ += count;
}

bool TextBuffer::finish(std::string_view& text) {
    if (too_long_) {
        return workspace_.fail("a text becomes longer than " +
                                   std::to_string(workspace_.limits_.output_bytes) +
                                   " bytes, which is the limit",
                               "too_long");
    }
    // The room that was not needed is not given back: the workspace is small and short-lived, and
    // its steps are counted.
    text = {data_, size_};
    return workspace_.charge(size_);
}

}  // namespace hongyan::render
