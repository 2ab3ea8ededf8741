// Fuzz target of the SMPP codec: any bytes are taken for a stream of PDUs, whose bodies are read in
// every way there is, receipts included; what was read as a message is written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "channel/smpp/pdu.hpp"
#include "channel/smpp/receipt.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hongyan::smpp;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    while (true) {
        const Frame frame = first_frame(rest);
        if (frame.state != FrameState::complete) break;
        HY_ASSERT(frame.header.length >= header_size && frame.header.length <= rest.size());
        (void)read_leading_text(frame.body);
        (void)read_data(frame.body);
        if (const auto message = read_deliver(frame.body)) {
            (void)read_receipt(*message, {IdMode::resp_hex_dlr_dec, 480});
            std::string again;
            // A field of 255 octets can be read, but not be written.
            if (message->text.size() <= max_short_message) {
                append_message(again, Command::deliver_sm, 1, *message);
                const auto second = read_deliver(std::string_view(again).substr(header_size));
                HY_ASSERT(second.ok() && second->text == message->text &&
                          second->tlvs.size() == message->tlvs.size());
            }
        }
        rest.remove_prefix(frame.header.length);
    }
    return 0;
}
