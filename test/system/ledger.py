"""Reads the sandbox's ledger: what really arrived at receivers. The format is in src/channel/sandbox/ledger.hpp."""
import dataclasses
import pathlib
import struct
import zlib

RECORD = struct.Struct("<QqQII")


@dataclasses.dataclass(frozen=True)
class Arrival:
    sequence: int
    message_id: int
    received_ms: int
    attempt: int
    tenant_id: int


def decode(record):
    """The arrival in 32 bytes; a record whose checksum is wrong is an AssertionError."""
    sequence, message_id, packed, tenant_id, checksum = RECORD.unpack(record)
    assert zlib.crc32(record[:28]) == checksum, f"damaged ledger record after sequence {sequence}"
    return Arrival(sequence, message_id, packed & (1 << 48) - 1, packed >> 48, tenant_id)


def read_ledger(data_dir):
    """All arrivals in order, those of the rotated file included. A half record at the end is a kill's trace and left out."""
    arrivals = []
    for name in ("sandbox.ledger.1", "sandbox.ledger"):
        path = pathlib.Path(data_dir) / name
        content = path.read_bytes() if path.exists() else b""
        whole = len(content) // RECORD.size * RECORD.size
        arrivals += [decode(content[at:at + RECORD.size]) for at in range(0, whole, RECORD.size)]
    numbers = [arrival.sequence for arrival in arrivals]
    assert numbers == sorted(set(numbers)), "the ledger's sequence does not rise"
    return arrivals
