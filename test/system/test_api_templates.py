"""Templates: making, changing with versions, previewing, deleting, and the strict check of variables."""

import uuid

import pytest

from openapi import error_codes, error_paths
from support import wait_until

TEMPLATES = "/api/messages/templates"
VARIABLES = [{"name": "name", "sample": "Ann", "max_length": 20}, {"name": "days", "type": "integer", "sample": "3"},
             {"name": "note", "required": False, "sample": "x"}]
GOOD = {"order_no": "A1", "customer_name": "张三", "delivery_days": 3}


def new_name(prefix: str = "t") -> str:
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


def draft(**fields) -> dict:
    return {"name": new_name(), "channel": "sms", "content": "Hi {{ name }}, {{ days }} days", "variables": VARIABLES} | fields


def make(server, **fields) -> dict:
    answer = server.post(TEMPLATES, draft(**fields))
    assert answer.status == 201, answer.raw
    return answer.body


def test_what_was_made_is_read_again(server):
    asked = draft(channel="email", title="Greeting", subject="To {{ name }}", html="<b>{{ name }}</b> {{ days }}")
    answer = server.post(TEMPLATES, asked)
    assert answer.status == 201 and answer.headers["Location"] == f"{TEMPLATES}/{answer.body['id']}"
    made = server.get(answer.headers["Location"]).body
    assert made == answer.body
    assert {name: made[name] for name in ("name", "title", "channel", "subject", "content", "html")} == {
        name: asked[name] for name in ("name", "title", "channel", "subject", "content", "html")}
    assert (made["status"], made["version"]) == ("active", 1)
    assert [(one["name"], one["type"], one["required"]) for one in made["variables"]] == [
        ("name", "string", True), ("days", "integer", True), ("note", "string", False)]


def test_the_seeded_templates_can_all_be_previewed(server):
    seeded = [one for one in server.all_items(TEMPLATES) if one["id"] <= 4]
    assert {one["name"]: one["channel"] for one in seeded} == {
        "order_shipped": "sms", "promotion": "email", "equipment_maintenance": "app", "system_notice": "feishu"}
    for one in seeded:
        answer = server.post(f"{TEMPLATES}/{one['id']}/preview", {})
        assert answer.status == 200 and answer.body["content"] and "{{" not in answer.body["content"], one["name"]
        assert ("segments" in answer.body) == (one["channel"] == "sms")


@pytest.mark.parametrize("fields, paths", [
    ({"name": ""}, {"$.name"}), ({"name": None}, {"$.name"}), ({"name": "x" * 129}, {"$.name"}), ({"name": 5}, {"$.name"}),
    ({"channel": "fax"}, {"$.channel"}), ({"content": ""}, {"$.content"}), ({"content": None}, {"$.content"}),
    ({"content": "x" * 65537}, {"$.content"}), ({"status": "gone"}, {"$.status"}), ({"no_such": 1}, {"$.no_such"}),
    ({"variables": {}}, {"$.variables"}), ({"variables": [{"name": "a"}] * 101}, {"$.variables"}),
    ({"variables": [{"type": "string"}]}, {"$.variables[0].name"}),
    ({"variables": VARIABLES + [{"name": "x", "type": "text"}]}, {"$.variables[3].type"}),
    ({"variables": VARIABLES + [{"name": "x", "max_length": 0}]}, {"$.variables[3].max_length"})])
def test_a_wrong_field_is_named(server, fields, paths):
    answer = server.post(TEMPLATES, draft(**fields))
    assert answer.status == 422 and error_paths(answer) == paths, answer.raw


@pytest.mark.parametrize("content, words", [
    ("{{ name | uper }}", "1:11: there is no filter 'uper'; did you mean 'upper'?"), ("{{ unheard }}", "unheard"),
    ("a\n{% if name %}x", "2:1: this {% if %} has no {% endif %}"), ("{{ name", "1:1: "), ("{% endif %}", "1:"),
    ("{{ days + 1 }}", "1:"), ("{% for a in %}{% endfor %}", "1:"), ("{{ __import__('os') }}", "1:")])
