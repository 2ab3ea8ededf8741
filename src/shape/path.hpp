// Paths of problems: "$.recipients[17].recipient". While a document is walked its path is a chain
// of steps on the stack, which becomes text only when there is a problem to report. Internal to
// shape.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hongyan::shape {

struct Path {
    const Path* parent = nullptr;  ///< null: the root
    std::string_view name;         ///< the root's own text, or a key
    std::size_t index = 0;
    bool is_index = false;

    [[nodiscard]] Path key(std::string_view step) const { return {this, step, 0, false}; }
    [[nodiscard]] Path element(std::size_t step) const { return {this, {}, step, true}; }
};

/// Appends ".name", or ["na me"] if name is not a plain word.
void append_key_step(std::string& out, std::string_view name);
void append_index_step(std::string& out, std::size_t index);
[[nodiscard]] std::string path_text(const Path& path);
/// What a sentence calls the place: the path without its root, "the document" for the root.
[[nodiscard]] std::string place_name(const Path& path);

}  // namespace hongyan::shape
