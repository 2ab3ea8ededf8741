"""The compose file, the systemd units, the image and the names of settings in deploy/ and docs/cluster.md are held against the
program: its settings, its options, the libraries it is linked with."""
import json
import os
import re

import pytest

from deployment import (AWAITED_SETTINGS, CHART, COMPOSE, DEPLOY, UNITS, check_setting, known_settings, read_yaml, run, tool,
                        variables)
from support import REPOSITORY, binary

SYSTEMD = "apt-get install -y --no-install-recommends systemd"
# In compose.yaml the balancer and the engines have variables of their own.
ENVIRONMENT_VARIABLE = re.compile(r"\bHONGYAN_[A-Z_]+\b")
# What compose.yaml itself is told by deploy/.env, and what is no setting.
COMPOSE_ONLY = {"HONGYAN_IMAGE", "HONGYAN_PUBLISH"}


def texts():
    folders = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [path for path in folders if path.suffix != ".json"] + [REPOSITORY / "docs" / "cluster.md"]


@pytest.mark.parametrize("path", [path for path in sorted(DEPLOY.rglob("*")) if path.suffix in (".yaml", ".json")
                                  and "templates" not in path.parts], ids=lambda path: str(path.relative_to(DEPLOY)))
def test_yaml_and_json_can_be_read(path):
    assert path.exists(), "a link to nothing"
    assert json.loads(path.read_text()) if path.suffix == ".json" else read_yaml(path)


def test_no_setting_is_awaited_that_is_there():
    there = AWAITED_SETTINGS & set(known_settings())
    assert not there, f"the program knows {there} now: take them from AWAITED_SETTINGS in deployment.py"


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.name)
def test_variables_that_begin_with_hongyan_are_settings(path):
    for name in ENVIRONMENT_VARIABLE.findall(path.read_text()):
        if name in COMPOSE_ONLY or name in ("HONGYAN_API_KEY", "HONGYAN_SERVER"):
            continue
        setting = variables().get(name.removesuffix("_FILE"))
        assert setting or name == "HONGYAN_", f"{path.name} uses {name}, which is no setting"
        if name.endswith("_FILE"):
            assert known_settings().get(setting, True), f"{name}: only secrets may stand in files"


# --- compose ---

def compose():
    return read_yaml(COMPOSE)["services"]


def nodes():
    return {name: service for name, service in compose().items() if name.startswith("hongyan-")}


def test_the_nodes_of_compose_differ_in_their_names_only():
    environments = [dict(service["environment"]) for service in nodes().values()]
    assert len(environments) == 3
    assert [one.pop("HONGYAN_NODE_NAME") for one in environments] == list(nodes())
    assert environments[0] == environments[1] == environments[2]
    balancer = compose()["balancer"]["environment"]
    assert [balancer[f"NODE_{n}"] for n in (1, 2, 3)] == [f"{name}:8000" for name in nodes()]


def test_compose_asks_for_each_secret_and_the_example_has_it():
    example = dict(line.split("=", 1) for line in (DEPLOY / "env.example").read_text().splitlines()
                   if line and not line.startswith("#"))
    asked = dict(re.findall(r"\$\{(\w+)(:\?|:-)?", COMPOSE.read_text()))
    assert set(asked) - {"HONGYAN_IMAGE"} == set(example)
    for name, kind in asked.items():
        is_secret = "PASSWORD" in name or name.endswith("_KEY")
        assert kind == (":?" if is_secret else ":-"), f"{name} is {'required' if kind == ':?' else 'optional'}"
        assert not is_secret or example[name] == "", f"a secret stands in env.example: {name}"


