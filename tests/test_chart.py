"""`deploy/helm/gencharge`: values, schema and settings fit; and, if helm is installed, what it makes of them is what Kubernetes knows."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from gencharge.core.settings import Settings
from gencharge.run import serving
from gencharge.run import worker as background

ROOT = Path(__file__).parent.parent
CHART = ROOT / "deploy" / "helm" / "gencharge"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
HELM = shutil.which("helm") or shutil.which("helm", path=str(Path.home() / "go" / "bin"))
needs_helm = pytest.mark.skipif(
    HELM is None, reason="needs helm: go install helm.sh/helm/v3/cmd/helm@v3.16.4"
)
needs_schemas = pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None,
    reason="needs the schemas of Kubernetes: pip install kubernetes-validate",
)
# What the templates set themselves.
OF_THE_CHART = {"shutdown_delay_seconds", "host", "port", "worker_metrics_host", "worker_metrics_port"}
# The oldest that the chart says, and newer ones.
KUBERNETES = ("1.27", "1.31", "1.34")
EVERYTHING = (
    "ingress.enabled=true",
    "api.workers=2",
    "image.tag=1.2",
    "imagePullSecrets[0].name=registry",
    "settings.STORAGE_BUCKET=gencharge",
)


def problems(values: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft7Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(values)]


def test_the_values_are_true_to_their_schema_and_a_mistake_is_not() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert problems(VALUES) == []
    assert problems({**VALUES, "replicas": 3}) != []
    assert problems({**VALUES, "settings": {"TRUSTED_PROXIES": 1}}) != []
    assert problems({**VALUES, "settings": {"SECRET_KEY": "in-the-values"}}) != []


def test_settings_of_the_values_exist_and_secrets_have_no_place_there() -> None:
    for name in VALUES["settings"]:
        assert name.lower() in Settings.model_fields, name
    refused = re.compile(SCHEMA["properties"]["settings"]["propertyNames"]["not"]["pattern"])
    for name, field in Settings.model_fields.items():
        secret = "SecretStr" in str(field.annotation) or name in {
            *("database_url", "migration_database_url", "worker_database_url", "database_replica_url"),
            *("mongo_url", "redis_url", "storage_access_key_id"),
        }
        assert bool(refused.search(name.upper())) == (secret or name in OF_THE_CHART), name


def test_the_version_is_the_products() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert chart["appVersion"] == project["version"]


def test_every_value_is_used_and_every_used_one_exists() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir())
    used = set(re.findall(r"\.Values\.([A-Za-z.]+)", text))
    known = set(_paths(VALUES))
    assert {path for path in used if path not in known and not path.startswith("settings.")} == set()
    assert {
        path for path in known if not any(each == path or each.startswith(f"{path}.") for each in used)
    } == set()


def _paths(values: dict[str, Any], before: str = "") -> list[str]:
    """The paths of the values that templates name; what is passed on as a whole counts as one."""
    paths = []
    for name, value in values.items():
        path = f"{before}{name}"
        if (
            isinstance(value, dict)
            and value
            and path not in {"settings", "api.resources", "worker.resources"}
        ):
            paths += _paths(value, f"{path}.")
        else:
            paths.append(path)
    return paths


def rendered(*settings: str, version: str = KUBERNETES[0]) -> list[dict[str, Any]]:
    """What helm makes of the chart with these values, for a cluster of this version."""
    words = [word for setting in settings for word in ("--set", setting)]
    command = [str(HELM), "template", "recharge", str(CHART), "--kube-version", version, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """The manifests of a kind by their names."""
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


@needs_helm
def test_helm_finds_nothing_wrong() -> None:
    done = subprocess.run(
        [str(HELM), "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 chart(s) linted, 0 chart(s) failed" in done.stdout


@needs_helm
def test_helm_refuses_what_the_schema_refuses() -> None:
    command = [str(HELM), "template", "recharge", str(CHART), "--kube-version", KUBERNETES[0]]
    command += ["--set", "settings.SECRET_KEY=x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr


@needs_helm
@needs_schemas
@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("settings", [(), EVERYTHING, ("api.autoscaling.enabled=false",)])
def test_kubernetes_knows_each_manifest(version: str, settings: tuple[str, ...]) -> None:
    import kubernetes_validate  # type: ignore[import-not-found]

    manifests = rendered(*settings, version=version)
    assert len(manifests) >= 6
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)
    # A control: what is misspelt is found.
    manifest = of_kind(manifests, "Deployment")["recharge-gencharge-api"]
    manifest["spec"]["template"]["spec"]["terminationGracePeriod"] = 30
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, version, strict=True)


@needs_helm
def test_a_pod_has_the_time_that_its_process_takes_to_stop() -> None:
    for delay in (0, 10, 60):
        deployments = of_kind(rendered(f"shutdownDelaySeconds={delay}"), "Deployment")
        api = deployments["recharge-gencharge-api"]["spec"]["template"]["spec"]
        assert _environment(api)["SHUTDOWN_DELAY_SECONDS"] == str(delay)
        assert api["terminationGracePeriodSeconds"] > delay + serving.STOP_SECONDS
        worker = deployments["recharge-gencharge-worker"]["spec"]["template"]["spec"]
        assert worker["terminationGracePeriodSeconds"] > background._STOP_SECONDS


@needs_helm
def test_pods_run_as_nobody_write_nowhere_and_only_the_migration_has_the_owners_login() -> None:
    manifests = rendered(*EVERYTHING)
    workloads = [*of_kind(manifests, "Deployment").values(), *of_kind(manifests, "Job").values()]
    assert len(workloads) == 3
    for workload in workloads:
        pod = workload["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"] == "gencharge:1.2"
        secrets = [each["secretRef"]["name"] for each in container["envFrom"]]
        is_migration = workload["kind"] == "Job"
        assert secrets == ["gencharge", *(["gencharge-migration"] if is_migration else [])]
        unknown = {name for name in _environment(pod) if name.lower() not in Settings.model_fields}
        assert unknown == set()
    [job] = of_kind(manifests, "Job").values()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert of_kind(manifests, "Secret") == {}


@needs_helm
def test_each_selector_means_the_pods_of_its_part_and_no_others() -> None:
    manifests = rendered()
    pods = {
        name: each["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "Job")
        for name, each in of_kind(manifests, kind).items()
    }
    for kind in ("Deployment", "PodDisruptionBudget", "Service"):
        for name, manifest in of_kind(manifests, kind).items():
            selector = manifest["spec"]["selector"]
            selector = selector.get("matchLabels", selector)
            chosen = [pod for pod, labels in pods.items() if selector.items() <= labels.items()]
            assert chosen == ["recharge-gencharge-api" if name == "recharge-gencharge" else name], kind
    [scaler] = of_kind(manifests, "HorizontalPodAutoscaler").values()
    deployment = of_kind(manifests, "Deployment")[scaler["spec"]["scaleTargetRef"]["name"]]
    assert "replicas" not in deployment["spec"], "the two would fight over it"


def _environment(pod: dict[str, Any]) -> dict[str, str]:
    """What the chart sets for the only container of a pod."""
    [container] = pod["containers"]
    return {each["name"]: each["value"] for each in container.get("env", ())}