def test_a_mistake_in_the_text_is_refused_with_its_place(server, content, words):
    for path, body, place in ((TEMPLATES, draft(content=content), "$.content"),
                              (TEMPLATES + "/preview", {"template": draft(content=content)}, "$.template.content")):
        answer = server.post(path, body)
        assert answer.status == 422 and answer.body["type"] == "/problems/template-invalid", answer.raw
        assert any(one["path"] == place and words in one["detail"] for one in answer.body["errors"]), answer.raw


def test_every_mistake_is_listed_at_once(server):
    answer = server.post(TEMPLATES, draft(channel="email", subject="{{ a }}", content="{{ b }} {{ name | c }}", html="{% if %}"))
    assert answer.status == 422 and error_paths(answer) == {"$.subject", "$.content", "$.html"}
    assert len(answer.body["errors"]) >= 4


def test_a_name_is_taken_once(server):
    made = make(server)
    answer = server.post(TEMPLATES, draft(name=made["name"]))
    assert answer.status == 409 and error_paths(answer) == {"$.name"}
    other = make(server)
    assert server.call("PUT", f"{TEMPLATES}/{other['id']}", draft(name=made["name"])).status == 409
    assert server.get(f"{TEMPLATES}/{other['id']}").body == other


def test_a_change_of_text_makes_a_version_and_a_change_of_name_does_not(server):
    made = make(server)
    path = f"{TEMPLATES}/{made['id']}"
    same = draft(name=made["name"])
    assert server.call("PUT", path, same).body == made  # nothing to change
    renamed = server.call("PUT", path, same | {"name": new_name(), "title": "Renamed"}).body
    assert (renamed["version"], renamed["title"]) == (1, "Renamed")
    second = server.call("PUT", path, same | {"content": "Now {{ name }} {{ days }}"}).body
    third = server.call("PUT", path, same | {"content": "Then {{ name }}", "variables": VARIABLES[:1]}).body
    assert (second["version"], third["version"]) == (2, 3)
    assert third["created_at"] == made["created_at"] and third["updated_at"] >= second["updated_at"]
    versions = server.get(path + "/versions").body["items"]
    assert [(one["version"], one["content"]) for one in versions] == [
        (3, "Then {{ name }}"), (2, "Now {{ name }} {{ days }}"), (1, "Hi {{ name }}, {{ days }} days")]
    assert [len(one["variables"]) for one in versions] == [1, 3, 3]
    old = server.post(path + "/preview", {"version": 1, "variables": {"name": "Bo"}})
    assert old.body["content"] == "Hi Bo, 3 days"
    answer = server.post(path + "/preview", {"version": 4})
    assert answer.status == 404 and error_paths(answer) == {"$.version"}


def test_the_channel_of_a_template_stays(server):
    made = make(server)
    answer = server.call("PUT", f"{TEMPLATES}/{made['id']}", draft(name=made["name"], channel="app"))
    assert answer.status == 422 and error_paths(answer) == {"$.channel"}


def test_a_refused_change_changes_nothing(server):
    made = make(server)
    path = f"{TEMPLATES}/{made['id']}"
    assert server.call("PUT", path, draft(content="{{ nobody }}")).status == 422
    assert server.call("PUT", path, {"content": "only this"}).status == 422
    assert server.get(path).body == made and len(server.get(path + "/versions").body["items"]) == 1


def test_a_version_names_who_saved_it_and_what_it_changes(server):
    key = server.new_key(["read", "manage"])
    by = server.get("/api/session", key=key).body["key"]
    made = make(server, content="one {{ name }}", comment="the first")
    path = f"{TEMPLATES}/{made['id']}"
    text = draft(name=made["name"], content="two {{ name }}", comment="短一点 🙂")
    assert server.call("PUT", path, text, key=key).body["version"] == 2
    assert server.call("PUT", path, text | {"title": "Renamed", "comment": "makes no version"}, key=key).body["version"] == 2
    second, first = server.get(path + "/versions").body["items"]
    assert (second["created_by"], second["created_by_key"], second["comment"]) == (by["name"], by["id"], "短一点 🙂")
    assert (first["created_by"], first["created_by_key"], first["comment"]) == ("administrator", 0, "the first")
    assert server.get(path + "/versions/2").body["created_by"] == by["name"]
    assert server.call("DELETE", f"/api/keys/{by['id']}").status == 204
    assert server.get(path + "/versions").body["items"][0]["created_by"] == by["name"], "a revoked key stays named"
    seeded = server.get(f"{TEMPLATES}/1/versions").body["items"][-1]
    assert not {"created_by", "created_by_key", "comment"} & set(seeded), "what is not known is not said"


