"""A pool made larger than the machine can bear: the server goes on with the threads it gets, and starts again with them."""

import resource

from support import wait_until


def test_a_pool_beyond_what_the_system_gives_does_not_end_the_server(fresh_server):
    s = fresh_server
    # Room for a few dozen stacks of 8 MiB instead of ten thousand.
    size = int(open(f"/proc/{s.process.pid}/statm").read().split()[0]) * resource.getpagesize()
    resource.prlimit(s.process.pid, resource.RLIMIT_AS, (size + (256 << 20),) * 2)
    change = {"core_pool_size": 10_000, "max_pool_size": 10_000}
    assert s.call("PATCH", "/api/pools/2", change).status == 200
    wait_until(lambda: "pool_threads_missing" in s.log(), what="the log's word of it")
    assert s.is_alive()
    batch = {"channel": "sms", "content": "x", "recipients": ["13800138000"]}
    assert s.wait_task(s.post("/api/messages/send-batch", batch).body["task_id"])["success_count"] == 1
    smaller = {"core_pool_size": 2, "max_pool_size": 4}
    assert s.call("PATCH", "/api/pools/2", smaller).status == 200
    assert s.wait_task(s.post("/api/messages/send-batch", batch).body["task_id"])["success_count"] == 1
