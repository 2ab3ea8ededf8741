// batch: a CSV file of recipients, checked as a whole, then sent in slices that can be repeated
// safely.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <thread>

#include "app/cli_commands.hpp"
#include "app/cli_csv.hpp"
#include "app/cli_message.hpp"
#include "app/cli_table.hpp"
#include "app/cli_task.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

constexpr std::size_t max_slice_rows = 10'000;
constexpr std::size_t max_slice_bytes = 15U << 20U;  // the server takes 16 MiB
constexpr int max_tries = 20;                        // of one slice, when the server asks to wait

/// The rows of the file as the API takes them, each with its line.
struct Recipients {
    std::vector<json::object> entries;
    std::vector<std::size_t> lines;
};

struct Slice {
    std::size_t first = 0;
    std::size_t count = 0;
};

Result<json::object> entry_of(const CsvTable& table, const CsvRow& row, const TemplateInfo* info) {
    json::object entry;
    json::object variables;
    Error error = make_error(ErrorCode::invalid_fields, "");
    const auto report = [&](const std::string& what) {
        const std::string place = "line " + std::to_string(row.line);
        error.problems.push_back({place, "invalid", place + ": " + what});
    };
    for (std::size_t i = 0; i < table.header.size(); ++i) {
        const auto& name = table.header[i];
        const auto& text = row.fields[i];
        if (name == "recipient") {
            if (trim(text).empty()) report("the recipient is missing");
            entry["recipient"] = trim(text);
            continue;
        }
        const std::string type = variable_type(info, name);
        if (info != nullptr && type.empty()) continue;  // a column that the template does not use
        if (text.empty() && type != "string" && !type.empty())
            continue;  // an optional value left out
        auto value = typed_value(type, text);
        if (value) {
            variables[name] = std::move(*value);
        } else {
            report(name + " is \"" + text + "\", but the template wants " + type);
        }
    }
    if (!error.problems.empty()) return error;
    if (!variables.empty()) entry["variables"] = std::move(variables);
    return entry;
}

Result<Recipients> read_recipients(const CsvTable& table, const TemplateInfo* info) {
    Recipients recipients;
    Error error =
        make_error(ErrorCode::invalid_fields, "Some rows cannot be used; nothing was sent.");
    if (std::ranges::find(table.header, "recipient") == table.header.end()) {
        error.detail =
            "The CSV file has no column \"recipient\"; its first row must name the columns.";
        return error;
    }
    if (table.rows.empty())
        error.problems.push_back({"line 1", "empty", "there are no rows below the header"});
    for (const auto& row : table.rows) {
        auto entry = entry_of(table, row, info);
        if (!entry) {
            error.problems.insert(error.problems.end(), entry.error().problems.begin(),
                                  entry.error().problems.end());
            if (error.problems.size() >= 100) break;
            continue;
        }
        recipients.entries.push_back(std::move(*entry));
        recipients.lines.push_back(row.line);
    }
    if (!error.problems.empty()) return error;
    return recipients;
}

/// Columns that the template requires and the file lacks.
std::vector<Problem> missing_columns(const CsvTable& table, const TemplateInfo* info) {
    std::vector<Problem> problems;
    if (info == nullptr) return problems;
    for (const auto& declared : items_at(info->document, "variables")) {
        const std::string name = text_at(declared, "name");
        if (text_at(declared, "required") == "false" ||
            std::ranges::find(table.header, name) != table.header.end())
            continue;
        problems.push_back(
            {name, "required", "column \"" + name + "\" is missing; the template needs it"});
    }
    return problems;
}

std::vector<Slice> cut(const Recipients& recipients) {
    std::vector<Slice> slices;
    Slice slice;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < recipients.entries.size(); ++i) {
        const std::size_t size = json::serialize(recipients.entries[i]).size() + 1;
        if (slice.count > 0 && (slice.count == max_slice_rows || bytes + size > max_slice_bytes)) {
            slices.push_back(slice);
            slice = {i, 0};
            bytes = 0;
        }
        ++slice.count;
        bytes += size;
    }
    if (slice.count > 0) slices.push_back(slice);
    return slices;
}

json::value member_of(const json::value& value, std::string_view key) {
    const auto* found = value.is_object() ? value.get_object().if_contains(key) : nullptr;
    return found == nullptr ? json::value() : *found;
}

