// Packets of SMPP 3.4 as a short message centre reads and writes them. Written apart from the
// sender's codec, so that neither can hide a mistake of the other. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hongyan::universe::smpp {

namespace command {
inline constexpr std::uint32_t bind_receiver = 1;
inline constexpr std::uint32_t bind_transmitter = 2;
inline constexpr std::uint32_t query_sm = 3;
inline constexpr std::uint32_t submit_sm = 4;
inline constexpr std::uint32_t deliver_sm = 5;
inline constexpr std::uint32_t unbind = 6;
inline constexpr std::uint32_t bind_transceiver = 9;
inline constexpr std::uint32_t enquire_link = 0x15;
inline constexpr std::uint32_t generic_nack = 0x80000000;
inline constexpr std::uint32_t answer = 0x80000000;
}  // namespace command

/// command_status values that this centre gives.
namespace refusal {
inline constexpr std::uint32_t none = 0x00;
inline constexpr std::uint32_t message_length = 0x01;
inline constexpr std::uint32_t command_length = 0x02;
inline constexpr std::uint32_t command_id = 0x03;
inline constexpr std::uint32_t bind_status = 0x04;
inline constexpr std::uint32_t already_bound = 0x05;
inline constexpr std::uint32_t registered_delivery = 0x07;
inline constexpr std::uint32_t system_error = 0x08;
inline constexpr std::uint32_t source_address = 0x0A;
inline constexpr std::uint32_t destination_address = 0x0B;
inline constexpr std::uint32_t message_id = 0x0C;
inline constexpr std::uint32_t password = 0x0E;
inline constexpr std::uint32_t system_id = 0x0F;
inline constexpr std::uint32_t queue_full = 0x14;
inline constexpr std::uint32_t esm_class = 0x43;
inline constexpr std::uint32_t submit_failed = 0x45;
inline constexpr std::uint32_t throttled = 0x58;
inline constexpr std::uint32_t validity = 0x62;
}  // namespace refusal

struct Packet {
    std::uint32_t length = 0;
    std::uint32_t id = 0;
    std::uint32_t status = 0;
    std::uint32_t sequence = 0;
    std::string body;
};
/// What stands at the front of a stream: a packet, too little, or garbage that ends the session.
struct Taken {
    std::optional<Packet> packet;
    bool garbage = false;
};
/// Takes the first packet off the bytes at from, which moves on.
[[nodiscard]] Taken take_packet(const std::string& stream, std::size_t& from);
[[nodiscard]] std::string write_packet(const Packet& packet);

struct Login {
    std::string system_id;
    std::string password;
    std::string system_type;
    int version = 0;
};
[[nodiscard]] std::optional<Login> read_login(const std::string& body);

struct Submit {
    std::string service_type;
    int source_ton = 0;
    int source_npi = 0;
    std::string source;
    int destination_ton = 0;
    int destination_npi = 0;
    std::string destination;
    int esm_class = 0;
    int protocol_id = 0;
    int priority = 0;
    std::string schedule;
    std::string validity;
    int registered_delivery = 0;
    int replace = 0;
    int data_coding = 0;
    int default_message = 0;
    std::string text;
    std::map<int, std::string> tlvs;  ///< by tag; a repeated one counts once
};
[[nodiscard]] std::optional<Submit> read_submit(const std::string& body);
/// The body of a deliver_sm; the same fields.
[[nodiscard]] std::string write_deliver(const Submit& message);

struct Query {
    std::string message_id;
};
[[nodiscard]] std::optional<Query> read_query(const std::string& body);

}  // namespace hongyan::universe::smpp
