"""One module for each suite; each has run(bench)."""

from driver.suites import batch, disk, latency, memory, restart, single

all_suites = {
    "single": single.run,
    "batch": batch.run,
    "latency": latency.run,
    "memory": memory.run,
    "disk": disk.run,
    "restart": restart.run,
}
