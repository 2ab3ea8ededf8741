// libslowsync.so: preloaded into the server it makes every fsync and fdatasync take SLOWSYNC_MS
// milliseconds longer, like a slower disk, and counts them in the file SLOWSYNC_COUNT: two 64-bit
// numbers in the machine's byte order, the syncs done and the nanoseconds spent in them. The file
// is mapped, so a reader sees the numbers at once. Either may be left unset. Thread-safe; a bad
// value of either variable ends the process with a message, as a wrong measurement is worse.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

struct Counts {
    std::atomic<std::uint64_t> syncs;
    std::atomic<std::uint64_t> nanoseconds;
};
static_assert(sizeof(Counts) == 16 && std::atomic<std::uint64_t>::is_always_lock_free);

using SyncFunction = int (*)(int);

struct Setup {
    SyncFunction real_fsync = nullptr;
    SyncFunction real_fdatasync = nullptr;
    timespec pause{};
    Counts* counts = nullptr;
};

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "libslowsync: %s\n", what);
    std::_Exit(97);
}

timespec pause_from_environment() {
    const char* text = std::getenv("SLOWSYNC_MS");
    if (text == nullptr || *text == '\0') return {};
    char* end = nullptr;
    const double milliseconds = std::strtod(text, &end);
    if (*end != '\0' || !(milliseconds >= 0 && milliseconds <= 10'000))
        give_up("SLOWSYNC_MS must be 0 to 10000");
    const auto nanoseconds = static_cast<std::int64_t>(milliseconds * 1e6);
    return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

Counts* map_counts() {
    const char* path = std::getenv("SLOWSYNC_COUNT");
    if (path == nullptr || *path == '\0') return nullptr;
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(Counts)) != 0)
        give_up("cannot open the file SLOWSYNC_COUNT");
    void* memory = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) give_up("cannot map the file SLOWSYNC_COUNT");
    close(file);
    return static_cast<Counts*>(memory);
}

Setup make_setup() {
    Setup setup;
    setup.real_fsync = reinterpret_cast<SyncFunction>(dlsym(RTLD_NEXT, "fsync"));
    setup.real_fdatasync = reinterpret_cast<SyncFunction>(dlsym(RTLD_NEXT, "fdatasync"));
    if (setup.real_fsync == nullptr || setup.real_fdatasync == nullptr) give_up("no fsync to call");
    setup.pause = pause_from_environment();
    setup.counts = map_counts();
    return setup;
}

const Setup& setup() {
    static const Setup made = make_setup();
    return made;
}

std::uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

int slow_sync(SyncFunction real, int file) {
    const std::uint64_t begun = now_ns();
    const int result = real(file);
    const int error = errno;
    timespec left = setup().pause;
    while ((left.tv_sec > 0 || left.tv_nsec > 0) && nanosleep(&left, &left) != 0) {
    }
    if (Counts* counts = setup().counts) {
        counts->syncs.fetch_add(1, std::memory_order_relaxed);
        counts->nanoseconds.fetch_add(now_ns() - begun, std::memory_order_relaxed);
    }
    errno = error;
    return result;
}

}  // namespace

extern "C" {
int fsync(int file) { return slow_sync(setup().real_fsync, file); }
int fdatasync(int file) { return slow_sync(setup().real_fdatasync, file); }
}
