#include "channel/smpp/pdu.hpp"

#include <algorithm>

namespace hongyan::smpp {
namespace {

/// A peer that sends more TLVs than this is not talking SMPP.
constexpr std::size_t max_tlvs = 256;

void put8(std::string& out, std::uint8_t v) { out += static_cast<char>(v); }
void put16(std::string& out, std::uint32_t v) {
    put8(out, static_cast<std::uint8_t>(v >> 8));
    put8(out, static_cast<std::uint8_t>(v));
}
void put32(std::string& out, std::uint32_t v) {
    put16(out, v >> 16);
    put16(out, v & 0xFFFF);
}
void put_text(std::string& out, std::string_view text) {
    out += text.substr(0, text.find('\0'));
    out += '\0';
}
void put_address(std::string& out, const Address& address) {
    put8(out, address.ton);
    put8(out, address.npi);
    put_text(out, address.digits);
}

std::uint32_t read32(std::string_view bytes) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(bytes[i]);
    return v;
}

/// Begins a PDU whose length is filled in by its destructor.
class Writer {
  public:
    Writer(std::string& out, std::uint32_t command, std::uint32_t status, std::uint32_t sequence)
        : out_(out), start_(out.size()) {
        put32(out_, 0);
        put32(out_, command);
        put32(out_, status);
        put32(out_, sequence);
    }
    ~Writer() {
        const std::size_t length = out_.size() - start_;
        for (std::size_t i = 0; i < 4; ++i)
            out_[start_ + i] = static_cast<char>(length >> (24 - 8 * i));
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

  private:
    std::string& out_;
    const std::size_t start_;
};

/// Takes fields off the front of a body; after the first that is not there, every other is empty.
class Reader {
  public:
    explicit Reader(std::string_view body) : rest_(body) {}

