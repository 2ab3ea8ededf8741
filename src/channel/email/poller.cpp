#include "channel/email/poller.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace hongyan::email {
namespace {

constexpr std::size_t events_per_wait = 256;
constexpr std::uint64_t wake_mark = ~std::uint64_t{0};
constexpr int fd_bits = 32;  // the owner stands above the descriptor in epoll's user data

}  // namespace

Poller::Poller()
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    HY_ASSERT(epoll_fd_ >= 0 && wake_fd_ >= 0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = wake_mark;
    HY_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) == 0);
    events_.reserve(events_per_wait);
}

Poller::~Poller() {
    close(wake_fd_);
    close(epoll_fd_);
}

void Poller::watch(int fd, std::size_t owner, Interest interest) {
    HY_ASSERT(fd >= 0);
    epoll_event event{};
    event.events = (interest.read ? EPOLLIN | EPOLLRDHUP : 0U) | (interest.write ? EPOLLOUT : 0U);
    event.data.u64 = (std::uint64_t{owner} << fd_bits) | static_cast<std::uint32_t>(fd);
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0) return;
    // A failure here leaves the socket unwatched; the deadline of its session then ends it.
    (void)epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
}

void Poller::forget(int fd) { (void)epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

std::span<const Poller::Event> Poller::wait(Millis time) {
    std::array<epoll_event, events_per_wait> found;
    const auto timeout = static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, 3'600'000));
    const int count = epoll_wait(epoll_fd_, found.data(), static_cast<int>(found.size()), timeout);
    events_.clear();
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = found[static_cast<std::size_t>(i)];
        if (event.data.u64 == wake_mark) {
            std::uint64_t wakes = 0;
            (void)!read(wake_fd_, &wakes, sizeof wakes);
            continue;
        }
        const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
        Event out;
        out.fd = static_cast<int>(event.data.u64 & 0xFFFFFFFFU);
        out.owner = static_cast<std::size_t>(event.data.u64 >> fd_bits);
        out.ready.read = broken || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0;
        out.ready.write = broken || (event.events & EPOLLOUT) != 0;
        events_.push_back(out);
    }
    return events_;
}

void Poller::wake() {
    const std::uint64_t one = 1;
    (void)!write(wake_fd_, &one, sizeof one);
}

}  // namespace hongyan::email
