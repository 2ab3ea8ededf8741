// The bytes of SMPP 3.4: reading and writing its PDUs (protocol data units), big-endian, with fixed
// fields first and optional TLVs behind. Decoding never reads outside the given bytes and refuses
// what is truncated; unknown TLVs are kept aside, not refused. Pure functions, safe from every
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::smpp {

/// command_id of requests; a response has response_bit set.
enum class Command : std::uint32_t {
    bind_receiver = 0x01,
    bind_transmitter = 0x02,
    submit_sm = 0x04,
    deliver_sm = 0x05,
    unbind = 0x06,
    bind_transceiver = 0x09,
    outbind = 0x0B,
    enquire_link = 0x15,
    alert_notification = 0x102,
    data_sm = 0x103,
    generic_nack = 0x80000000,
};
inline constexpr std::uint32_t response_bit = 0x80000000;
inline constexpr std::size_t header_size = 16;
/// Longer PDUs are taken for garbage: a payload of 64 KiB cannot be legal beside its own header.
inline constexpr std::size_t max_pdu_size = 65'536;
inline constexpr std::uint32_t max_sequence = 0x7FFFFFFF;
/// short_message of version 3.4; longer texts need message_payload.
inline constexpr std::size_t max_short_message = 254;

struct Header {
    std::uint32_t length = 0;
    std::uint32_t command = 0;
    std::uint32_t status = 0;
    std::uint32_t sequence = 0;

    [[nodiscard]] bool is(Command c) const { return command == static_cast<std::uint32_t>(c); }
    [[nodiscard]] bool is_response_to(Command c) const {
        return command == (static_cast<std::uint32_t>(c) | response_bit);
    }
};

/// Tags of the TLVs that are understood here.
namespace tag {
inline constexpr std::uint16_t receipted_message_id = 0x001E;
inline constexpr std::uint16_t user_message_reference = 0x0204;
inline constexpr std::uint16_t sar_msg_ref_num = 0x020C;
inline constexpr std::uint16_t sar_total_segments = 0x020E;
inline constexpr std::uint16_t sar_segment_seqnum = 0x020F;
inline constexpr std::uint16_t network_error_code = 0x0423;
inline constexpr std::uint16_t message_payload = 0x0424;
inline constexpr std::uint16_t message_state = 0x0427;
}  // namespace tag

struct Tlv {
    std::uint16_t tag = 0;
    std::string value;
};

/// The parameters of bind_transmitter, bind_receiver and bind_transceiver.
struct BindRequest {
    std::string system_id;
    std::string password;
    std::string system_type;
    std::uint8_t address_ton = 0;
    std::uint8_t address_npi = 0;
    std::string address_range;
};

struct Address {
    std::uint8_t ton = 0;
    std::uint8_t npi = 0;
    std::string digits;
};

/// A short message as submit_sm, deliver_sm and data_sm carry it; data_sm leaves out most.
struct ShortMessage {
    std::string service_type;
    Address source;
    Address destination;
    std::uint8_t esm_class = 0;
    std::uint8_t protocol_id = 0;
    std::uint8_t priority = 0;
    std::string schedule_time;
    std::string validity_period;
    std::uint8_t registered_delivery = 0;
    std::uint8_t data_coding = 0;
    std::string text;  ///< short_message, with its user data header if esm_class says so
    std::vector<Tlv> tlvs;

    /// The first TLV with that tag, or nothing.
    [[nodiscard]] const std::string* find(std::uint16_t tag) const;
    /// The text: message_payload if there is one, else short_message.
    [[nodiscard]] std::string_view content() const;
};

enum class FrameState : std::uint8_t { incomplete, complete, bad_length };
struct Frame {
    FrameState state = FrameState::incomplete;
    Header header;          ///< set when four words are there, also with bad_length
    std::string_view body;  ///< complete only; points into the buffer
};
/// Looks at the front of what was received. A complete frame takes header.length bytes.
[[nodiscard]] Frame first_frame(std::string_view received);

void append_bind(std::string& out, Command kind, std::uint32_t sequence, const BindRequest& bind);
/// text must have at most 254 bytes and TLVs at most 65,535 each (asserted).
void append_message(std::string& out, Command kind, std::uint32_t sequence,
                    const ShortMessage& message);
/// A PDU without body: enquire_link, unbind, their responses, generic_nack, a failed response.
void append_bare(std::string& out, std::uint32_t command, std::uint32_t status,
                 std::uint32_t sequence);
/// deliver_sm_resp or data_sm_resp with an empty message_id.
void append_deliver_answer(std::string& out, std::uint32_t command, std::uint32_t status,
                           std::uint32_t sequence);

/// Error: bad_request, with what is wrong.
[[nodiscard]] Result<ShortMessage> read_deliver(std::string_view body);
[[nodiscard]] Result<ShortMessage> read_data(std::string_view body);
/// The C-string at the front of a response's body: message_id or system_id; at most 64 bytes and
/// without control characters. Nothing if there is none.
[[nodiscard]] std::optional<std::string> read_leading_text(std::string_view body);
/// A TLV's value as text: some peers count the closing NUL, some do not.
[[nodiscard]] std::string_view tlv_text(std::string_view value);

}  // namespace hongyan::smpp
