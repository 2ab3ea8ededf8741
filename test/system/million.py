"""Fills a stopped server's database with finished and waiting messages, as many as wanted, spread over days, channels,
templates, tenants, priorities and states; for tests and measurements of lists.

    python3 test/system/million.py DATA_FOLDER [COUNT]
"""

import io
import random
import sys
import time

import store

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


class CopyText(io.TextIOBase):
    """Rows as PostgreSQL's COPY reads them."""

    def __init__(self, made):
        self._made, self._rest = made, ""

    def read(self, size=-1):
        while len(self._rest) < max(size, 1) and (row := next(self._made, None)) is not None:
            self._rest += "\t".join("\\N" if one is None else str(one) for one in row) + "\n"
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


def fill_postgres(connection, made, end_ms: int, days: float) -> None:
    """Into the partition of each day, as a server that ran all the time would have made them."""
    first, count = int(end_ms / 86_400_000 - days) - 1, int(days) + 3
    connection.execute(f"SELECT create_message_partitions(DATE '1970-01-01' + {first}, {count})")
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY message_records ({', '.join(COLUMNS)}) FROM STDIN", CopyText(made), 1 << 20)
    connection.execute("ANALYZE")


def fill(data, count: int = 1_000_000, end_ms: int | None = None, days: float = 14) -> None:
    """The store of a data folder."""
    end_ms = end_ms or int(time.time() * 1000)
    made = rows(count, end_ms, days)
    connection = store.connect(data)
    if store.ON_POSTGRES:
        fill_postgres(connection, made, end_ms, days)
        return connection.close()
    connection.execute("PRAGMA synchronous = OFF")
    marks = ", ".join("?" * len(COLUMNS))
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO message_records ({', '.join(COLUMNS)}) VALUES ({marks})", made)
    connection.execute(TASKS)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
