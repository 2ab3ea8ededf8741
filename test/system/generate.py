"""Random values from a JSON Schema: ones that fit it, and ones that break it. Repeatable by the seed of the Random given."""

import copy
import json
import string
from random import Random
from typing import Any

from openapi import Document

WORDS = ["a", "order", "13800138000", "a@example.com", "{{ x }}", "{% if x %}", "' OR 1=1 --", "<script>", "../..", "%00",
         "鸿雁", "🦢", "é", "e\u0301", "\u202e", "\ufeff", "\u2028", "ﷺ", "𝒳", "\t", "\n", "\\", '"', "0", "null", "-1", "1e9"]
OTHERS = [None, True, False, 0, 1, -1, 1.5, 1e300, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, 10**30, "", "x", "0", [], [[]],
          {}, {"a": 1}, [None], "2026-01-01T00:00:00Z"]


class Maker:
    def __init__(self, document: Document, seed):
        self.document = document
        self.random = Random(seed)

    def text(self, least: int = 0, most: int | None = None) -> str:
        r = self.random
        most = least + 40 if most is None else most
        length = r.choice([least, least + 1, r.randint(least, min(most, least + 60)), min(most, 3000)])
        text = "".join(r.choice(WORDS) if r.random() < 0.3 else r.choice(string.printable[:95]) for _ in range(min(length, most)))
        return (text + "x" * least)[:max(least, min(length, most))]

    def any_json(self, depth: int = 3) -> Any:
        r = self.random
        kind = r.randrange(7 if depth > 0 else 5)
        if kind == 5:
            return [self.any_json(depth - 1) for _ in range(r.randrange(4))]
        if kind == 6:
            return {self.text(0, 12): self.any_json(depth - 1) for _ in range(r.randrange(4))}
        return [None, r.random() < 0.5, r.randint(-(2**63), 2**63 - 1), r.uniform(-1e9, 1e9), self.text(0, 30)][kind]

    def time(self) -> str:
        r = self.random
        return (f"{r.choice([1970, 2020, 2026, 2027, 2030])}-{r.randint(1, 12):02}-{r.randint(1, 28):02}T{r.randint(0, 23):02}:"
                f"{r.randint(0, 59):02}:{r.randint(0, 59):02}{r.choice(['', '.5', '.123456'])}{r.choice(['Z', '+08:00', '-11:30'])}")

    def fitting(self, schema: dict) -> Any:
        """A value that fits the schema, with its bounds more often than anything between them."""
        r = self.random
        schema = self.document.resolve(schema)
        if schema.get("examples") and r.random() < 0.4:
            return copy.deepcopy(r.choice(schema["examples"]))
        if "enum" in schema:
            return r.choice(schema["enum"])
        if "oneOf" in schema:
            return self.fitting(r.choice(schema["oneOf"]))
        kinds = schema.get("type", "any")
        kind = r.choice(kinds) if isinstance(kinds, list) else kinds
        return getattr(self, "_" + kind)(schema)

    def _null(self, _):
        return None

    def _any(self, _):
        return self.any_json()

    def _boolean(self, _):
        return self.random.random() < 0.5

    def _integer(self, schema):
        low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
        return self.random.choice([low, high, self.random.randint(low, min(high, low + 1000))])

    def _number(self, schema):
        low, high = schema.get("minimum", -1e12), schema.get("maximum", 1e12)
        return self.random.choice([low, high, self.random.uniform(low, high)])

    def _string(self, schema):
        if schema.get("format") == "date-time":
            return self.time()
        if schema.get("format") == "uri":
            return "https://example.com/" + str(self.random.randrange(1000))
        return self.text(schema.get("minLength", 0), schema.get("maxLength"))

    def _array(self, schema):
        least = schema.get("minItems", 0)
        count = self.random.randint(least, min(schema.get("maxItems", least + 4), least + 4))
        return [self.fitting(schema["items"]) for _ in range(count)]

    def _object(self, schema):
        if "properties" not in schema:
            return {self.text(1, 12): self.any_json() for _ in range(self.random.randrange(4))}
        required = schema.get("required", [])
        return {name: self.fitting(inner) for name, inner in schema["properties"].items()
                if name in required or self.random.random() < 0.4}

    def breaking(self, schema: dict) -> Any:
        """A fitting value with something changed; usually it does not fit any more."""
        value = self.fitting(schema)
        for _ in range(self.random.choice([1, 1, 2, 5])):
            value = self.changed(value)
        return value

    def changed(self, value: Any, depth: int = 0) -> Any:
        """A copy with one place of it replaced, removed, added or repeated."""
        r = self.random
        if isinstance(value, dict) and value and r.random() < 0.85 - depth * 0.1:
            value, name = dict(value), r.choice(list(value))
            action = r.randrange(5)
            if action == 0:
                del value[name]
            elif action == 1:
                value[self.text(0, 10)] = self.any_json(1)
            else:
                value[name] = self.changed(value[name], depth + 1)
            return value
        if isinstance(value, list) and value and r.random() < 0.8:
            value, at = list(value), r.randrange(len(value))
            action = r.randrange(4)
            if action == 0:
                del value[at]
            elif action == 1:
                value += value[at:at + 1] * r.choice([1, 50])
            else:
                value[at] = self.changed(value[at], depth + 1)
            return value
        if isinstance(value, str) and r.random() < 0.5:
            return r.choice([value + "\n", value * 50, value[:-1], value.upper(), "\x00" + value, value + "\U0010ffff"])
        if isinstance(value, (int, float)) and not isinstance(value, bool) and r.random() < 0.5:
            return r.choice([value + 1, -value - 1, value + 0.5 if abs(value) < 1e15 else value, str(value)])
        return copy.deepcopy(r.choice(OTHERS))

    def mangled(self, value: Any) -> bytes:
        """The value as JSON with some bytes spoilt."""
        return self.spoilt(json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode("utf-8", "surrogatepass"))

    def spoilt(self, data: bytes, times: int | None = None) -> bytes:
        """The bytes with a few changes: other bytes, cuts, repeats and insertions."""
        r, data = self.random, bytearray(data)
        for _ in range(times or r.choice([1, 1, 2, 4, 16])):
            at = r.randrange(len(data) + 1)
            action = r.randrange(6)
            if action == 0 and at < len(data):
                data[at] = r.randrange(256)
            elif action == 1:
                del data[at:at + r.choice([1, 1, 2, 20])]
            elif action == 2:
                data[at:at] = bytes(r.randrange(256) for _ in range(r.choice([1, 1, 3])))
            elif action == 3:
                data[at:at] = r.choice([b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"\xff", b'"', b"{", b"]", b",", b"\\", b"%"])
            elif action == 4:
                data[at:at] = data[at:at + r.choice([1, 10, 100])] * r.choice([1, 3])
            else:
                del data[at:]
        return bytes(data)
