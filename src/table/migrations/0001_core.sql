-- The tables of the first version. A message's record is written once in its full size and its outcome updates it in place:
-- everything that can be computed from the id (trace_id, created_at) or packed (the trace's durations) takes no room of its
-- own. docs/decisions/0003-one-record-per-message.md tells why.

CREATE TABLE system_values (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
-- Counters that triggers raise, so that the server sees a change made by any hand; and the id below which traces are gone.
INSERT INTO system_values (name, value) VALUES
    ('templates_version', 1), ('pools_version', 1), ('limits_version', 1), ('keys_version', 1), ('trace_horizon', 0);

CREATE TABLE tenants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL
);
INSERT INTO tenants (id, name, created_ms) VALUES (1, 'default', CAST(strftime('%s', 'now') AS INTEGER) * 1000);

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
);

CREATE TABLE message_templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'email', 'app', 'wechat', 'feishu')),
    subject TEXT,
    content TEXT NOT NULL,
    variables TEXT NOT NULL DEFAULT '[]',
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    tenant_id INTEGER NOT NULL DEFAULT 1,
    title TEXT NOT NULL DEFAULT '',
    html TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL DEFAULT 0,
    updated_ms INTEGER NOT NULL DEFAULT 0,
    created_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', created_ms / 1000.0, 'unixepoch')) VIRTUAL,
    updated_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', updated_ms / 1000.0, 'unixepoch')) VIRTUAL
);
CREATE UNIQUE INDEX idx_message_templates_name ON message_templates (tenant_id, name);

CREATE TABLE template_versions (
    template_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT,
    content TEXT NOT NULL,
    html TEXT,
    variables TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (template_id, version)
) WITHOUT ROWID;

CREATE TABLE message_tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    template_id INTEGER,
    total_count INTEGER NOT NULL DEFAULT 0,
    success_count INTEGER NOT NULL DEFAULT 0,
    failed_count INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'pending',
    tenant_id INTEGER NOT NULL DEFAULT 1,
    channel TEXT NOT NULL,
    cancelled_count INTEGER NOT NULL DEFAULT 0,
    expired_count INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    created_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', created_ms / 1000.0, 'unixepoch')) VIRTUAL,
    finished_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', finished_ms / 1000.0, 'unixepoch')) VIRTUAL
);
CREATE INDEX idx_message_tasks_status ON message_tasks (status);

-- id is time-ordered: its upper bits are the accept time in milliseconds, so the primary key is also the index by created_at
-- and, as trace_id is "msg_" and the id, by trace_id. Generated columns are computed at
-- each write of a row, so they are kept cheap. finished_ms and timing are reserved with a value of full width.
-- timing: bit 62 is always set; 28 bits of milliseconds in the queue, 16 bits of 0.01 ms processing, 18 bits of 0.25 ms sending.
CREATE TABLE message_records (
    id INTEGER PRIMARY KEY,
    trace_id TEXT GENERATED ALWAYS AS ('msg_' || id) VIRTUAL,
    task_id INTEGER,
    template_id INTEGER,
    recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    subject TEXT,
    content TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 5,
    status TEXT NOT NULL DEFAULT 'pending',
    sent_at TEXT GENERATED ALWAYS AS (CASE WHEN status IN ('success', 'delivered')
        THEN datetime(finished_ms / 1000, 'unixepoch') END) VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (datetime((id >> 20) / 1000, 'unixepoch')) VIRTUAL,
    tenant_id INTEGER NOT NULL DEFAULT 1,
    template_version INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    finished_ms INTEGER NOT NULL,
    timing INTEGER NOT NULL DEFAULT 4611686018427387904,
    provider TEXT,
    reason TEXT,
    provider_message_id TEXT,
    due_ms INTEGER,
    deliver_by_ms INTEGER,
    next_attempt_ms INTEGER,
    attempts_before INTEGER,
    html TEXT,
    callback_url TEXT,
    metadata TEXT
);
-- By status, in two parts, without the mass of the delivered ones. Every message passes the first, so its keys are short
-- numbers in the order in which a start loads what waits; the second holds what waits for a time, and dead letters.
CREATE INDEX idx_message_records_pending ON message_records (priority, tenant_id) WHERE status = 'pending';
CREATE INDEX idx_message_records_status ON message_records (status, priority, tenant_id)
    WHERE status NOT IN ('pending', 'success');
