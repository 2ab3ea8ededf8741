// This server's place in a cluster: its identity, the engines that it shares with others, its beat.
// Without store.url it is the only node, and everything here is inside the process. Part of Server.
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "api/node_report.hpp"
#include "app/server_parts.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "engine/open/open.hpp"
#include "engine/postgres/postgres_store.hpp"

namespace hongyan::app {
namespace {

constexpr std::size_t identity_bytes = 16;
/// Leading lasts for as long as the process.
constexpr Millis longest_hold{30LL * 24 * 3'600'000};

std::string host_name() {
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : "node";
}

/// Of a data folder in its place: a copy, on this machine or another, is another node. Were it the
/// same, each of the two would end the other at its start.
std::string identity_of(const std::string& written, const std::filesystem::path& folder) {
    std::error_code failure;
    const auto place = std::filesystem::canonical(folder, failure);
    return to_hex(sha256(written + "\n" + host_name() + "\n" + place.string()))
        .substr(0, 2 * identity_bytes);
}

/// The same after a restart, and no two processes have it, for the folder is locked.
Result<std::string> node_identity(const std::filesystem::path& folder) {
    const auto file = folder / "node.id";
    std::string identity;
    if (std::ifstream in(file); in >> identity && identity.size() == 2 * identity_bytes)
        return identity_of(identity, folder);
    identity = to_hex(random_bytes(identity_bytes));
    std::ofstream out(file);
    out << identity << "\n";
    out.close();
    if (out) return identity_of(identity, folder);
    return make_error(ErrorCode::io_failed, "The file " + file.string() + " cannot be written.");
}

}  // namespace

Error of_setting(std::string_view setting, std::string_view manual, Error error) {
    const auto end = error.detail.find_last_not_of(".? \n");
    error.detail = std::string(setting) + ": " + error.detail.substr(0, end + 1) + ".";
    if (error.code == ErrorCode::newer_database)
        error.detail += "\n" + std::string(error_row(error.code).remedy);
    else
        error.detail += "\nCorrect the setting or what it leads to, see " + std::string(manual) +
                        "; 'hongyan doctor' looks it over.";
    error.problems.clear();  // the detail says the same
    return error;
}

bool Server::Parts::has_role(std::string_view role) const {
    for (const auto& word : split(settings.node.roles, ',')) {
        if (trim(word) == role) return true;
    }
    return false;
}

Status Server::Parts::join_cluster() {
    node.name = settings.node.name;
    if (node.name.empty()) {
        node.name = host_name() + settings.listen.substr(settings.listen.rfind(':'));
    }
    const auto* shared = dynamic_cast<postgres::PostgresStore*>(store.get());
    if (shared == nullptr) return Done{};
    auto identity = node_identity(settings.data_dir);
    if (!identity) return identity.error();
    node.identity = std::move(*identity);
    node.writer = shared->writer_name();
    node.roles = settings.node.roles;
    node.version = HONGYAN_VERSION;
    auto number = jobs::Membership::join(*store, node);
    if (!number) return number.error();
    node.number = *number;
    log.info("joined", {{"node", node.number}, {"name", node.name}, {"roles", node.roles}});
    return Done{};
}

/// Others need not wait until it is declared dead, and its number stays unused.
void Server::Parts::withdraw() {
    if (is_only()) return;
    std::ignore = store->write([this](Session& session) { table::withdraw_node(session, node); });
}

Status Server::Parts::open_engines() {
    const auto aging = Millis(settings.queue.aging_seconds * 1'000);
    auto opened = open_queue(settings.queue.url, {clock, log, aging, has_role("worker")});
    if (!opened) return of_setting("queue.url", "docs/rabbitmq.md", opened.error());
    queue = std::move(*opened);
    if (!is_only()) {
        // Beside the committer: the store's writer takes one transaction after the other.
        store_lock = std::make_unique<table::LeaseLock>(
            *store,
            [this](const std::function<void(Session&)>& work) { return store->write(work); }, clock,
            table::LeaseLock::Options());
    }
    auto agreed =
        open_coordination(settings.coordination.url, {clock, log, node.name, store_lock.get()});
    if (!agreed) return of_setting("coordination.url", "docs/cluster-redis.md", agreed.error());
    coordination = std::move(*agreed);
    if (!is_only()) {
        LockManager::Options options;
        options.node = node.identity + ":" + std::to_string(node.number);
        options.held_most = longest_hold;
        locks = std::make_unique<LockManager>(coordination->lock(), clock, log, options);
    }
    leadership = std::make_unique<jobs::Leadership>(locks.get(), has_role("jobs"), log);
    return Done{};
}

void Server::Parts::make_membership() {
    if (is_only()) return;
    membership = std::make_unique<jobs::Membership>(
        jobs::Membership::Parts{*store, *queue, *delivery, *leadership, clock, log,
                                [this] { return api::node_report(*context); },
                                [this](const std::string& why) { end_dead(why); }},
        node);
    context->membership = membership.get();
}

/// The process cannot go on; what it accepted is on disk.
void Server::Parts::end_dead(const std::string& why) {
    log.error("store_lost", {{"detail", why}});
    store_lost = true;
    kill(getpid(), SIGTERM);
}

}  // namespace hongyan::app