/// Paths such as $.recipients[17] turned into lines of the file.
void name_lines(Answer& answer, const Recipients& recipients, const Slice& slice) {
    if (!answer.body.is_object()) return;
    auto* errors = answer.body.as_object().if_contains("errors");
    if (errors == nullptr || !errors->is_array()) return;
    constexpr std::string_view prefix = "$.recipients[";
    for (auto& error : errors->get_array()) {
        const std::string path = text_at(error, "path");
        const auto end = path.find(']');
        if (!path.starts_with(prefix) || end == path.npos) continue;
        const auto index =
            parse_int(std::string_view(path).substr(prefix.size(), end - prefix.size()));
        if (!index || *index < 0 || static_cast<std::size_t>(*index) >= slice.count) continue;
        const auto line = recipients.lines[slice.first + static_cast<std::size_t>(*index)];
        error.as_object()["path"] = "line " + std::to_string(line) + path.substr(end + 1);
    }
}

class Batch {
  public:
    Batch(const BatchArgs& args, Session& session) : args_(args), session_(session) {}

    int run() {
        if (args_.separator.size() != 1)
            return session_.usage("--separator: give one character, such as ';'.");
        auto text = read_file(args_.file);
        if (!text) return session_.fail(text.error());
        auto table = parse_csv(*text, args_.separator[0]);
        if (!table) return session_.fail(with_hint(table.error(), *text));
        if (!prepare(*table)) return session_.exit_code();
        auto recipients = read_recipients(*table, info_ ? &*info_ : nullptr);
        if (!recipients) return session_.fail(with_hint(recipients.error(), *text));
        recipients_ = std::move(*recipients);
        slices_ = cut(recipients_);
        if (args_.dry_run) return preview(*table);
        key_ = args_.message.idempotency_key;
        if (key_.empty())
            key_ = "csv-" + to_hex(sha256(*text + json::serialize(fields_))).substr(0, 32);
        return send();
    }

  private:
    Error with_hint(Error error, const std::string& text) const {
        const auto first_line = std::string_view(text).substr(0, text.find('\n'));
        for (const char other : {';', '\t'}) {
            if (first_line.find(args_.separator) == first_line.npos &&
                first_line.find(other) != first_line.npos) {
                error.detail += std::string(" The columns seem to be separated by ") +
                                (other == ';' ? "';'" : "tabs") + ": try --separator " +
                                (other == ';' ? "';'" : "$'\\t'") + ".";
            }
        }
        return error;
    }

    /// The common fields and the template; false if something was reported.
    bool prepare(const CsvTable& table) {
        MessageArgs message = args_.message;
        if (!message.template_name.empty()) {
            info_ = find_template(message.template_name, session_);
            if (!info_) return false;
            if (message.channel.empty()) message.channel = info_->channel;
        }
        if (message.channel.empty())
            return session_.usage("--channel: name the channel, or a --template that has one."),
                   false;
        auto fields = common_fields(message);
        if (!fields) return session_.fail(fields.error()), false;
        fields_ = std::move(*fields);
        Error error = make_error(ErrorCode::invalid_fields, "The columns do not fit the template.");
        error.problems = missing_columns(table, info_ ? &*info_ : nullptr);
        return error.problems.empty() || (session_.fail(error), false);
    }

    int preview(const CsvTable& table) {
        json::object result{{"dry_run", true},
                            {"file", args_.file},
                            {"rows", recipients_.entries.size()},
                            {"slices", slices_.size()}};
        json::array unused;
        for (const auto& name : table.header) {
            if (name != "recipient" && info_ && variable_type(&*info_, name).empty())
                unused.emplace_back(name);
        }
        result["unused_columns"] = unused;
        if (info_) {
            const auto& first = recipients_.entries.front();
            const auto* variables = first.if_contains("variables");
            const json::object body{
                {"variables", variables != nullptr ? *variables : json::object{}}};
            const auto answer = session_.call(
                {"POST", "/api/messages/templates/" + std::to_string(info_->id) + "/preview",
                 json::serialize(body)});
            if (!answer) return session_.exit_code();
            result["preview"] = answer->body;
        }
        if (session_.json()) return session_.print_json(result), exit_ok;
        session_.out() << recipients_.entries.size() << " recipients in " << slices_.size()
                       << " call(s), all rows readable.\n";
        if (!unused.empty())
            session_.out() << "Columns that the template does not use: " << json::serialize(unused)
                           << "\n";
        if (info_) {
            const auto& shown = result["preview"];
            session_.out() << "\nFirst message, to "
                           << text_at(recipients_.entries.front(), "recipient") << ":\n";
            if (const auto subject = text_at(shown, "subject"); !subject.empty()) {
                session_.out() << "Subject: " << one_line(subject, 200) << "\n";
            }
            session_.out() << text_at(shown, "content") << "\n";
        }
        session_.err() << "Nothing was sent (--dry-run).\n";
        return exit_ok;
    }