CREATE INDEX idx_message_records_task_id ON message_records (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX idx_message_records_channel ON message_records (channel, tenant_id);

CREATE TABLE message_attempts (
    message_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    provider TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    started_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    next_attempt_ms INTEGER,
    rule_version TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (message_id, attempt)
) WITHOUT ROWID;

-- The nodes of each message as the original's table had them, one row a node, computed from the record when asked for.
CREATE VIEW message_traces AS
WITH record AS (
    SELECT id, trace_id, status, channel, priority, template_id, template_version, provider, provider_message_id, reason,
           attempts, finished_ms, coalesce(due_ms, id >> 20) AS ready_ms, (timing >> 34) & 268435455 AS queue_ms,
           ((timing >> 18) & 65535) * 0.01 AS process_ms, (timing & 262143) * 0.25 AS send_ms,
           next_attempt_ms, status IN ('success', 'delivered') AS sent,
           attempts > 0 OR status IN ('success', 'delivered') AS tried
    FROM message_records
    WHERE id >= (SELECT value FROM system_values WHERE name = 'trace_horizon')
),
node AS (
    SELECT id * 4 AS id, trace_id, 'queue' AS node_name,
           CASE WHEN tried THEN 'success' WHEN status IN ('expired', 'cancelled', 'failed') THEN 'failed' ELSE 'pending' END
               AS status,
           json_object('priority', priority, 'channel', channel, 'reason', CASE WHEN NOT tried THEN reason END) AS metadata,
           ready_ms AS start_ms, CASE WHEN tried THEN ready_ms + queue_ms
               WHEN status IN ('expired', 'cancelled', 'failed') THEN finished_ms END AS finish_ms,
           CASE WHEN tried THEN queue_ms WHEN status IN ('expired', 'cancelled', 'failed') THEN max(0, finished_ms - ready_ms) END
               AS duration_ms
    FROM record
    UNION ALL
    SELECT id * 4 + 1, trace_id, 'process', 'success',
           json_object('template_id', template_id, 'template_version', template_version), ready_ms + queue_ms,
           ready_ms + queue_ms + process_ms, process_ms
    FROM record WHERE tried
    UNION ALL
    SELECT -(record.id * 4) - a.attempt % 4, trace_id, 'send', 'failed',
           json_object('attempt', a.attempt, 'provider', a.provider, 'outcome', a.outcome, 'code', a.code, 'detail', a.detail,
                       'rule_version', a.rule_version), a.started_ms, a.started_ms + a.duration_ms, a.duration_ms
    FROM record JOIN message_attempts AS a ON a.message_id = record.id WHERE a.outcome <> 'accepted'
    UNION ALL
    SELECT id * 4 + 2, trace_id, 'send', 'success',
           json_object('attempt', attempts, 'provider', provider, 'provider_message_id', provider_message_id),
           finished_ms - send_ms, finished_ms, send_ms
    FROM record WHERE sent
    UNION ALL
    SELECT id * 4 + 2, trace_id, 'send', 'pending',
           json_object('attempt', attempts + (status = 'retrying'), 'provider', provider, 'reason', reason),
           next_attempt_ms, NULL, NULL
    FROM record WHERE tried AND status IN ('pending', 'scheduled', 'processing', 'retrying')
    UNION ALL
    SELECT id * 4 + 3, trace_id, 'callback', 'success', json_object('provider', provider), finished_ms, finished_ms, 0
    FROM record WHERE status = 'delivered'
)
SELECT id, trace_id, node_name, status, metadata,
       strftime('%Y-%m-%dT%H:%M:%fZ', start_ms / 1000.0, 'unixepoch') AS start_time,
       strftime('%Y-%m-%dT%H:%M:%fZ', finish_ms / 1000.0, 'unixepoch') AS finish_time, duration_ms
FROM node;

-- histogram: response times in logarithmic buckets, for the p95; see model/histogram.hpp.
CREATE TABLE message_statistics (
    id INTEGER PRIMARY KEY,
    stat_date TEXT NOT NULL,
    channel TEXT NOT NULL,
    total_sent INTEGER NOT NULL DEFAULT 0,
    success_count INTEGER NOT NULL DEFAULT 0,
    failed_count INTEGER NOT NULL DEFAULT 0,
    avg_response_time REAL NOT NULL DEFAULT 0,
    tenant_id INTEGER NOT NULL DEFAULT 1,
    response_ms_sum INTEGER NOT NULL DEFAULT 0,
    histogram BLOB
);
CREATE UNIQUE INDEX idx_message_statistics_day ON message_statistics (stat_date, channel, tenant_id);

CREATE TABLE thread_pool_configs (
    id INTEGER PRIMARY KEY,
    pool_name TEXT NOT NULL UNIQUE,
    core_pool_size INTEGER NOT NULL,
    max_pool_size INTEGER NOT NULL,
    queue_capacity INTEGER NOT NULL,
    scale_up_threshold REAL NOT NULL DEFAULT 0.8,
    scale_down_threshold REAL NOT NULL DEFAULT 0.2
);
INSERT INTO thread_pool_configs (id, pool_name, core_pool_size, max_pool_size, queue_capacity) VALUES
    (1, 'message_sender', 20, 100, 10000),
    (2, 'ai_processor', 10, 50, 1000),
    (3, 'notifier', 5, 20, 1000);

CREATE TABLE rate_limit_configs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    resource TEXT NOT NULL,
    limit_type TEXT NOT NULL CHECK (limit_type IN ('qps', 'concurrency', 'window')),
    max_value REAL NOT NULL,
    window_seconds INTEGER NOT NULL DEFAULT 1,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    behavior TEXT NOT NULL DEFAULT 'reject' CHECK (behavior IN ('reject', 'warm_up', 'pacing', 'warm_up_pacing')),
    warm_up_seconds INTEGER NOT NULL DEFAULT 10,
    max_queueing_ms INTEGER NOT NULL DEFAULT 500
);
CREATE INDEX idx_rate_limit_configs_resource ON rate_limit_configs (resource);
INSERT INTO rate_limit_configs (id, resource, limit_type, max_value, window_seconds) VALUES
    (1, 'api:/messages/send', 'qps', 1000, 1),
    (2, 'api:/messages/send-batch', 'qps', 100, 1),
    (3, 'global', 'concurrency', 500, 1);

