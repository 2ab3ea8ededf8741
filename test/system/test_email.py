"""E-mail against a real SMTP server: 2,000 mails are parsed by Python's email package and compared; refusals, retries, down time."""
import email
import email.policy
import html

import pytest

from mail_server import MailServer, make_certificate
from support import HongyanServer, wait_until

MAILS = 2_000
SENDER = "鸿雁 Shop <no-reply@shop.example>"


@pytest.fixture(scope="module")
def mail_server():
    running = MailServer()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def mailing(mail_server):
    settings = {"email.smtp_url": f"smtp://127.0.0.1:{mail_server.port}", "email.tls": "off", "email.from": SENDER,
                "delivery.retry_base_ms": 20}
    with HongyanServer(settings=settings) as running:
        running.raise_limits()
        yield running


def variables(number):
    return {"customer_name": f"王小明 <{number}> & 子", "product_name": f"智能手表 №{number} — ⌚" + "长" * (number % 60),
            "discount": number % 90 + 0.5}


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def check_promotion(raw, number):
    mail, values = parse(raw), variables(number)
    assert not mail.defects and not any(part.defects for part in mail.walk()), mail.defects
    name, product, discount = values["customer_name"], values["product_name"], values["discount"]
    assert str(mail["subject"]) == f"{name}，{product} 限时 {discount} 折"
    assert mail["to"].addresses[0].addr_spec == f"customer{number}@example.com"
    assert (mail["from"].addresses[0].display_name, mail["from"].addresses[0].addr_spec) == (
        "鸿雁 Shop", "no-reply@shop.example")
    assert mail.get_content_type() == "multipart/alternative"
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n")
    assert plain == f"尊敬的 {name}：\n\n您关注的 {product} 现在 {discount} 折，欢迎选购。"
    page = mail.get_body(("html",)).get_content().replace("\r\n", "\n").rstrip("\n")
    name, product = html.escape(name), html.escape(product)
    assert page == f"<p>尊敬的 {name}：</p><p>您关注的 <b>{product}</b> 现在 <b>{discount}</b> 折，欢迎选购。</p>"
    assert all(byte < 128 for byte in raw), "not 7-bit"
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return mail["message-id"]


def test_two_thousand_templated_mails_arrive_once_each_and_as_written(mailing, mail_server):
    singles = MAILS // 10
    traces = [mailing.send(channel="email", recipient=f"customer{n}@example.com", content=None, template="promotion",
                           variables=variables(n))["trace_id"] for n in range(singles)]
    recipients = [{"recipient": f"customer{n}@example.com", "variables": variables(n)} for n in range(singles, MAILS)]
    answer = mailing.post("/api/messages/send-batch",
                          {"channel": "email", "template": "promotion", "recipients": recipients})
    assert answer.status == 202, answer
    task = mailing.wait_task(answer.body["task_id"], 60)
    assert (task["success_count"], task["failed_count"]) == (MAILS - singles, 0), task
    for trace in traces:
        mailing.wait_final(trace)
    identities = set()
    for number in range(MAILS):
        mails = mail_server.mails[f"customer{number}@example.com"]
        assert len(mails) == 1, f"mail {number} arrived {len(mails)} times"
        identities.add(check_promotion(mails[0], number))
    assert len(identities) == MAILS
    assert {f"<{trace}@shop.example>" for trace in traces} <= identities


def send_mail(server, recipient):
    return server.send(channel="email", recipient=recipient, subject="测试", content="正文")["message_id"]


def test_a_mail_put_off_by_4xx_is_tried_until_it_is_taken(mailing, mail_server):
    address = "later@example.com"
    mail_server.replies[address].extend(["451 4.3.0 come back", "450 4.3.2 not yet"])
    message = mailing.wait_final(send_mail(mailing, address))
    assert (message["status"], message["attempts"]) == ("success", 3)
    trace = mailing.get(f"/api/messages/traces/{message['trace_id']}").body
    assert [(one["attempt"], one["outcome"], one.get("error_class")) for one in trace["attempts"]] == [
        (1, "failed", "transient"), (2, "failed", "transient"), (3, "success", None)]
    assert "451" in trace["attempts"][0]["detail"] and "450" in trace["attempts"][1]["detail"], trace
    assert [node["status"] for node in trace["nodes"] if node["name"] == "send"] == ["failed", "failed", "success"]
    mails = mail_server.mails[address]
    assert len(mails) == 1 and parse(mails[0])["message-id"] == f"<{message['trace_id']}@shop.example>"


def test_a_mail_refused_by_5xx_fails_at_once_with_the_reason_of_the_server(mailing, mail_server):
    address = "refused@example.com"
    mail_server.replies[address].append("554 5.6.0 the content is not wanted here")
    message = mailing.wait_final(send_mail(mailing, address))
    assert (message["status"], message["attempts"]) == ("failed", 1)
    assert "not wanted here" in message["reason"], message
    trace = mailing.get(f"/api/messages/traces/{message['trace_id']}").body
    assert trace["attempts"][0]["error_class"] == "message_permanent"
    assert mail_server.mails[address] == []
    dead = mailing.get("/api/messages/dead-letters?channel=email").body["items"]
    assert message["message_id"] in [one["message_id"] for one in dead]


def test_mails_wait_for_a_mail_server_that_is_down(mailing, mail_server):
    mail_server.stop()
    try:
        identity = send_mail(mailing, "patient@example.com")
        message = wait_until(lambda: (m := mailing.message(identity))["status"] == "retrying" and m, 10, "a retry")
        assert message["attempts"] >= 1
        trace = mailing.get(f"/api/messages/traces/{message['trace_id']}").body
        assert trace["attempts"][0]["error_class"] == "transient", trace
    finally:
        mail_server.start()
    assert mailing.wait_final(identity, 20)["status"] == "success"
    assert len(mail_server.mails["patient@example.com"]) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


def encrypted_settings(running):
    return {"email.smtp_url": f"smtp://127.0.0.1:{running.port}", "email.tls": "required", "email.from": SENDER,
            "delivery.retry_base_ms": 20, "delivery.retry_max_ms": 300}


def test_mails_go_over_starttls_with_a_certificate_of_ones_own(certificate):
    with MailServer(certificate) as running:
        settings = encrypted_settings(running) | {"email.ca_file": certificate[0]}
        with HongyanServer(settings=settings) as server:
            message = server.wait_final(send_mail(server, "safe@example.com"))
            assert message["status"] == "success", message
            assert running.encrypted == {"safe@example.com"}


def test_a_certificate_that_nobody_vouches_for_gets_no_mail_and_the_trace_says_why(certificate):
    with MailServer(certificate) as running, HongyanServer(settings=encrypted_settings(running)) as server:
        identity = send_mail(server, "unsafe@example.com")
        message = wait_until(lambda: (m := server.message(identity))["status"] == "retrying" and m, 10, "a retry")
        attempt = server.get(f"/api/messages/traces/{message['trace_id']}").body["attempts"][0]
        assert attempt["error_class"] == "configuration" and "certificate" in attempt["detail"], attempt
        assert not running.mails["unsafe@example.com"]
