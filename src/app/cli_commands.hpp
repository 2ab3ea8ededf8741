// The commands of the command line, one function each: arguments as a plain struct in, exit code
// out. cli_parser fills the structs; each function talks to the server through its Session. One
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/cli_session.hpp"
#include "config/load.hpp"

namespace hongyan::app {

/// What send and batch have in common: the fields of a message that are the same for every
/// recipient.
struct MessageArgs {
    std::string channel;
    std::string template_name;  ///< name or id
    std::string subject;
    std::string content;
    std::optional<std::int64_t> priority;
    std::optional<std::int64_t> delay_seconds;
    std::string at;          ///< RFC 3339
    std::string deliver_by;  ///< RFC 3339
    std::string callback_url;
    std::vector<std::string> metadata;  ///< "name=text"
    std::string idempotency_key;
};

struct WaitArgs {
    bool wanted = false;
    std::int64_t seconds = 60;
};

struct SendArgs {
    MessageArgs message;
    std::string recipient;
    std::vector<std::string> variables;  ///< "name=text" or "name:=JSON"
    WaitArgs wait;
};

struct BatchArgs {
    MessageArgs message;
    std::string file;
    std::string separator = ",";
    bool dry_run = false;
    WaitArgs wait;
};

struct TaskArgs {
    std::int64_t id = 0;
    WaitArgs wait;
};

struct TemplateArgs {
    std::string name;  ///< name or id
    std::string file;
    std::string channel;
    std::vector<std::string> variables;
};

struct TailArgs {
    std::string channel;
    std::string status;
    std::string recipient;
    std::int64_t lines = 10;
    std::int64_t limit = 0;  ///< 0 = until Ctrl-C
    std::int64_t interval_ms = 500;
};

struct DeadLetterArgs {
    std::string channel;
    std::string reason;
    std::string created_after;
    std::string created_before;
    std::int64_t count = 50;
    bool groups = false;
    bool all = false;
    bool dry_run = false;
};

struct KeyArgs {
    std::string name;
    std::vector<std::string> scopes;
    std::string expires_at;
    std::string tenant;
    std::int64_t id = 0;
};

struct ConfigArgs {
    ServeArgs sources;
    bool origin = false;
    bool json = false;
};

int run_send(const SendArgs& args, Session& session);
int run_batch(const BatchArgs& args, Session& session);
int run_task(const TaskArgs& args, Session& session);
int run_template_list(const TemplateArgs& args, Session& session);
int run_template_get(const TemplateArgs& args, Session& session);
int run_template_push(const TemplateArgs& args, Session& session);
int run_template_render(const TemplateArgs& args, Session& session);
int run_trace(const std::string& id, Session& session);
int run_tail(const TailArgs& args, Session& session);
int run_dead_letter_list(const DeadLetterArgs& args, Session& session);
int run_dead_letter_retry(const DeadLetterArgs& args, Session& session);
int run_key_create(const KeyArgs& args, Session& session);
int run_key_list(Session& session);
int run_key_revoke(const KeyArgs& args, Session& session);

int run_config_check(const ConfigArgs& args, Session& session);
int run_config_show(const ConfigArgs& args, Session& session);
int run_config_sample(Session& session);
int run_config_docs(Session& session);
int run_doctor(const ConfigArgs& args, const ServerCommands& commands, Session& session);
int run_version(Session& session);

/// The settings as the process would start with them, from the terminal's environment.
[[nodiscard]] Result<config::Loaded> load_settings(const ServeArgs& sources,
                                                   const Session& session);

}  // namespace hongyan::app