@pytest.mark.parametrize("comment", ["x" * 201, "two\nlines", "\x7f", 5, ["x"]])
def test_a_wrong_comment_is_refused(server, comment):
    answer = server.post(TEMPLATES, draft(comment=comment))
    assert answer.status == 422 and error_paths(answer) == {"$.comment"}
    assert server.post(TEMPLATES, draft(comment="字" * 200)).status == 201


def test_a_message_keeps_the_version_it_was_accepted_with(server):
    made = make(server, content="one {{ name }}", variables=VARIABLES[:1])
    path = f"{TEMPLATES}/{made['id']}"
    fields = {"content": None, "template_id": made["id"], "variables": {"name": "Ann"}}
    before = server.send(delay_seconds=1, **fields)
    changed = draft(name=made["name"], content="two {{ name }}", variables=VARIABLES[:1])
    assert server.call("PUT", path, changed).body["version"] == 2
    after = server.wait_final(server.send(**fields)["message_id"])
    assert (after["content"], after["template_version"], after["template_id"]) == ("two Ann", 2, made["id"])
    waiting = server.send(delay_seconds=1, **fields)
    assert server.call("DELETE", path).status == 204
    for sent, version, content in ((before, 1, "one Ann"), (waiting, 2, "two Ann")):
        message = server.wait_final(sent["message_id"])
        assert (message["status"], message["content"], message["template_version"]) == ("success", content, version)


def test_a_deleted_template_is_gone_everywhere_and_its_name_is_free(server):
    made = make(server)
    path = f"{TEMPLATES}/{made['id']}"
    assert server.call("DELETE", path).status == 204
    assert server.call("DELETE", path).status == 404
    for method, below, body in (("GET", "", None), ("GET", "/versions", None), ("POST", "/preview", {}), ("PUT", "", draft())):
        assert server.call(method, path + below, body).status == 404, below
    assert made["id"] not in {one["id"] for one in server.all_items(TEMPLATES)}
    for one in ({"template_id": made["id"]}, {"template": made["name"]}):
        answer = server.post("/api/messages/send", {"channel": "sms", "recipient": "13800138000", "variables": {}} | one)
        assert answer.status == 422 and list(error_codes(answer).values()) == ["not_found"]
    again = make(server, name=made["name"])
    assert again["id"] != made["id"] and again["version"] == 1


def test_a_disabled_template_is_not_sent_but_can_be_read_and_enabled(server):
    made = make(server, status="disabled")
    body = {"channel": "sms", "recipient": "13800138000", "template": made["name"], "variables": {"name": "A", "days": 1}}
    answer = server.post("/api/messages/send", body)
    assert answer.status == 422 and error_paths(answer) == {"$.template"}, answer.raw
    assert server.post(f"{TEMPLATES}/{made['id']}/preview", {}).status == 200
    enabled = server.call("PUT", f"{TEMPLATES}/{made['id']}", draft(name=made["name"], status="active")).body
    assert (enabled["status"], enabled["version"]) == ("active", 1)
    assert server.post("/api/messages/send", body).status == 202
    kept = server.call("PUT", f"{TEMPLATES}/{made['id']}", draft(name=made["name"])).body
    assert kept["status"] == "active"


# --- variables ---


