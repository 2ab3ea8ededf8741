#include "api/tasks.hpp"

#include "table/tasks.hpp"

namespace hongyan::api {

struct TaskView {
    std::int64_t task_id = 0;
    std::string name;
    std::optional<std::int64_t> template_id;
    std::string channel;
    std::int64_t total_count = 0;
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    std::int64_t cancelled_count = 0;
    std::int64_t expired_count = 0;
    std::int64_t pending_count = 0;
    std::string status;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> finished_at;
    std::optional<std::int64_t> eta_seconds;
};
struct TaskPage {
    std::vector<TaskView> items;
    std::optional<std::string> next_cursor;
};
struct TaskQuery {
    std::optional<std::string> status;
    int limit = 50;
    std::string cursor;
};
struct TaskStatusReply {
    std::int64_t task_id = 0;
    std::string status;
};

namespace {

using shape::field;

constexpr std::array<std::string_view, 4> shown_statuses{"pending", "processing", "completed",
                                                         "cancelled"};

/// How long the rest takes if it goes on as it has gone so far; nothing before the first outcome.
std::optional<std::int64_t> eta_of(const TaskRecord& t, std::int64_t now_ms) {
    const auto done = t.total_count - t.pending_count();
    const auto spent_ms = now_ms - t.created_ms;
    if (t.finished_ms != 0 || t.pending_count() == 0) return std::nullopt;
    if (done <= 0 || spent_ms <= 0) return std::nullopt;
    const double per_ms = static_cast<double>(done) / static_cast<double>(spent_ms);
    return static_cast<std::int64_t>(static_cast<double>(t.pending_count()) / per_ms / 1000) + 1;
}

TaskView view_of(const TaskRecord& t, std::int64_t now_ms) {
    TaskView v;
    v.task_id = t.id;
    v.name = t.name;
    if (t.template_id != 0) v.template_id = t.template_id;
    v.channel = to_text(t.channel);
    v.total_count = t.total_count;
    v.success_count = t.success_count;
    v.failed_count = t.failed_count;
    v.cancelled_count = t.cancelled_count;
    v.expired_count = t.expired_count;
    v.pending_count = t.pending_count();
    v.status = to_text(t.status);
    v.created_at = t.created_ms;
    if (t.finished_ms != 0) v.finished_at = t.finished_ms;
    v.eta_seconds = eta_of(t, now_ms);
    return v;
}

Error no_such_task() { return make_error(ErrorCode::not_found, "There is no such task."); }

}  // namespace

const shape::Object& describe(shape::Tag<TaskView>) {
    using V = TaskView;
    static const shape::Object object =
        shape::object<V>(
            "Task", "A batch and what became of its messages so far.",
            field("task_id", &V::task_id, "Id of the task.").example(17),
            field("name", &V::name, "What people call it.").omit_empty().example("Winter sale"),
            field("template_id", &V::template_id, "The template it was made from.").example(1),
            field("channel", &V::channel, "How its messages are delivered.")
                .one_of(channel_names)
                .example("sms"),
            field("total_count", &V::total_count, "Number of messages.").example(10'000),
            field("success_count", &V::success_count, "Delivered to the provider.").example(9'990),
            field("failed_count", &V::failed_count, "Failed for good.").example(10),
            field("cancelled_count", &V::cancelled_count, "Cancelled before they were sent.")
                .example(0),
            field("expired_count", &V::expired_count, "Not sent because deliver_by had passed.")
                .example(0),
            field("pending_count", &V::pending_count, "Waiting or under way.").example(0),
            field("status", &V::status, "Status of the task.")
                .one_of(shown_statuses)
                .example("completed"),
            field("created_at", &V::created_at, "When it was accepted.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("finished_at", &V::finished_at, "When its last message ended.")
                .date_time()
                .example("2026-11-23T08:00:01.000Z"),
            field("eta_seconds", &V::eta_seconds,
                  "Seconds until its end if it goes on as so far; absent before the first outcome "
                  "and after the last.")
                .example(12))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TaskPage>) {
    static const shape::Object object =
        shape::object<TaskPage>(
            "TaskPage", "Tasks, newest first.", field("items", &TaskPage::items, "The tasks."),
            field("next_cursor", &TaskPage::next_cursor, "Give it as cursor for the next page.")
                .example("YzE6MTc"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TaskQuery>) {
    using Q = TaskQuery;
    static const shape::Object object = shape::object<Q>(
        "TaskQuery", "Filters of a list of tasks.",
        field("status", &Q::status, "Only this status.")
            .one_of(shown_statuses)
            .example("completed"),
        field("limit", &Q::limit, "How many at most.").between(1, 200).default_value(50),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 200).example(""));
    return object;
}

const shape::Object& describe(shape::Tag<TaskStatusReply>) {
    using V = TaskStatusReply;
    static const shape::Object object =
        shape::object<V>("TaskStatus", "A task and the status it has now.",
                         field("task_id", &V::task_id, "Id of the task.").example(17),
                         field("status", &V::status, "Status from now on.")
                             .one_of(shown_statuses)
                             .example("cancelled"))
            .reply();
    return object;
}

namespace {

Result<Answer> list_tasks(const Call& call, Session& session) {
    auto query = query_of<TaskQuery>(call.request);
    if (!query) return query.error();
    auto cursor = read_cursor(query->cursor);
    if (!cursor) return cursor.error();
    table::TaskFilter filter;
    filter.tenant_id = call.caller.tenant_id;
    if (query->status) filter.status = from_text<TaskStatus>(task_status_names, *query->status);
    filter.before_id = *cursor;
    filter.limit = query->limit + 1;
    auto tasks = table::list_tasks(session, filter);
    TaskPage page;
    const bool more = static_cast<int>(tasks.size()) > query->limit;
    if (more) tasks.pop_back();
    for (const auto& task : tasks) page.items.push_back(view_of(task, call.context.clock.now_ms()));
    if (more) page.next_cursor = make_cursor(tasks.back().id);
    return answer(page);
}

Result<Answer> read_task(const Call& call, Session& session) {
    const auto id = id_param(call.request, "task_id");
    if (!id) return no_such_task();
    const auto task = table::find_task(session, call.caller.tenant_id, *id);
    if (!task) return no_such_task();
    return answer(view_of(*task, call.context.clock.now_ms()));
}

void cancel_task(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "task_id");
    if (!id) return responder.fail(no_such_task());
    context.delivery.cancel_task(
        caller_of(request).tenant_id, *id,
        [responder = std::move(responder), id = *id](const Status& done) mutable {
            if (!done)
                responder.fail(done.error());
            else
                respond(responder, answer(TaskStatusReply{id, "cancelled"}));
        });
}

}  // namespace

void add_task_routes(Routes& routes) {
    routes.read({.path = "/api/messages/tasks",
                 .operation = "list_tasks",
                 .tag = "tasks",
                 .summary = "List batch tasks",
                 .description = "Tasks of the key's tenant, newest first, page by page.",
                 .scope = "read",
                 .query = &shape::description_of<TaskQuery>(),
                 .reply = &shape::description_of<TaskPage>()},
                list_tasks);
    routes.read(
        {.path = "/api/messages/tasks/{task_id}",
         .operation = "get_task",
         .tag = "tasks",
         .summary = "Read a batch task",
         .description = "The counters change in the same transaction as the messages they count.",
         .scope = "read",
         .reply = &shape::description_of<TaskView>(),
         .errors = {ErrorCode::not_found}},
        read_task);
    routes.plain(
        {.method = http::Method::post,
         .path = "/api/messages/tasks/{task_id}/cancel",
         .operation = "cancel_task",
         .tag = "tasks",
         .summary = "Cancel a batch task",
         .description = "Cancels all messages of the batch that have not begun to be sent.",
         .scope = "send",
         .reply = &shape::description_of<TaskStatusReply>(),
         .errors = {ErrorCode::not_found, ErrorCode::conflict}},
        cancel_task);
}

}  // namespace hongyan::api
