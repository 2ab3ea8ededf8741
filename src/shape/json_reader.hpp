// The strict JSON reader: one UTF-8 document becomes a tree of nodes in a buffer of its own,
// without a heap allocation for small bodies. Refuses by name what RFC 8259 leaves open and what
// harms later: duplicate keys, \u0000, lone surrogates, numbers without a value, a byte order mark,
// anything after the document, too deep or too many values. Internal to shape, except parse_json.
// One Document belongs to one thread.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "shape/shape.hpp"

namespace hongyan::shape {

enum class NodeKind : std::uint8_t { null, boolean, integer, large, real, text, list, object };

/// One JSON value. Texts and children lie in the input or in the Document; both must outlive it.
struct Node {
    NodeKind kind = NodeKind::null;
    std::uint32_t size = 0;  ///< bytes of a text, elements of a list, members of an object
    union {
        bool boolean;
        std::int64_t integer = 0;
        std::uint64_t large;  ///< an integer beyond int64 that fits uint64
        double real;
        const char* bytes;
        const Node* first;
    };

    [[nodiscard]] std::string_view text() const { return {bytes, size}; }
    /// The elements of a list; of an object key, value, key, value...
    [[nodiscard]] std::span<const Node> children() const {
        return {first, kind == NodeKind::object ? std::size_t{size} * 2 : size};
    }
    [[nodiscard]] static Node of_text(std::string_view text) {
        Node node;
        node.kind = NodeKind::text;
        node.size = static_cast<std::uint32_t>(text.size());
        node.bytes = text.data();
        return node;
    }
};

/// Owns the memory of a tree. Read one text with it, once.
class Document {
  public:
    /// Depth is cut to this.
    static constexpr std::size_t max_depth = 64;

    Document() : memory_(buffer_.data(), buffer_.size()) {}
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    /// ErrorCode::invalid_json with one Problem: where (path as far as known, line, column, byte)
    /// and what. text must outlive the tree.
    [[nodiscard]] Result<const Node*> parse(std::string_view text, const ReadLimits& limits);

  private:
    std::array<std::byte, 6 * 1024> buffer_;
    std::pmr::monotonic_buffer_resource memory_;
    Node root_;
};

/// "an integer", "null", ... for messages.
[[nodiscard]] std::string_view kind_name(const Node& node);
/// An owning copy, with default storage.
[[nodiscard]] JsonValue to_value(const Node& node);
/// Compact JSON of the tree.
void append_node(std::string& out, const Node& node);
/// The shortest JSON number that reads back as value; null if it is not finite.
void append_number(std::string& out, double value);

/// Any JSON document under the same strict rules. Needs <boost/json/value.hpp> where it is called.
[[nodiscard]] Result<JsonValue> parse_json(std::string_view text, const ReadLimits& limits = {});

}  // namespace hongyan::shape