    int send() {
        json::array sent;
        for (std::size_t i = 0; i < slices_.size(); ++i) {
            const auto answer = send_slice(i);
            if (!answer) {
                session_.err() << i << " of " << slices_.size()
                               << " calls were accepted. Run the same command again: what was "
                               << "accepted is not sent twice.\n";
                return session_.exit_code();
            }
            const bool is_replay = !answer->header("idempotency-replayed").empty();
            sent.push_back(json::object{{"task_id", member_of(answer->body, "task_id")},
                                        {"rows", slices_[i].count},
                                        {"replayed", is_replay}});
            if (session_.json()) continue;
            session_.out() << "task " << text_at(answer->body, "task_id") << ": "
                           << slices_[i].count << " recipients "
                           << (is_replay ? "were accepted earlier" : "accepted") << "\n";
            if (is_replay)
                session_.err() << "To send them once more, give a new --idempotency-key.\n";
        }
        const bool is_well = !args_.wait.wanted || follow(sent);
        if (session_.json()) {
            session_.print_json(json::object{{"dry_run", false},
                                             {"file", args_.file},
                                             {"rows", recipients_.entries.size()},
                                             {"idempotency_key", key_},
                                             {"tasks", std::move(sent)}});
        } else if (!args_.wait.wanted) {
            session_.err() << "See how far they are with: hongyan task ID\n";
        }
        return is_well ? exit_ok : std::max<int>(session_.exit_code(), exit_failure);
    }

    /// Waits for every task; false if a message failed or a task is not finished.
    bool follow(json::array& sent) {
        bool is_well = true;
        for (auto& entry : sent) {
            auto task = follow_task(text_at(entry, "task_id"), args_.wait, session_);
            if (!task) return false;
            is_well = is_well && is_task_well(task->body);
            if (!session_.json()) session_.out() << task_line(task->body, session_) << std::endl;
            entry.as_object()["task"] = std::move(task->body);
        }
        return is_well;
    }

    std::optional<Answer> send_slice(std::size_t index) {
        const Slice& slice = slices_[index];
        json::object body = fields_;
        json::array entries;
        entries.reserve(slice.count);
        for (std::size_t i = 0; i < slice.count; ++i)
            entries.emplace_back(recipients_.entries[slice.first + i]);
        body["recipients"] = std::move(entries);
        const Request request{"POST", "/api/messages/send-batch", json::serialize(body),
                              key_ + "-" + std::to_string(index + 1)};
        for (int attempt = 1;; ++attempt) {
            auto answer = session_.try_call(request);
            if (!answer) return session_.fail(answer.error()), std::nullopt;
            if (answer->ok()) return std::move(*answer);
            const auto wait = parse_int(answer->header("retry-after"));
            const bool may_wait =
                (answer->status == 429 || answer->status == 503) && wait && attempt < max_tries;
            if (!may_wait) {
                name_lines(*answer, recipients_, slice);
                return session_.fail(*answer), std::nullopt;
            }
            const auto seconds = std::clamp<std::int64_t>(*wait, 1, 60);
            session_.err() << "The server asks to wait " << seconds << " s (HTTP " << answer->status
                           << ").\n";
            std::this_thread::sleep_for(std::chrono::seconds(seconds));
        }
    }

    const BatchArgs& args_;
    Session& session_;
    std::optional<TemplateInfo> info_;
    json::object fields_;
    Recipients recipients_;
    std::vector<Slice> slices_;
    std::string key_;
};

}  // namespace

int run_batch(const BatchArgs& args, Session& session) { return Batch(args, session).run(); }

}  // namespace hongyan::app
