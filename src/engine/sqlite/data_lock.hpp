// DataLock: keeps a second process out of a data folder. Holds a lock on FOLDER/hongyan.lock as
// long as it lives; the kernel drops it when the process ends in whatever way, so a left-over file
// means nothing. The file holds the owner's process id, for the reader. Movable, not copyable;
// belongs to one thread.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace hongyan::sqlite {

class DataLock {
  public:
    /// Errors: conflict (another process has it; the detail names its pid), io_failed.
    static Result<DataLock> take(const std::filesystem::path& folder);
    DataLock(DataLock&& other) noexcept;
    DataLock& operator=(DataLock&& other) noexcept;
    ~DataLock();

  private:
    explicit DataLock(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace hongyan::sqlite