def test_what_compose_starts_is_bounded_and_healthy_before_it_is_used():
    for name, service in compose().items():
        assert "memory" in service["deploy"]["resources"]["limits"], name
        assert service["logging"]["options"]["max-size"], name
    for name, node in nodes().items():
        for engine, condition in node["depends_on"].items():
            assert condition["condition"] == "service_healthy" and "healthcheck" in compose()[engine], (name, engine)
        grace = int(node["environment"]["HONGYAN_HTTP_STOP_GRACE_SECONDS"])
        assert int(node["stop_grace_period"].removesuffix("s")) > 2 * grace
    for service in compose().values():
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${HONGYAN_PUBLISH:-127.0.0.1:")), f"open to the world: {port}"


def test_the_program_takes_the_settings_that_compose_gives_its_nodes(tmp_path):
    environment = {"PATH": os.environ["PATH"]}
    for name, value in next(iter(nodes().values()))["environment"].items():
        if variables()[name] in AWAITED_SETTINGS:
            continue
        if "${" in value:
            value = {"HONGYAN_PUBLIC_URL": "", "HONGYAN_SANDBOX_ENABLED": "true",
                     "HONGYAN_MASTER_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}.get(
                         name, re.sub(r"\$\{[^}]*\}", "0123456789abcdef0123456789abcdef", value))
        environment[name] = str(value)
    done = run(binary(), "config", "check", env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


# --- systemd ---

def unit_lines(path):
    return [line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_reads_the_unit_without_a_word(unit, tmp_path):
    name = unit.name.replace("@", "@8001")
    (tmp_path / name).write_text(unit.read_text().replace("/usr/local/bin/hongyan", str(binary())))
    done = run(tool("systemd-analyze", SYSTEMD), "verify", "--man=no", tmp_path / name)
    assert done.returncode == 0 and unit.name.split(".")[0] not in done.stderr, done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_unit_starts_the_program_with_options_that_it_has(unit):
    command = next(value for name, value in unit_lines(unit) if name == "ExecStart").split()
    assert command[0] == "/usr/local/bin/hongyan"
    done = run(binary(), command[1], "--help")
    assert done.returncode == 0
    for option in (word for word in command[2:] if word.startswith("--")):
        assert f" {option} " in done.stdout, f"{command[1]} has no option {option}"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_unit_loads_secrets_by_the_names_of_their_settings(unit, tmp_path):
    loaded = {value.split(":")[0] for name, value in unit_lines(unit) if name == "LoadCredential"}
    empty = dict(value.split(":", 1) for name, value in unit_lines(unit) if name == "SetCredential")
    assert set(empty) == loaded and set(empty.values()) == {"\\n"}
    for setting in loaded:
        check_setting(setting, unit.name)
        assert known_settings().get(setting, True), f"{setting} is no secret"
        (tmp_path / setting).write_text("\n")  # what systemd gives the program when the file is not there
    done = run(binary(), "config", "check", env={"CREDENTIALS_DIRECTORY": str(tmp_path)}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_unit_gives_a_stop_the_time_it_needs(unit):
    lines = dict(unit_lines(unit))
    assert int(lines["TimeoutStopSec"]) > 2 * 10, "the default of http.stop_grace_seconds is 10"
    assert lines["Restart"] == "always" and lines["StartLimitIntervalSec"] == "0"
    assert lines["StateDirectory"].startswith("hongyan") and int(lines["LimitNOFILE"]) >= 65536


# --- the image ---

def test_the_image_has_the_libraries_that_the_program_is_linked_with():
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    listed = set(re.findall(r"^      ([a-z0-9.+-]+) \\$", dockerfile, re.M))
    needed = re.findall(r"NEEDED.*\[(.+)\]", run("readelf", "-d", binary()).stdout)
    places = dict(re.findall(r"(\S+) => (\S+)", run("ldd", binary()).stdout))
    packages = {"libc6", "libgcc-s1"}
    for library in needed:
        # Where /lib is a link to /usr/lib, a package may know its file by either name.
        file = os.path.realpath(places[library])
        owner = run("dpkg", "-S", file).stdout or run("dpkg", "-S", file.removeprefix("/usr")).stdout
        assert owner, f"{library} ({places[library]}) belongs to no package"
        packages.add(owner.split(":")[0])
    missing = packages - listed - {"libc6", "libgcc-s1"}
    assert not missing, f"deploy/Dockerfile does not install {missing}"


def test_the_image_is_built_with_scripts_and_options_that_are_there():
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert "--build " in (REPOSITORY / "tools" / "setup").read_text() and "tools/setup --build" in dockerfile
    assert "--product " in (REPOSITORY / "tools" / "build").read_text() and "tools/build --product" in dockerfile
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.M):
        for source in line.split()[:-1]:
            assert (REPOSITORY / source).exists(), source
    for page in re.findall(r"http://127\.0\.0\.1:8000(/\w+)", dockerfile):
        assert page == "/readyz"


def test_the_version_is_the_same_everywhere():
    version = (REPOSITORY / "VERSION").read_text().strip()
    chart = read_yaml(CHART / "Chart.yaml")
    assert (chart["version"], chart["appVersion"]) == (version, version)
