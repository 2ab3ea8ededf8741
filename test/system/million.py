"""Fills a stopped server's database with finished and waiting messages, as many as wanted, spread over days, channels,
templates, tenants, priorities and states; for tests and measurements of lists.

    python3 test/system/million.py DATABASE [COUNT]
"""

import random
import sqlite3
import sys
import time

CHANNELS = ("sms", "email", "app", "wechat", "feishu")
PROVIDERS = ("sandbox", "smpp", "smtp", "apns")
REASONS = ("recipient_permanent 550 5.1.1: no such user", "transient 451: try later", "quota: the daily limit is reached",
           "message_permanent: text refused")
#: One message in so many belongs to another tenant, or goes to the one recipient that is looked for.
RARE = 50_000
RARE_RECIPIENT = "13900000000"
COLUMNS = ("id", "task_id", "template_id", "template_version", "recipient", "channel", "content", "priority", "status", "tenant_id", "attempts",
           "finished_ms", "timing", "provider", "reason")

#: The batches that the messages name, all of them done.
TASKS = """INSERT INTO message_tasks (id, tenant_id, channel, name, status, total_count, success_count, failed_count, cancelled_count,
    expired_count, created_ms, finished_ms)
    SELECT task_id, 1, 'sms', 'Batch ' || task_id, 'completed', count(*), sum(status IN ('success', 'delivered')),
        sum(status IN ('failed', 'unknown')), sum(status = 'cancelled'), sum(status = 'expired'), min(id >> 20), max(finished_ms)
    FROM message_records WHERE task_id IS NOT NULL GROUP BY task_id"""


def rows(count: int, end_ms: int, days: float, seed: int = 1):
    """Messages in the order of their acceptance, the last one a minute before end_ms."""
    dice = random.Random(seed)
    begin, step = end_ms - int(days * 86_400_000), days * 86_400_000 / count
    for number in range(count):
        created = begin + int(number * step) - 60_000
        roll = dice.random()
        status = ("success" if roll < 0.93 else "failed" if roll < 0.98 else "delivered" if roll < 0.985 else
                  "cancelled" if roll < 0.99 else "expired" if roll < 0.995 else "unknown")
        reason = dice.choice(REASONS) if status in ("failed", "unknown") else None
        rare = number % RARE == RARE // 2
        yield ((created << 20) + number % 1_000_000, 1 + number // 10_000 if number % 3 == 0 else None,
               dice.choice((1, 2, 3, 4, None)) if number % 10_000 else 99, 1,
               RARE_RECIPIENT if rare else f"138{dice.randrange(10**8):08}", dice.choice(CHANNELS),
               "Your order has been shipped and will arrive tomorrow.", dice.choice((5, 5, 5, 7, 3, 10, 0)), status,
               7 if number % RARE == 1 else 1, 1, created + 20, (1 << 62) | (3 << 34) | (10 << 18) | 40, dice.choice(PROVIDERS), reason)


def fill(database, count: int = 1_000_000, end_ms: int | None = None, days: float = 14) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    marks = ", ".join("?" * len(COLUMNS))
    made = rows(count, end_ms or int(time.time() * 1000), days)
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO message_records ({', '.join(COLUMNS)}) VALUES ({marks})", made)
    connection.execute(TASKS)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
