"""What the figures were measured on: processor, kernel, sync time of the disk, what disturbed
them."""

import os
import platform
import resource
import time


def _first_line_value(path, key):
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return ""


def sync_times_ms(folder, count=200):
    """p50 and p99 of appending 4 KiB and fdatasync in this folder."""
    path = os.path.join(folder, "sync_probe")
    times = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            begun = time.perf_counter()
            os.write(file, b"x" * 4096)
            os.fdatasync(file)
            times.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(file)
        os.unlink(path)
    times.sort()
    return {"p50": round(times[count // 2], 3), "p99": round(times[count * 99 // 100], 3)}


def describe(folder):
    memory_kib = int(_first_line_value("/proc/meminfo", "MemTotal").split()[0])
    return {
        "processor": _first_line_value("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 1024 / 1024, 1),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "sync_ms": sync_times_ms(folder),
        "load_average": os.getloadavg(),
    }


def processor_times(own_seconds=0.0):
    """Seconds since some beginning: stolen by the host, busy in all, busy for this driver, its
    ended children and the others that used own_seconds."""
    with open("/proc/stat", encoding="ascii") as lines:
        user, nice, system, _, _, hard_irq, soft_irq, stolen = map(
            int, lines.readline().split()[1:9]
        )
    tick = os.sysconf("SC_CLK_TCK")
    ours = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return {
        "at": time.monotonic(),
        "stolen": stolen / tick,
        "busy": (user + nice + system + hard_irq + soft_irq) / tick,
        "ours": ours + own_seconds,
    }


def disturbance(before, after):
    """Percent of all processor time that the host took away, and that other processes of this
    machine used."""
    # Where the kernel keeps interrupt time apart, that of our own packets counts as others'.
    grown = {name: after[name] - before[name] for name in after}
    whole = grown["at"] * os.cpu_count()
    return {
        "steal_percent": round(100 * grown["stolen"] / whole, 2),
        "others_percent": round(100 * max(0.0, grown["busy"] - grown["ours"]) / whole, 2),
    }