    std::uint8_t byte() {
        const auto field = take(1);
        return field.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(field[0]);
    }
    std::size_t word() {
        const auto field = take(2);
        if (field.size() < 2) return 0;
        return static_cast<std::size_t>(static_cast<unsigned char>(field[0])) << 8 |
               static_cast<unsigned char>(field[1]);
    }
    /// A C-string. Limits of the specification are not enforced: real peers break them harmlessly.
    std::string text() {
        const auto end = rest_.find('\0');
        if (end == rest_.npos) {
            fail();
            return {};
        }
        std::string field(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return field;
    }
    std::string_view take(std::size_t count) {
        if (count > rest_.size()) {
            fail();
            return {};
        }
        const auto field = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return field;
    }
    Address address() {
        Address found;
        found.ton = byte();
        found.npi = byte();
        found.digits = text();
        return found;
    }
    std::vector<Tlv> tlvs() {
        std::vector<Tlv> found;
        while (!rest_.empty() && ok_) {
            Tlv one;
            one.tag = static_cast<std::uint16_t>(word());
            one.value = take(word());
            if (found.size() == max_tlvs) fail();
            if (ok_) found.push_back(std::move(one));
        }
        return found;
    }
    [[nodiscard]] bool ok() const { return ok_; }

  private:
    void fail() {
        ok_ = false;
        rest_ = {};
    }
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace

const std::string* ShortMessage::find(std::uint16_t wanted) const {
    for (const Tlv& one : tlvs) {
        if (one.tag == wanted) return &one.value;
    }
    return nullptr;
}

std::string_view ShortMessage::content() const {
    const std::string* payload = find(tag::message_payload);
    return payload != nullptr && text.empty() ? std::string_view(*payload) : std::string_view(text);
}

Frame first_frame(std::string_view received) {
    Frame frame;
    if (received.size() >= 4) {
        frame.header.length = read32(received);
        // Told apart at once: waiting for the rest of a nonsense length would never end.
        if (frame.header.length < header_size || frame.header.length > max_pdu_size)
            frame.state = FrameState::bad_length;
    }
    if (received.size() < header_size) return frame;
    frame.header.command = read32(received.substr(4));
    frame.header.status = read32(received.substr(8));
    frame.header.sequence = read32(received.substr(12));
    if (frame.state == FrameState::bad_length || received.size() < frame.header.length)
        return frame;
    frame.state = FrameState::complete;
    frame.body = received.substr(header_size, frame.header.length - header_size);
    return frame;
}

void append_bind(std::string& out, Command kind, std::uint32_t sequence, const BindRequest& bind) {
    const Writer pdu(out, static_cast<std::uint32_t>(kind), 0, sequence);
    put_text(out, bind.system_id);
    put_text(out, bind.password);
    put_text(out, bind.system_type);
    put8(out, 0x34);  // interface_version 3.4
    put8(out, bind.address_ton);
    put8(out, bind.address_npi);
    put_text(out, bind.address_range);
}

void append_message(std::string& out, Command kind, std::uint32_t sequence,
                    const ShortMessage& message) {
    HY_ASSERT(message.text.size() <= max_short_message);
    const Writer pdu(out, static_cast<std::uint32_t>(kind), 0, sequence);
    put_text(out, message.service_type);
    put_address(out, message.source);
    put_address(out, message.destination);
    put8(out, message.esm_class);
    put8(out, message.protocol_id);
    put8(out, message.priority);
    put_text(out, message.schedule_time);
    put_text(out, message.validity_period);
    put8(out, message.registered_delivery);
    put8(out, 0);  // replace_if_present_flag
    put8(out, message.data_coding);
    put8(out, 0);  // sm_default_msg_id
    put8(out, static_cast<std::uint8_t>(message.text.size()));
    out += message.text;
    for (const Tlv& one : message.tlvs) {
        HY_ASSERT(one.value.size() <= 0xFFFF);
        put16(out, one.tag);
        put16(out, static_cast<std::uint32_t>(one.value.size()));
        out += one.value;
    }
}

void append_bare(std::string& out, std::uint32_t command, std::uint32_t status,
                 std::uint32_t sequence) {
    const Writer pdu(out, command, status, sequence);
}

void append_deliver_answer(std::string& out, std::uint32_t command, std::uint32_t status,
                           std::uint32_t sequence) {
    const Writer pdu(out, command, status, sequence);
    out += '\0';
}

Result<ShortMessage> read_deliver(std::string_view body) {
    Reader reader(body);
    ShortMessage m;
    m.service_type = reader.text();
    m.source = reader.address();
    m.destination = reader.address();
    m.esm_class = reader.byte();
    m.protocol_id = reader.byte();
    m.priority = reader.byte();
    m.schedule_time = reader.text();
    m.validity_period = reader.text();
    m.registered_delivery = reader.byte();
    (void)reader.byte();
    m.data_coding = reader.byte();
    (void)reader.byte();
    m.text = reader.take(reader.byte());
    m.tlvs = reader.tlvs();
    if (!reader.ok()) return make_error(ErrorCode::bad_request, "deliver_sm is truncated");
    return m;
}

Result<ShortMessage> read_data(std::string_view body) {
    Reader reader(body);
    ShortMessage m;
    m.service_type = reader.text();
    m.source = reader.address();
    m.destination = reader.address();
    m.esm_class = reader.byte();
    m.registered_delivery = reader.byte();
    m.data_coding = reader.byte();
    m.tlvs = reader.tlvs();
    if (!reader.ok()) return make_error(ErrorCode::bad_request, "data_sm is truncated");
    return m;
}

std::optional<std::string> read_leading_text(std::string_view body) {
    const auto end = body.find('\0');
    const auto found = body.substr(0, end);
    const bool printable =
        std::all_of(found.begin(), found.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (found.empty() || found.size() > 64 || !printable) return std::nullopt;
    return std::string(found);
}

std::string_view tlv_text(std::string_view value) { return value.substr(0, value.find('\0')); }

}  // namespace hongyan::smpp
