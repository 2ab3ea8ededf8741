// Template: the text of a message with places to fill in, compiled once into a flat list of
// instructions and rendered for every message. The language is described in docs/templates.md.
// Compiling and rendering are pure: no environment, no files, no clock, no locale; the same
// template and variables always give the same bytes. A template sees nothing but the variables it
// is given. Its budgets (Limits) hold for hostile templates and hostile variables alike. A Template
// is immutable and cheap to copy; any number of threads may render one at once, without a lock.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "render/variables.hpp"

namespace hongyan::render {

struct Program;

/// How values are made harmless where they are written; the template's own text is never changed.
enum class Escape : std::uint8_t {
    plain,        ///< as they are: SMS, the text part of an e-mail
    html,         ///< & < > " ' become character references
    json_string,  ///< RFC 8259 escapes, for values inside a JSON string
    header,       ///< one line: each run of control characters becomes one space; for subjects and
                  ///< header fields
};

/// Budgets; passing one is an error, never a cut text.
struct Limits {
    std::size_t source_bytes = 64 * 1024;
    std::size_t nodes = 10'000;  ///< instructions after compiling
    std::size_t depth =
        16;  ///< nested blocks, and nested parts of one expression; never more than 32
    std::size_t output_bytes = 256 * 1024;
    std::size_t steps = 100'000;  ///< instructions run, plus one for each 64 bytes that a filter or
                                  ///< comparison handles
    std::size_t loop_items = 1'000;  ///< length of a list that may be looped over
};

struct CompileOptions {
    Escape escape = Escape::plain;
    /// Permits the filter safe, which writes a value unescaped. Never permitted in headers.
    bool allow_safe = false;
    Limits limits{};
    /// Those that are not required evaluate as empty when absent. Only read while compiling.
    std::span<const VariableSpec> variables{};
    /// The path of every Problem, e.g. "$.subject".
    std::string_view path = "$.content";
};

class Template {
  public:
    /// The empty text.
    Template() = default;
    explicit Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

    /// Names of the variables the template reads, each once, in the order of first use.
    [[nodiscard]] std::vector<std::string> variables() const;
    /// True if the template is the same text for everybody.
    [[nodiscard]] bool is_constant() const;
    /// The source as it was given to compile().
    [[nodiscard]] std::string_view source() const;

    /// The text for these variables. Fails with template_variables (a variable is missing or does
    /// not fit its use; the problem's path is "$.variables.NAME") or with content_invalid (a budget
    /// is used up); detail names line and column.
    [[nodiscard]] Result<std::string> render(const boost::json::object& variables) const;
    /// The same, appended to out; on failure out is as it was.
    [[nodiscard]] Status render_to(std::string& out, const boost::json::object& variables) const;

    /// For check_template.
    [[nodiscard]] const Program* program() const { return program_.get(); }

  private:
    // Shared because copies of a template are held by every message in flight while a new version
    // replaces it.
    std::shared_ptr<const Program> program_;
};

/// Compiles; fails with template_invalid and up to 10 problems, each detail beginning with
/// "line:column: ".
[[nodiscard]] Result<Template> compile(std::string_view source, const CompileOptions& options);
[[nodiscard]] Result<Template> compile(std::string_view source, Escape escape,
                                       const Limits& limits = {});

/// Where the template does not fit its declarations: a variable that is not declared, or one used
/// in a way its type does not allow (a loop over a number). A declared variable that is not used is
/// fine.
[[nodiscard]] std::vector<Problem> check_template(const Template& compiled,
                                                  std::span<const VariableSpec> specs,
                                                  std::string_view path = "$.content");

/// One filter, for manuals and editors.
struct FilterInfo {
    std::string_view name;
    std::string_view usage;  ///< e.g. "truncate(n, ending)"
    std::string_view description;
};
/// All filters in alphabetical order.
[[nodiscard]] std::span<const FilterInfo> filters();

}  // namespace hongyan::render
