#include "engine/curl/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/assert.hpp"
#include "base/thread.hpp"

namespace hongyan::curl {
namespace {

constexpr std::uint64_t wake_mark = 0;  ///< epoll data of the event descriptor; groups begin at 1
constexpr int max_wait_ms = 1'000;
constexpr std::int64_t waiting_check_us = 50'000;
constexpr std::int64_t idle_check_us = 5'000'000;
constexpr std::size_t max_free = 512;
constexpr long max_streams = 1'000;

template <class Value>
void set(CURLM* multi, CURLMoption option, Value value) {
    const CURLMcode code = curl_multi_setopt(multi, option, value);
    HY_ASSERT(code == CURLM_OK);
}

/// Whom a connection may serve: operators' and users' URLs never share one, nor do two groups.
std::string group_key(const OutboundRequest& request) {
    return (request.trust == UrlTrust::users ? "u" : "o") + request.group;
}

void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

Loop::Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Loop::Loop(const CurlOptions& options, NetworkList allowed, const Clock& clock, Log& log)
    : clock_(clock),
      log_(log),
      max_in_flight_(std::max<std::size_t>(
          options.max_in_flight / static_cast<std::size_t>(std::max(options.threads, 1)), 1)),
      max_per_host_(std::max<std::size_t>(options.max_per_host, 1)),
      group_idle_us_(std::int64_t{2'000'000} * std::max(options.max_idle_seconds, 1)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    transfer_options_.allowed = std::move(allowed);
    transfer_options_.user_agent = options.user_agent;
    transfer_options_.max_idle_seconds = std::max(options.max_idle_seconds, 1);
    transfer_options_.clock = &clock;
    transfer_options_.goaways = &goaways_;
}

Result<std::unique_ptr<Loop>> Loop::open(const CurlOptions& options, NetworkList allowed,
                                         const Clock& clock, Log& log) {
    std::unique_ptr<Loop> loop(new Loop(options, std::move(allowed), clock, log));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = wake_mark;
    const bool ready =
        loop->epoll_.get() >= 0 && loop->event_.get() >= 0 &&
        epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->event_.get(), &event) == 0;
    if (!ready) return make_error(ErrorCode::unavailable, "no descriptors for the HTTP client");
    loop->thread_ = start_thread("http-client", [raw = loop.get()] { raw->run(); });
    return loop;
}

Loop::~Loop() {
    if (!thread_.joinable()) return;
    incoming_.lock()->stopping = true;
    wake();
    thread_.join();
}

void Loop::add(Job job) {
    {
        auto incoming = incoming_.lock();
        if (!incoming->stopping) {
            incoming->jobs.push_back(std::move(job));
            job.done = nullptr;
        }
    }
    if (job.done) return end_unsent(std::move(job), CallEnd::not_sent, "the client was closed");
    wake();
}

void Loop::wake() {
    // One write is enough for all that comes before the thread looks.
    if (woken_.exchange(true)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto done = ::write(event_.get(), &one, sizeof one);
}

void Loop::run() {
    block_signals();
    while (take_incoming()) {
        fire_timers();
        finish_all();
        wait_for_events();
        fire_timers();
        finish_all();
        collect_overdue();
        finish_all();
        drop_idle_groups();
    }
    end_everything();
}

/// False if the loop is to end.
bool Loop::take_incoming() {
    std::vector<Job> jobs;
    woken_.store(false);
    {
        auto incoming = incoming_.lock();
        if (incoming->stopping) return false;
        jobs.swap(incoming->jobs);
    }
    for (Job& job : jobs) {
        if (job.refusal.empty()) {
            waiting_.push_back(std::move(job));
        } else {
            std::string detail = std::move(job.refusal);
            end_unsent(std::move(job), CallEnd::refused, std::move(detail));
        }
    }
    start_waiting();
    return true;
}

void Loop::start_waiting() {
    while (!waiting_.empty() && running_.size() < max_in_flight_) {
        Job job = std::move(waiting_.front());
        waiting_.pop_front();
        Host& host = host_of(job);
        if (host.running >= host.most) {
            host.waiting.push_back(std::move(job));
        } else {
            start(std::move(job), host);
        }
    }
}

Host& Loop::host_of(const Job& job) {
    const bool is_alone = is_only_http1(job);  // else libcurl decides how many connections it takes
    Host& host = hosts_[group_key(job.request) + (is_alone ? "\n" : "\n\n") + job.origin];
    const std::size_t share = std::max<std::size_t>(max_in_flight_ / 2, 1);
    host.most = is_alone ? std::min(max_per_host_, share) : share;
    return host;
}

void Loop::end_unsent(Job job, CallEnd end, std::string detail) {
    OutboundReply reply;
    reply.end = end;
    reply.detail = std::move(detail);
    reply.started_ms = clock_.now_ms();
    job.done(std::move(reply));
}

void Loop::start(Job job, Host& host) {
    std::unique_ptr<Transfer> transfer;
    if (free_.empty()) {
        transfer = std::make_unique<Transfer>(transfer_options_);
    } else {
        transfer = std::move(free_.back());
        free_.pop_back();
    }
    Group& group = group_of(job.request);
    transfer->begin(std::move(job));
    transfer->group = group.number;
    transfer->host = &host;
    ++host.running;
    ++group.running;
    Transfer* raw = transfer.get();
    deadlines_.emplace(raw->deadline_us(), raw);
    running_.emplace(raw, std::move(transfer));
    const CURLMcode code = curl_multi_add_handle(group.multi.get(), raw->handle());
    HY_ASSERT(code == CURLM_OK);
}

Loop::Group& Loop::group_of(const OutboundRequest& request) {
    const std::string key = group_key(request);
    const auto found = groups_by_key_.find(key);
    if (found != groups_by_key_.end()) return *found->second;
    auto group = std::make_unique<Group>();
    group->loop = this;
    group->number = ++last_group_;
    group->key = key;
    group->multi.reset(curl_multi_init());
    CURLM* multi = group->multi.get();
    HY_ASSERT(multi != nullptr);
    set(multi, CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
    set(multi, CURLMOPT_SOCKETDATA, static_cast<void*>(group.get()));
    set(multi, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    set(multi, CURLMOPT_TIMERDATA, static_cast<void*>(group.get()));
    set(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    set(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(max_per_host_));
    set(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, max_streams);
    set(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(max_in_flight_));
    Group& made = *group;
    groups_by_key_.emplace(key, &made);
    groups_.emplace(made.number, std::move(group));
    return made;
}

int Loop::on_socket(CURL*, curl_socket_t fd, int what, void* data, void* known) {
    auto& group = *static_cast<Group*>(data);
    const int epoll = group.loop->epoll_.get();
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
        return 0;
    }
    epoll_event event{};
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    event.data.u64 = (std::uint64_t{group.number} << 32) | static_cast<std::uint32_t>(fd);
    const int first = known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    const int second = known != nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll, first, fd, &event) != 0) epoll_ctl(epoll, second, fd, &event);
    curl_multi_assign(group.multi.get(), fd, &group);
    return 0;
}

int Loop::on_timer(CURLM*, long timeout_ms, void* data) {
    auto& group = *static_cast<Group*>(data);
    group.timer_us =
        timeout_ms < 0 ? -1 : group.loop->clock_.steady_us() + std::int64_t{timeout_ms} * 1000;
    return 0;
}

int Loop::wait_ms() const {
    const std::int64_t now = clock_.steady_us();
    std::int64_t next = now + std::int64_t{max_wait_ms} * 1000;
    for (const auto& [number, group] : groups_) {
        if (group->timer_us >= 0) next = std::min(next, group->timer_us);
    }
    if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
    const bool may_wait = !waiting_.empty() || !running_.empty();
    if (may_wait) next = std::min(next, next_waiting_check_us_);
    return next <= now ? 0 : static_cast<int>((next - now + 999) / 1000);
}

void Loop::wait_for_events() {
    std::array<epoll_event, 256> events;
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == wake_mark) {
            std::uint64_t ignored = 0;
            [[maybe_unused]] const auto got = ::read(event_.get(), &ignored, sizeof ignored);
            continue;
        }
        const auto found = groups_.find(static_cast<std::uint32_t>(event.data.u64 >> 32));
        if (found == groups_.end()) continue;
        int mask = 0;
        if ((event.events & EPOLLIN) != 0) mask |= CURL_CSELECT_IN;
        if ((event.events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
        if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) mask |= CURL_CSELECT_ERR;
        int ignored = 0;
        curl_multi_socket_action(found->second->multi.get(),
                                 static_cast<curl_socket_t>(event.data.u64 & 0xFFFFFFFFU), mask,
                                 &ignored);
    }
}

void Loop::fire_timers() {
    const std::int64_t now = clock_.steady_us();
    for (auto& [number, group] : groups_) {
        if (group->timer_us >= 0 && group->timer_us <= now) {
            group->timer_us = -1;
            int ignored = 0;
            curl_multi_socket_action(group->multi.get(), CURL_SOCKET_TIMEOUT, 0, &ignored);
        }
        collect(*group);
    }
}

void Loop::collect(Group& group) {
    if (group.running == 0) return;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(group.multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        char* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finished_.push_back({reinterpret_cast<Transfer*>(transfer), message->data.result, false});
    }
}

/// Whatever is still running at its deadline, and what never got a place.
void Loop::collect_overdue() {
    HY_ASSERT(finished_.empty());
    const std::int64_t now = clock_.steady_us();
    for (auto at = deadlines_.begin(); at != deadlines_.end() && at->first <= now; ++at) {
        finished_.push_back({at->second, CURLE_OPERATION_TIMEDOUT, true});
    }
    if (now < next_waiting_check_us_) return;
    next_waiting_check_us_ = now + waiting_check_us;
    end_overdue(waiting_);
    for (auto& [key, host] : hosts_) end_overdue(host.waiting);
}

void Loop::end_overdue(std::deque<Job>& waiting) {
    if (waiting.empty()) return;
    const std::int64_t now = clock_.steady_us();
    std::vector<Job> overdue;
    for (Job& job : waiting) {
        if (job.deadline_us <= now) overdue.push_back(std::move(job));
    }
    std::erase_if(waiting, [now](const Job& job) { return job.deadline_us <= now; });
    for (Job& job : overdue) {
        end_unsent(std::move(job), CallEnd::not_sent,
                   "too many calls are under way; it waited until its time-out");
    }
}

/// A GOAWAY reaches one call of a connection; it concerns all that were opened too late.
void Loop::hear_goaways() {
    std::set<Transfer*> ended;
    for (const Finished& one : finished_) ended.insert(one.transfer);
    for (const GoAway& goaway : goaways_) {
        for (const auto& [raw, transfer] : running_) {
            if (transfer->hears(goaway) && ended.insert(raw).second)
                finished_.push_back({raw, CURLE_RECV_ERROR, false});
        }
    }
    goaways_.clear();
}

void Loop::finish_all() {
    if (!goaways_.empty()) hear_goaways();
    end_finished();
}

void Loop::end_finished() {
    std::vector<Finished> finished;
    finished.swap(finished_);
    for (const Finished& one : finished) finish(one);
    finished.clear();
    finished_.swap(finished);  // keeps its memory
    start_waiting();
}

void Loop::finish(const Finished& finished) {
    const auto found = running_.find(finished.transfer);
    HY_ASSERT(found != running_.end());
    if (finished.transfer->guessed_wrong() && !finished.out_of_time) {
        CURLM* multi = groups_.at(finished.transfer->group)->multi.get();
        curl_multi_remove_handle(multi, finished.transfer->handle());
        finished.transfer->turn();
        const CURLMcode added = curl_multi_add_handle(multi, finished.transfer->handle());
        HY_ASSERT(added == CURLM_OK);
        return;
    }
    std::unique_ptr<Transfer> transfer = std::move(found->second);
    running_.erase(found);
    deadlines_.erase({transfer->deadline_us(), transfer.get()});
    // The verdict first: taking the handle out of the group forgets what it has written.
    OutboundReply reply = transfer->finish(finished.code, finished.out_of_time);
    Group& group = *groups_.at(transfer->group);
    curl_multi_remove_handle(group.multi.get(), transfer->handle());
    if (--group.running == 0) group.idle_since_us = clock_.steady_us();
    Host& host = *transfer->host;
    --host.running;
    if (!host.waiting.empty()) {  // it has waited longer than what waits for any place
        waiting_.push_front(std::move(host.waiting.front()));
        host.waiting.pop_front();
    }
    if (reply.end == CallEnd::refused) log_.debug("outbound.refused", {{"detail", reply.detail}});
    OutboundDone done = transfer->take_done();
    if (free_.size() < max_free) free_.push_back(std::move(transfer));
    done(std::move(reply));
}

/// A group that nobody has used for long has only connections that are too old.
void Loop::drop_idle_groups() {
    const std::int64_t now = clock_.steady_us();
    if (now < next_idle_check_us_) return;
    next_idle_check_us_ = now + idle_check_us;
    std::erase_if(hosts_, [](const auto& entry) {
        return entry.second.running == 0 && entry.second.waiting.empty();
    });
    for (auto at = groups_.begin(); at != groups_.end();) {
        const Group& group = *at->second;
        if (group.running != 0 || group.idle_since_us + group_idle_us_ > now) {
            ++at;
            continue;
        }
        groups_by_key_.erase(group.key);
        at = groups_.erase(at);
    }
}

void Loop::end_everything() {
    finished_.clear();
    for (const auto& [raw, transfer] : running_) {
        finished_.push_back({raw, CURLE_ABORTED_BY_CALLBACK, true});
    }
    const std::vector<Finished> finished = std::move(finished_);
    for (const Finished& one : finished) finish(one);
    std::vector<Job> jobs = std::move(incoming_.lock()->jobs);
    for (auto& [key, host] : hosts_) {
        for (Job& job : host.waiting) jobs.push_back(std::move(job));
    }
    for (Job& job : waiting_) jobs.push_back(std::move(job));
    waiting_.clear();
    hosts_.clear();
    for (Job& job : jobs) {
        end_unsent(std::move(job), CallEnd::not_sent, "the client was closed");
    }
    free_.clear();
    groups_.clear();
}

}  // namespace hongyan::curl