@pytest.mark.parametrize("change, codes", [
    ({"order_no": None}, {"$.variables.order_no": "required"}), ({"order_no": 5}, {"$.variables.order_no": "type"}),
    ({"order_no": "x" * 65}, {"$.variables.order_no": "too_long"}), ({"delivery_days": "3"}, {"$.variables.delivery_days": "type"}),
    ({"delivery_days": 3.5}, {"$.variables.delivery_days": "type"}), ({"delivery_days": True}, {"$.variables.delivery_days": "type"}),
    ({"extra": 1}, {"$.variables.extra": "unknown_field"}), ({"Order_no": "A"}, {"$.variables.Order_no": "unknown_field"}),
    ({"order_no": 5, "delivery_days": [], "x": 0}, {"$.variables.order_no": "type", "$.variables.delivery_days": "type",
                                                    "$.variables.x": "unknown_field"})])
def test_variables_are_strict_when_sending_and_when_previewing(server, change, codes):
    variables = GOOD | change
    answer = server.post("/api/messages/send", {"channel": "sms", "recipient": "13800138000", "template_id": 1, "variables": variables})
    assert answer.status == 422 and error_codes(answer) == codes, answer.raw
    answer = server.post("/api/messages/send-batch", {"channel": "sms", "template_id": 1, "recipients": [
        {"recipient": "13800138000", "variables": GOOD}, {"recipient": "13800138001", "variables": variables}]})
    assert error_codes(answer) == {path.replace("$.", "$.recipients[1].", 1): code for path, code in codes.items()}, answer.raw
    answer = server.post(f"{TEMPLATES}/1/preview", {"variables": variables})
    expected = {path: code for path, code in codes.items() if code != "required"}  # the samples fill these
    assert (error_codes(answer) == expected) if expected else answer.status == 200, answer.raw


def test_a_recipients_own_variables_go_over_the_common_ones(server):
    answer = server.post("/api/messages/send-batch", {"channel": "sms", "template": "order_shipped", "variables": GOOD, "recipients": [
        "13800138000", {"recipient": "13800138001", "variables": {"customer_name": "李四"}}]})
    assert answer.status == 202, answer.raw
    server.wait_task(answer.body["task_id"])
    found = {one["recipient"]: one["content"] for one in server.all_items("/api/messages", task_id=answer.body["task_id"])}
    assert "张三" in found["13800138000"] and "李四" in found["13800138001"] and "A1" in found["13800138001"]


def test_the_channel_of_the_message_must_be_the_templates(server):
    answer = server.post("/api/messages/send", {"channel": "app", "recipient": "x", "template_id": 1, "variables": GOOD})
    assert answer.status == 422 and error_paths(answer) & {"$.channel", "$.template_id"}, answer.raw


def test_a_preview_is_what_is_sent_and_stores_nothing(server):
    shown = server.post(f"{TEMPLATES}/1/preview", {"variables": GOOD}).body
    message = server.wait_final(server.send(content=None, template_id=1, variables=GOOD)["message_id"])
    assert message["content"] == shown["content"] and shown["variables_used"] == GOOD
    count = len(server.all_items(TEMPLATES))
    answer = server.post(TEMPLATES + "/preview", {"template": draft(), "variables": {"name": "Bo"}})
    assert answer.status == 200 and answer.body["content"] == "Hi Bo, 3 days"
    assert answer.body["variables_used"] == {"name": "Bo", "days": 3, "note": "x"}
    assert len(server.all_items(TEMPLATES)) == count


@pytest.mark.parametrize("content, expected", [
    ("x" * 160, ("gsm7", 160, 1)), ("x" * 161, ("gsm7", 161, 2)), ("€" * 80, ("gsm7", 160, 1)), ("鸿" * 70, ("ucs2", 70, 1)),
    ("鸿" * 71, ("ucs2", 71, 2)), ("🦢", ("ucs2", 2, 1))])
def test_a_preview_counts_the_parts_of_an_sms(server, content, expected):
    shown = server.post(TEMPLATES + "/preview", {"template": {"channel": "sms", "content": content}}).body["segments"]
    assert (shown["encoding"], shown["units"], shown["segments"]) == expected


