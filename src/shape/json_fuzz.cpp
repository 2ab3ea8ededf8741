// Fuzz target of the JSON reader: any bytes are read or refused, and what was read is written as it
// is read again.
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "shape/json_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hongyan::shape;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)pointer_of(text);
    Document document;
    const auto root = document.parse(text, {});
    if (!root) {
        HY_ASSERT(root.error().problems.size() == 1 && hongyan::is_utf8(root.error().detail));
        return 0;
    }
    std::string once;
    append_node(once, **root);
    Document again;
    const auto second = again.parse(once, {});
    HY_ASSERT(second.ok());
    std::string twice;
    append_node(twice, **second);
    HY_ASSERT(once == twice);
    return 0;
}
