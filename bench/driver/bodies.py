"""Request bodies for the load generator. Each run of eight # becomes a fresh number in every
request."""

import json

single = {
    "channel": "sms",
    "template_id": 1,
    "recipient": "138########",
    "variables": {"customer_name": "张三", "order_no": "SO2026########", "delivery_days": 3},
    "priority": 5,
    "metadata": {
        "source": "shop",
        "campaign": "autumn-2026",
        "region": "华东",
        "order": "A-########",
        "operator": "li.si",
    },
}
recipients_per_batch = 10_000

# What a short message really looks like, just under 120 bytes each.
chinese_text = "【鸿雁】您的包裹########已到站，请于今晚八点前凭身份证到东门驿站领取，逾期退回。"
english_text = (
    "[Hongyan] Your parcel ######## has arrived. Please pick it up at the east gate before "
    "8 pm today and bring an ID card."
)


def batch(**fields):
    """A batch of the seeded SMS template, 10,000 different recipients."""
    body = {"channel": "sms", "template_id": 1, "variables": single["variables"], **fields}
    return {**body, "recipients": ["138########"] * recipients_per_batch}


def text_single(text):
    return {"channel": "sms", "recipient": "138########", "content": text}


def text_batch(text):
    return {
        **text_single(text),
        "recipient": None,
        "recipients": ["138########"] * recipients_per_batch,
    }


def payload_bytes(text):
    """What the sender really wants kept of one such message: its text and its recipient."""
    return len(text.encode()) + 11


def write(path, body):
    given = {name: value for name, value in body.items() if value is not None}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(given, file, ensure_ascii=False, separators=(",", ":"))
    return path
