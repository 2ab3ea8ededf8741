#include "channel/sandbox/ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace hongyan::sandbox {
namespace {

constexpr std::size_t record_size = 32;
constexpr std::size_t checked_size = 28;
constexpr std::uint64_t time_mask = (std::uint64_t{1} << 48) - 1;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320U : 0);
        table[byte] = value;
    }
    return table;
}();

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xffffffffU;
    for (const char c : bytes)
        crc = crc >> 8 ^ crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return ~crc;
}

void put(char* to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to[i] = static_cast<char>(value >> (8 * i));
}

std::uint64_t get(const char* from, int bytes) {
    std::uint64_t value = 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(from[i]);
    return value;
}

void append_encoded(std::string& out, const LedgerRecord& record) {
    std::array<char, record_size> bytes;
    const auto attempt = static_cast<std::uint64_t>(std::clamp(record.attempt, 0, 0xffff));
    put(&bytes[0], record.sequence, 8);
    put(&bytes[8], static_cast<std::uint64_t>(record.message_id), 8);
    put(&bytes[16], (static_cast<std::uint64_t>(record.received_ms) & time_mask) | attempt << 48,
        8);
    put(&bytes[24], static_cast<std::uint64_t>(record.tenant_id), 4);
    put(&bytes[28], crc32({bytes.data(), checked_size}), 4);
    out.append(bytes.data(), bytes.size());
}

std::optional<LedgerRecord> decode(const char* bytes) {
    if (get(bytes + checked_size, 4) != crc32({bytes, checked_size})) return std::nullopt;
    LedgerRecord record;
    record.sequence = get(bytes, 8);
    record.message_id = static_cast<MessageId>(get(bytes + 8, 8));
    record.received_ms = static_cast<std::int64_t>(get(bytes + 16, 6));
    record.attempt = static_cast<std::int32_t>(get(bytes + 22, 2));
    record.tenant_id = static_cast<std::int64_t>(get(bytes + 24, 4));
    return record;
}

/// Where the last whole record of an open file ends, and its sequence.
struct Tail {
    std::uint64_t end = 0;
    std::uint64_t sequence = 0;
};

Tail find_tail(int fd, std::uint64_t size) {
    std::array<char, record_size> bytes;
    // Only the end can be half-written, but a damaged file should not stop a start either.
    for (std::uint64_t end = size / record_size * record_size; end > 0; end -= record_size) {
        const auto at = static_cast<off_t>(end - record_size);
        if (::pread(fd, bytes.data(), record_size, at) != static_cast<ssize_t>(record_size))
            continue;
        if (const auto record = decode(bytes.data())) return {end, record->sequence};
    }
    return {};
}

std::filesystem::path older(const std::filesystem::path& path) { return path.string() + ".1"; }

Status read_into(const std::filesystem::path& path, LedgerContents& contents) {
    std::error_code missing;
    if (!std::filesystem::exists(path, missing)) return Done{};
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (!file.is_open() || file.bad()) {
        return make_error(ErrorCode::io_failed, "cannot read " + path.string());
    }
    std::size_t at = 0;
    for (; at + record_size <= bytes.size(); at += record_size) {
        if (const auto record = decode(bytes.data() + at)) {
            contents.records.push_back(*record);
        } else {
            contents.damaged_bytes += record_size;
        }
    }
    contents.damaged_bytes += bytes.size() - at;
    return Done{};
}

}  // namespace

Result<Ledger> Ledger::open(const std::filesystem::path& path, std::uint64_t max_bytes) {
    Ledger ledger(path, max_bytes);
    if (auto opened = ledger.open_file(); !opened) return opened.error();
    if (ledger.last_sequence_ == 0) {
        const int fd = ::open(older(path).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            const off_t size = ::lseek(fd, 0, SEEK_END);
            if (size > 0)
                ledger.last_sequence_ = find_tail(fd, static_cast<std::uint64_t>(size)).sequence;
            ::close(fd);
        }
    }
    return ledger;
}

Ledger::Ledger(Ledger&& other) noexcept
    : path_(other.path_),
      max_bytes_(other.max_bytes_),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      last_sequence_(other.last_sequence_) {}

Ledger::~Ledger() {
    if (fd_ >= 0) ::close(fd_);
}

Error Ledger::failure(const char* what) const {
    return make_error(ErrorCode::io_failed, std::string("cannot ") + what + " " + path_.string() +
                                                ": " + std::strerror(errno));
}

Status Ledger::open_file() {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd_ < 0) return failure("open");
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    if (size < 0) return failure("read");
    const Tail tail = find_tail(fd_, static_cast<std::uint64_t>(size));
    if (tail.end != static_cast<std::uint64_t>(size) &&
        ::ftruncate(fd_, static_cast<off_t>(tail.end)) != 0) {
        return failure("repair");
    }
    size_ = tail.end;
    last_sequence_ = std::max(last_sequence_, tail.sequence);
    return Done{};
}

Status Ledger::rotate() {
    if (::rename(path_.c_str(), older(path_).c_str()) != 0) return failure("rename");
    ::close(std::exchange(fd_, -1));
    return open_file();
}

Status Ledger::append(const std::vector<LedgerRecord>& records) {
    if (records.empty()) return Done{};
    buffer_.clear();
    for (const LedgerRecord& record : records) append_encoded(buffer_, record);
    if (size_ > 0 && size_ + buffer_.size() > max_bytes_) {
        if (auto rotated = rotate(); !rotated) return rotated;
    }
    if (fd_ < 0) {
        if (auto opened = open_file(); !opened)
            return opened;  // the last rotation got stuck half-way
    }
    std::size_t done = 0;
    while (done < buffer_.size()) {
        const ssize_t wrote = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
        if (wrote > 0) {
            done += static_cast<std::size_t>(wrote);
        } else if (errno != EINTR) {
            const Error error = failure("write");
            // Takes back the part that was written, so that records stay where they belong.
            if (done > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0)
                return failure("repair");
            return error;
        }
    }
    size_ += buffer_.size();
    last_sequence_ = records.back().sequence;
    return Done{};
}

Result<LedgerContents> read_ledger(const std::filesystem::path& path) {
    LedgerContents contents;
    if (auto read = read_into(older(path), contents); !read) return read.error();
    if (auto read = read_into(path, contents); !read) return read.error();
    return contents;
}

}  // namespace hongyan::sandbox