def test_html_is_escaped_and_text_is_not(server):
    template = draft(channel="email", subject="{{ name }}", content="{{ name }}", html="<p>{{ name }}</p>")
    shown = server.post(TEMPLATES + "/preview", {"template": template, "variables": {"name": "<b>&\"'"}}).body
    assert shown["content"] == shown["subject"] == "<b>&\"'"
    assert "<b>" not in shown["html"] and shown["html"].startswith("<p>&lt;b&gt;&amp;")


def test_a_template_cannot_bring_the_server_to_its_knees(server):
    loop = "{% for a in l %}{% for b in l %}{% for c in l %}x{% endfor %}{% endfor %}{% endfor %}"
    template = draft(content=loop, variables=[{"name": "l", "type": "list"}])
    answer = server.post(TEMPLATES + "/preview", {"template": template, "variables": {"l": list(range(1000))}})
    assert answer.status == 422, answer.raw
    deep = "{% if name %}" * 100 + "{% endif %}" * 100
    assert server.post(TEMPLATES, draft(content=deep)).status == 422


@pytest.mark.parametrize("kill", [False, True], ids=["stop", "kill"])
def test_templates_outlive_a_restart(fresh_server, kill):
    made = make(fresh_server)
    path = f"{TEMPLATES}/{made['id']}"
    changed = fresh_server.call("PUT", path, draft(name=made["name"], content="v2 {{ name }} {{ days }}")).body
    assert fresh_server.call("DELETE", f"{TEMPLATES}/4").status == 204
    fresh_server.restart(kill=kill)
    assert fresh_server.get(path).body == changed and len(fresh_server.get(path + "/versions").body["items"]) == 2
    assert fresh_server.get(f"{TEMPLATES}/4").status == 404  # what was seeded once is not seeded again
    sent = fresh_server.send(content=None, template=made["name"], variables={"name": "A", "days": 1})
    wait_until(lambda: fresh_server.message(sent["message_id"])["content"] == "v2 A 1")


def test_templates_are_searched_by_words_of_id_name_title_and_subject(server):
    mark = uuid.uuid4().hex[:8]
    names = [f"{mark}_spring_sale", f"{mark}_100%_off", f"{mark}_plain"]
    first = make(server, name=names[0], title="Spring Angebot", channel="email", subject="For {{ name }}")
    second = make(server, name=names[1].replace("%", "."), title="100% off_now!")
    third = make(server, name=names[2], title="Straße 中文 Titel")

    def found(words: str, **more) -> list[int]:
        answer = server.get(TEMPLATES, query={"q": words, "limit": 200} | more)
        assert answer.status == 200, answer
        return [one["id"] for one in answer.body["items"]]

    assert found(mark) == [first["id"], second["id"], third["id"]]
    assert found(f"sale {mark.upper()} SPRING") == [first["id"]], "words in any order, capitals or not"
    assert found(f"{mark} for") == [first["id"]], "the subject is searched"
    assert found(f"  {mark}   中文 ") == [third["id"]]
    assert found(f"{mark} 100%") == [second["id"]] and found(f"{mark} off_now!") == [second["id"]], "signs of patterns are themselves"
    assert found(f"{mark} s%e") == found(f"{mark} s_le") == []
    assert found(f"{mark} a b c d e f") == [] and found("' OR 1=1 --") == []
    assert first["id"] in found(str(first["id"]))
    assert found(mark, channel="email") == [first["id"]] and found(mark, status="disabled") == []
    page = server.get(TEMPLATES, query={"q": mark, "limit": 2}).body
    assert [one["id"] for one in page["items"]] == [first["id"], second["id"]]
    assert [one["id"] for one in server.get(TEMPLATES, query={"q": mark, "limit": 2, "cursor": page["next_cursor"]}).body["items"]] == [third["id"]]


@pytest.mark.parametrize("words", ["", "x" * 201])
def test_a_search_without_words_or_too_long_is_refused(server, words):
    answer = server.get(TEMPLATES, query={"q": words})
    assert answer.status == 422 and error_paths(answer) == {"$query.q"}