CREATE TABLE idempotency_keys (
    id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL,
    route TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    reply TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX idx_idempotency_keys_key ON idempotency_keys (tenant_id, route, idempotency_key);

CREATE TRIGGER templates_inserted AFTER INSERT ON message_templates BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'templates_version'; END;
CREATE TRIGGER templates_updated AFTER UPDATE ON message_templates BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'templates_version'; END;
CREATE TRIGGER templates_deleted AFTER DELETE ON message_templates BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'templates_version'; END;
CREATE TRIGGER pools_inserted AFTER INSERT ON thread_pool_configs BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'pools_version'; END;
CREATE TRIGGER pools_updated AFTER UPDATE ON thread_pool_configs BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'pools_version'; END;
CREATE TRIGGER pools_deleted AFTER DELETE ON thread_pool_configs BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'pools_version'; END;
CREATE TRIGGER limits_inserted AFTER INSERT ON rate_limit_configs BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'limits_version'; END;
CREATE TRIGGER limits_updated AFTER UPDATE ON rate_limit_configs BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'limits_version'; END;
CREATE TRIGGER limits_deleted AFTER DELETE ON rate_limit_configs BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'limits_version'; END;
CREATE TRIGGER keys_inserted AFTER INSERT ON api_keys BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'keys_version'; END;
CREATE TRIGGER keys_updated AFTER UPDATE ON api_keys BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'keys_version'; END;
CREATE TRIGGER keys_deleted AFTER DELETE ON api_keys BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'keys_version'; END;

INSERT INTO message_templates (id, name, title, channel, subject, content, html, variables, created_ms, updated_ms)
SELECT id, name, title, channel, subject, content, html, variables, CAST(strftime('%s', 'now') AS INTEGER) * 1000,
       CAST(strftime('%s', 'now') AS INTEGER) * 1000
FROM (
    SELECT 1 AS id, 'order_shipped' AS name, '订单发货' AS title, 'sms' AS channel, NULL AS subject,
        '【鸿雁】{{ customer_name }}您好，您的订单 {{ order_no }} 已发货，预计 {{ delivery_days }} 天内送达。' AS content,
        NULL AS html,
        '[{"name":"order_no","type":"string","required":true,"sample":"SO20261123001","description":"订单号","max_length":64},
{"name":"customer_name","type":"string","required":true,"sample":"张三","description":"客户姓名","max_length":64},
{"name":"delivery_days","type":"integer","required":true,"sample":"3","description":"配送天数"}]' AS variables
    UNION ALL SELECT 2, 'promotion', '促销活动', 'email', '{{ customer_name }}，{{ product_name }} 限时 {{ discount }} 折',
        '尊敬的 {{ customer_name }}：

您关注的 {{ product_name }} 现在 {{ discount }} 折，欢迎选购。',
        '<p>尊敬的 {{ customer_name }}：</p><p>您关注的 <b>{{ product_name }}</b> 现在 <b>{{ discount }}</b> 折，欢迎选购。</p>',
        '[{"name":"customer_name","type":"string","required":true,"sample":"李四","description":"客户姓名","max_length":64},
{"name":"product_name","type":"string","required":true,"sample":"智能手表","description":"产品名称","max_length":128},
{"name":"discount","type":"number","required":true,"sample":"8.5","description":"折扣"}]'
    UNION ALL SELECT 3, 'equipment_maintenance', '设备维保', 'app', '设备维保提醒',
        '{{ customer_name }}您好，您的设备 {{ product_name }} 将于 {{ delivery_days }} 天后到达维保时间，请提前预约。', NULL,
        '[{"name":"customer_name","type":"string","required":true,"sample":"王五","description":"客户姓名","max_length":64},
{"name":"product_name","type":"string","required":true,"sample":"中央空调","description":"产品名称","max_length":128},
{"name":"delivery_days","type":"integer","required":true,"sample":"7","description":"剩余天数"}]'
    UNION ALL SELECT 4, 'system_notice', '系统通知', 'feishu', '系统通知',
        '系统通知：{{ content }}{% if order_no %}（编号 {{ order_no }}）{% endif %}', NULL,
        '[{"name":"content","type":"string","required":true,"sample":"今晚 23:00 至 24:00 系统维护","description":"通知内容","max_length":2000},
{"name":"order_no","type":"string","required":false,"sample":"N-1024","description":"编号","max_length":64}]'
);
INSERT INTO template_versions (template_id, version, subject, content, html, variables, created_ms)
SELECT id, version, subject, content, html, variables, created_ms FROM message_templates;
