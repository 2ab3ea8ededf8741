// Fuzz target: any source and any variables compile and render, or fail, within the budgets. The
// input is one byte that chooses the escape mode, the template, a NUL, and the variables as JSON.
// Built alone with -fsanitize=fuzzer, and included by the bounded run in template_fuzz_test.cpp.
// Seeds: the examples of docs/templates.md.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "render/sms_segments.hpp"
#include "render/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hongyan;
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view source = input.substr(1, input.find('\0', 1) - 1);
    const std::string_view rest = input.substr(std::min(source.size() + 2, input.size()));

    render::CompileOptions options;
    options.escape = static_cast<render::Escape>(data[0] % 4);
    options.allow_safe = (data[0] & 4) != 0;
    options.limits.output_bytes = 16 * 1024;
    options.limits.steps = 10'000;
    const auto compiled = render::compile(source, options);
    if (!compiled) {
        HY_ASSERT(!compiled.error().problems.empty());
        for (const auto& problem : compiled.error().problems) {
            HY_ASSERT(!is_utf8(source) || is_utf8(problem.detail));
        }
        return 0;
    }
    boost::json::error_code failure;
    const auto document = boost::json::parse(rest, failure);
    const auto variables =
        !failure && document.is_object() ? document.get_object() : boost::json::object();
    std::string out = "before";
    const auto status = compiled->render_to(out, variables);
    HY_ASSERT(out.starts_with("before"));
    HY_ASSERT(out.size() <= options.limits.output_bytes + 6);
    HY_ASSERT(is_utf8(out));
    HY_ASSERT(status.ok() || out.size() == 6);
    HY_ASSERT(status.ok() || is_utf8(status.error().detail));
    (void)render::sms_segments(out);
    return 0;
}
