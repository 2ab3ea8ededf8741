// Ledger: the sandbox's list of arrivals in a file, for programs that count them after the server
// was killed. Records of 32 bytes, little-endian, nothing else:
//      0  u64  sequence, rising by one
//      8  i64  message id
//     16  u48  received, milliseconds since 1970
//     22  u16  attempt (65,535 = that or more)
//     24  u32  tenant id (its lower 32 bits)
//     28  u32  CRC-32 (as in zlib) of the 28 bytes before
// In Python: struct.unpack("<QqQII", record), received = third & (1 << 48) - 1, attempt = third
// >> 48. Written with plain write() and never synced: it survives the process, not the machine. A
// full file is renamed to PATH.1, replacing the one before. A Ledger belongs to one thread at a
// time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"

namespace hongyan::sandbox {

struct LedgerRecord {
    std::uint64_t sequence = 0;
    MessageId message_id = 0;
    std::int64_t received_ms = 0;
    std::int32_t attempt = 1;
    std::int64_t tenant_id = 0;
};

class Ledger {
  public:
    /// Opens or creates the file; a half-written record at its end is cut off. Errors: io_failed.
    static Result<Ledger> open(const std::filesystem::path& path, std::uint64_t max_bytes);
    Ledger(Ledger&& other) noexcept;
    Ledger& operator=(Ledger&&) = delete;
    ~Ledger();

    /// All of the records or none. Errors: io_failed.
    Status append(const std::vector<LedgerRecord>& records);
    /// Of the newest record in the files, 0 if there is none.
    [[nodiscard]] std::uint64_t last_sequence() const { return last_sequence_; }

  private:
    Ledger(std::filesystem::path path, std::uint64_t max_bytes)
        : path_(std::move(path)), max_bytes_(max_bytes) {}
    Status open_file();
    Status rotate();
    [[nodiscard]] Error failure(const char* what) const;

    const std::filesystem::path path_;
    const std::uint64_t max_bytes_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
    std::uint64_t last_sequence_ = 0;
    std::string buffer_;
};

struct LedgerContents {
    std::vector<LedgerRecord> records;  ///< of PATH.1 and PATH, in the order they were written
    std::size_t damaged_bytes = 0;      ///< in records whose checksum is wrong, and half ones
};

/// Reads both files; missing ones are empty. Errors: io_failed.
[[nodiscard]] Result<LedgerContents> read_ledger(const std::filesystem::path& path);

}  // namespace hongyan::sandbox
