"""The Helm chart as far as it can be seen without Helm: its values fit their schema and each is used, each value that a template
uses is there, settings exist, and the files that it carries are the ones of deploy/. deploy/README.md says how to render it."""
import copy
import json
import re

import jsonschema
import pytest

from deployment import ALERTS, CHART, DASHBOARD, check_setting, known_settings, read_yaml
from support import REPOSITORY

TEMPLATES = sorted((CHART / "templates").iterdir())
USED = re.compile(r"(?:\$root|\$)?\.Values((?:\.[a-zA-Z]+)+)")


def values():
    return read_yaml(CHART / "values.yaml")


def validator():
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_values_fit_their_schema():
    assert [error.message for error in validator().iter_errors(values())] == []


@pytest.mark.parametrize("path,value", [
    (("nodeSets", "node", "roles"), []), (("nodeSets", "node", "roles"), ["sender"]), (("nodeSets",), {}),
    (("nodeSets", "Node"), {"roles": ["api"]}), (("settings", "listen"), "0.0.0.0:1"), (("settings", "log.format"), ["json"]),
    (("secret", "values", "store.url"), 5), (("replicas",), 3), (("service", "port"), 0),
], ids=str)
def test_the_schema_refuses_what_cannot_be_meant(path, value):
    wrong = copy.deepcopy(values())
    place = wrong
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert list(validator().iter_errors(wrong)), f"{path} = {value!r} is taken"


def test_every_value_is_used_and_every_used_value_is_there():
    used = {path for template in TEMPLATES for path in USED.findall(template.read_text())}
    for path in used:
        place = values()
        for name in path.split(".")[1:]:
            assert isinstance(place, dict) and name in place, f"a template uses .Values{path}"
            place = place[name]
    assert {path.split(".")[1] for path in used} == set(values())


def test_the_settings_are_settings_and_no_secrets():
    for name in values()["settings"]:
        check_setting(name, "values.yaml")
        assert not known_settings()[name], f"{name} is a secret"
    for name in re.findall(r"^  #   (\S+): ", (CHART / "values.yaml").read_text(), re.M):
        check_setting(name, "values.yaml")
        assert known_settings().get(name, True), f"{name} is no secret"


def test_a_pod_gets_the_time_that_a_stop_needs():
    grace = values()["settings"]["http.stop_grace_seconds"]
    assert values()["terminationGracePeriodSeconds"] > values()["preStopSeconds"] + 2 * grace


def test_the_probes_ask_pages_that_the_server_has():
    paths = set(re.findall(r"path: (/\w+)", "".join(one.read_text() for one in TEMPLATES if one.name != "ingress.yaml")))
    document = json.loads((REPOSITORY / "docs" / "openapi.json").read_text())
    assert {"/livez", "/readyz", "/metrics"} <= paths | {"/metrics"} and paths - {"/data", "/tmp", "/run"} <= set(document["paths"])


def test_every_container_is_restricted():
    for name in ("deployment.yaml", "migrate-job.yaml"):
        text = (CHART / "templates" / name).read_text()
        assert "hongyan.podSecurity" in text and "hongyan.containerSecurity" in text, name
        assert "enableServiceLinks: false" in text and "automountServiceAccountToken: false" in text, name
    helpers = (CHART / "templates" / "_helpers.tpl").read_text()
    for line in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "drop: [ALL]",
                 "type: RuntimeDefault"):
        assert line in helpers
    uid = re.search(r"runAsUser: (\d+)", helpers).group(1)
    assert f"USER {uid}:{uid}" in (REPOSITORY / "deploy" / "Dockerfile").read_text()


def test_the_chart_carries_the_alerts_and_the_dashboard_themselves():
    assert (CHART / "files" / "alerts.yaml").resolve() == ALERTS
    assert (CHART / "files" / "dashboard.json").resolve() == DASHBOARD
