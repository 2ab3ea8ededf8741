// Fuzz target of everything that reads mail from outside: any bytes are read or refused, and
// without our keys no receipt comes of them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "channel/mail/bounce.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hongyan;
    using namespace hongyan::mail;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    BounceKeys keys;
    keys.verp_prefix = "bounce";
    keys.verp_domain = "bounces.example.com";
    keys.verp_key = "0123456789abcdef";
    keys.unsubscribe_key = "fedcba9876543210";
    keys.accept_unsigned = false;
    keys.message_id_domain = "example.com";
    const auto signed_only = read_bounce(text, keys, 1'790'000'000'000);
    HY_ASSERT(!signed_only || signed_only->empty());
    keys.accept_unsigned = true;
    const auto all = read_bounce(text, keys, 1'790'000'000'000);
    if (all) {
        for (const Receipt& receipt : *all) HY_ASSERT(is_utf8(receipt.detail));
    }
    HY_ASSERT(!read_unsubscribe(text, keys));
    return 0;
}
