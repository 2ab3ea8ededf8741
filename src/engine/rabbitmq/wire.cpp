#include "engine/rabbitmq/wire.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace hongyan::rabbitmq {
namespace {

// H, version, then numbers in base 128: published_ms, the channels' names (each once), the jobs.
// Signed ones are folded (0, -1, 1, -2, ...), ids and tenants are differences to the job before. A
// job's priority has flags above its lowest four bits; those that are not known mean nothing.
constexpr char mark = 'H';
constexpr char version = 1;
constexpr std::uint64_t priority_bits = 15;
constexpr std::uint64_t again_flag = 16;

void put(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

void put_signed(std::string& out, std::int64_t value) {
    put(out, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

std::int64_t difference(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// Reads numbers; after the first bad one everything is 0 and ok() is false.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (text_.empty()) break;
            const auto byte = static_cast<std::uint8_t>(text_.front());
            text_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }
    std::int64_t folded() {
        const auto value = number();
        return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    std::string_view bytes(std::uint64_t count) {
        if (count > text_.size()) {
            ok_ = false;
            return {};
        }
        const auto found = text_.substr(0, count);
        text_.remove_prefix(count);
        return found;
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return text_.empty(); }

  private:
    std::string_view text_;
    bool ok_ = true;
};

Error bad(std::string detail) {
    return make_error(ErrorCode::bad_request, "not a carrier of jobs: " + std::move(detail));
}

}  // namespace

std::string encode(std::int64_t published_ms, std::span<const Job> jobs) {
    HY_ASSERT(jobs.size() <= most_jobs);
    std::string out{mark, version};
    out.reserve(32 + jobs.size() * 12);
    put_signed(out, published_ms);
    std::vector<ChannelKind> kinds;
    for (const Job& job : jobs) {
        if (std::find(kinds.begin(), kinds.end(), job.channel) == kinds.end())
            kinds.push_back(job.channel);
    }
    put(out, kinds.size());
    for (const auto kind : kinds) {
        const auto name = channel_names[static_cast<std::size_t>(kind)];
        put(out, name.size());
        out += name;
    }
    put(out, jobs.size());
    Job before;
    before.tenant_id = 0;
    for (const Job& job : jobs) {
        put_signed(out, difference(job.id, before.id));
        put_signed(out, difference(job.tenant_id, before.tenant_id));
        put_signed(out, difference(job.ready_ms, published_ms));
        put(out, job.priority | (job.again ? again_flag : 0));
        const auto kind = std::find(kinds.begin(), kinds.end(), job.channel);
        put(out, static_cast<std::uint64_t>(kind - kinds.begin()));
        before = job;
    }
    return out;
}

Result<Carrier> decode(std::string_view body) {
    if (body.size() > longest_body) return bad("longer than 64 KiB");
    if (body.size() < 2 || body[0] != mark) return bad("it does not begin with H");
    if (body[1] != version) return bad("version " + std::to_string(body[1]) + " is unknown");
    Reader reader(body.substr(2));
    Carrier carrier;
    carrier.published_ms = reader.folded();
    std::vector<ChannelKind> kinds;
    const auto kind_count = reader.number();
    for (std::uint64_t i = 0; i < kind_count && reader.ok(); ++i) {
        const auto name = reader.bytes(reader.number());
        const auto found = std::find(channel_names.begin(), channel_names.end(), name);
        if (found == channel_names.end()) return bad("this node does not know one of its channels");
        kinds.push_back(static_cast<ChannelKind>(found - channel_names.begin()));
    }
    const auto count = reader.number();
    if (count > most_jobs) return bad("more than 1024 jobs");
    carrier.jobs.reserve(count);
    Job job;
    job.tenant_id = 0;
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        job.id = sum(job.id, reader.folded());
        job.tenant_id = sum(job.tenant_id, reader.folded());
        job.ready_ms = sum(carrier.published_ms, reader.folded());
        const auto flags = reader.number();
        const auto priority = flags & priority_bits;
        const auto kind = reader.number();
        if (!reader.ok() || priority >= priority_levels || kind >= kinds.size() || job.id < 0)
            return bad("job " + std::to_string(i) + " is damaged");
        job.priority = static_cast<std::uint8_t>(priority);
        job.again = (flags & again_flag) != 0;
        job.channel = kinds[kind];
        carrier.jobs.push_back(job);
    }
    if (!reader.ok() || !reader.at_end()) return bad("it is cut off or longer than it says");
    return carrier;
}

}  // namespace hongyan::rabbitmq
