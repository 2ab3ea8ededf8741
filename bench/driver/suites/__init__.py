"""One module for each suite; each has run(bench)."""

from driver.suites import (
    batch,
    cluster,
    disk,
    failover,
    http_out,
    latency,
    memory,
    restart,
    single,
    smtp_out,
)

all_suites = {
    "single": single.run,
    "batch": batch.run,
    "latency": latency.run,
    "memory": memory.run,
    "disk": disk.run,
    "restart": restart.run,
    "http_out": http_out.run,
    "smtp_out": smtp_out.run,
    "failover": failover.run,
    "cluster": cluster.run,
}
