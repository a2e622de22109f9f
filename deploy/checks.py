"""What no schema sees: that manifests fit each other."""

from collections.abc import Callable, Iterator
from itertools import chain

from deploy import code
from deploy.access import SERVICES
from deploy.node import Build, Node, Pods, title

Check = Callable[[Build], Iterator[str]]

GIVEN_SECRETS = {"lotse-postgres", "lotse-cluster-ca-cert", *(f"lotse-{service}-env" for service in SERVICES)}
"""Made outside of the manifests: by `deploy.secrets`, by Strimzi, by the operator."""

_CLUSTER_WIDE = ("Namespace", "PriorityClass")


def selectors(build: Build) -> Iterator[str]:
    """Workloads select their own pods; whatever selects for one workload finds exactly that one."""
    for pods in build.pods:
        if pods.owner["kind"].text != "Job" and not _only(build.selected(pods.owner.at("spec", "selector")), pods):
            yield f"{title(pods.owner)}: its selector does not find its pods and no others"
    for one in build.kind("PodDisruptionBudget", "Service"):
        selector = one.at("spec", "selector")
        wanted = Node({"matchLabels": selector.value}) if one["kind"].text == "Service" else selector
        if len(build.selected(wanted)) != 1:
            yield f"{title(one)}: selects {len(build.selected(wanted))} workloads instead of one"
    for one in build.kind("NetworkPolicy"):
        inner = [
            peer["podSelector"] for way in ("ingress", "egress") for peer in _peers(one, way) if peer["podSelector"]
        ]
        if not all(build.selected(each) for each in (one.at("spec", "podSelector"), *inner)):
            yield f"{title(one)}: selects nothing"


def _only(found: list[Pods], wanted: Pods) -> bool:
    return len(found) == 1 and found[0].owner is wanted.owner


def _peers(policy: Node, way: str) -> Iterator[Node]:
    for rule in policy.at("spec", way):
        yield from rule["to"]
        yield from rule["from"]


def guarded(build: Build) -> Iterator[str]:
    """Each service has a disruption budget, a priority, an account of its own and requests."""
    covered = {
        pods.app for one in build.kind("PodDisruptionBudget") for pods in build.selected(one.at("spec", "selector"))
    }
    for pods in _services(build):
        if pods.app not in covered:
            yield f"{title(pods.owner)}: has no disruption budget"
        if pods.spec["priorityClassName"].text not in build.names("PriorityClass"):
            yield f"{title(pods.owner)}: its priority class is not here"
        if pods.spec["serviceAccountName"].text not in build.names("ServiceAccount"):
            yield f"{title(pods.owner)}: its service account is not here"
    of = {pods.app: _value(build, pods.spec["priorityClassName"].text) for pods in _services(build)}
    if any(of["ingest"] <= value for app, value in of.items() if app != "ingest"):
        yield "ingest does not go last"


def _value(build: Build, priority: str) -> int:
    return build.named("PriorityClass", priority)["value"].number


def references(build: Build) -> Iterator[str]:
    """What is named by its name is there."""
    users = build.names("KafkaUser")
    for pods in build.pods:
        for kind, wanted, optional in _referred(pods):
            there = build.names("ConfigMap") if kind == "ConfigMap" else GIVEN_SECRETS | users
            if wanted not in there and not (optional and wanted.removeprefix("lotse-") in (*SERVICES, "topics")):
                yield f"{title(pods.owner)}: {kind} {wanted} is not here"
    for one in build.kind("ScaledObject", "HorizontalPodAutoscaler"):
        target = one.at("spec", "scaleTargetRef")
        found = build.named(target["kind"].text or "Deployment", target["name"].text)
        if not found or found.at("spec", "replicas"):
            yield f"{title(one)}: its target is not here, or sets its own number of replicas"
    for rule in chain.from_iterable(one.at("spec", "rules") for one in build.kind("Ingress")):
        for path in rule.at("http", "paths"):
            backend = path.at("backend", "service")
            ports = {port["name"].text for port in build.named("Service", backend["name"].text).at("spec", "ports")}
            if backend.at("port", "name").text not in ports:
                yield f"Ingress {rule['host'].text}: no port of {backend['name'].text}"
    for trigger in chain.from_iterable(one.at("spec", "triggers") for one in build.kind("ScaledObject")):
        login = trigger.at("authenticationRef", "name").text
        if login and login not in build.names("TriggerAuthentication"):
            yield f"TriggerAuthentication {login} is not here"


def _referred(pods: Pods) -> Iterator[tuple[str, str, bool]]:
    """Every ConfigMap and Secret that pods name, and whether they can do without."""
    for container in pods.containers:
        for source in container["envFrom"]:
            yield from _named(source["configMapRef"], source["secretRef"])
        for variable in container["env"]:
            yield from _named(variable.at("valueFrom", "configMapKeyRef"), variable.at("valueFrom", "secretKeyRef"))
    for volume in pods.spec["volumes"]:
        secret = volume.at("secret", "secretName").text
        yield from _named(volume["configMap"], Node({"name": secret}) if secret else Node())


def _named(config: Node, secret: Node) -> Iterator[tuple[str, str, bool]]:
    if config:
        yield "ConfigMap", config["name"].text, bool(config["optional"])
    if secret:
        yield "Secret", secret["name"].text, bool(secret["optional"])


def namespaces(build: Build) -> Iterator[str]:
    """An overlay is one namespace, which it brings."""
    brought = build.names("Namespace")
    if not brought:
        return
    for one in build.objects:
        space = one.at("metadata", "namespace").text
        if one["kind"].text not in _CLUSTER_WIDE and space not in brought:
            yield f"{title(one)}: stands in {space or 'no namespace'}"
    for one in build.kind("Namespace"):
        if one.at("metadata", "labels")["pod-security.kubernetes.io/enforce"].text != "restricted":
            yield f"{title(one)}: does not enforce the restricted profile"


def ports(build: Build) -> Iterator[str]:
    """Ports named by Services, probes and monitors are ports of the pods they mean."""
    for one in build.kind("Service"):
        for port in one.at("spec", "ports"):
            found = [pods.port(port["targetPort"].text) for pods in build.selected(_as_selector(one))]
            if None in found:
                yield f"{title(one)}: no pod has the port {port['targetPort'].text}"
    for one in build.kind("PodMonitor"):
        for end in one.at("spec", "podMetricsEndpoints"):
            if None in [pods.port(end["port"].text) for pods in build.selected(one.at("spec", "selector"))]:
                yield f"{title(one)}: a pod it selects has no port {end['port'].text}"
            if end["path"].text not in code.health_paths():
                yield f"{title(one)}: {end['path'].text} is no route"
    inside = {pods.port("http") for pods in _services(build)}
    for one in build.kind("NetworkPolicy"):
        for rule in one.at("spec", "ingress"):
            if {port["port"].number for port in rule["ports"]} - inside:
                yield f"{title(one)}: lets in by a port that nobody listens on"


def _as_selector(service: Node) -> Node:
    return Node({"matchLabels": service.at("spec", "selector").value})


_PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def probes(build: Build) -> Iterator[str]:
    """Each probe asks its own route of the runtime, by a port of its container."""
    for pods in _services(build):
        container = _main(pods)
        for probe, path in _PROBES.items():
            asked = container.at(probe, "httpGet")
            if asked["path"].text != path or path not in code.health_paths():
                yield f"{title(pods.owner)}: {probe} asks {asked['path'].text or 'nothing'} instead of {path}"
            if asked and pods.port(asked["port"].text) is None:
                yield f"{title(pods.owner)}: {probe} asks the port {asked['port'].text}"


def restricted(build: Build) -> Iterator[str]:
    """Pod Security "restricted", and a little more for our own pods."""
    for pods in build.pods:
        who, space = title(pods.owner), pods.spec["securityContext"]
        if not space["runAsNonRoot"] or space.at("seccompProfile", "type").text != "RuntimeDefault":
            yield f"{who}: may run as root, or without seccomp"
        if pods.spec["automountServiceAccountToken"].value is not False:
            yield f"{who}: is given a token of the API server"
        if any(pods.spec[field] for field in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{who}: shares the host's namespaces"
        for container in pods.containers:
            yield from (f"{who}: {word}" for word in _loose(container, ours=pods.ours))


def _loose(container: Node, *, ours: bool) -> Iterator[str]:
    context, where = container["securityContext"], container["name"].text
    if context["allowPrivilegeEscalation"].value is not False:
        yield f"{where} may gain privileges"
    if [one.text for one in context.at("capabilities", "drop")] != ["ALL"]:
        yield f"{where} keeps capabilities"
    if ours and not context["readOnlyRootFilesystem"]:
        yield f"{where} may write to its image"
    if not container.at("resources", "requests", "memory") or not container.at("resources", "limits", "memory"):
        yield f"{where} asks for no memory"


def no_secrets(build: Build) -> Iterator[str]:
    """Secrets stand in no manifest."""
    for one in build.kind("Secret"):
        yield f"{title(one)}: a secret in the manifests"
    for pods in build.pods:
        for variable in chain.from_iterable(container["env"] for container in pods.containers):
            words = variable["name"].text.split("_")
            if {"PASSWORD", "SECRET", "TOKEN", "POSTGRES"} & set(words[-1:]) and not variable["valueFrom"]:
                yield f"{title(pods.owner)}: {variable['name'].text} stands in the manifest"


def images(build: Build) -> Iterator[str]:
    """Pods run the image of their service, of a release that is named where an overlay names one."""
    for pods in _services(build):
        for container in pods.containers:
            image, _, _ = container["image"].text.rpartition("/")[2].partition(":")
            if image != f"lotse-{pods.app}":
                yield f"{title(pods.owner)}: runs {container['image'].text}"
    for pods in build.pods if build.names("Namespace") else ():
        for container in pods.containers:
            _, _, tag = container["image"].text.rpartition("/")[2].partition(":")
            if not tag or tag == "latest":
                yield f"{title(pods.owner)}: {container['image'].text} names no release"


def _services(build: Build) -> list[Pods]:
    return [pods for pods in build.pods if pods.ours and pods.owner["kind"].text == "Deployment"]


def _main(pods: Pods) -> Node:
    return next(iter(pods.spec["containers"]), Node())


CHECKS: tuple[Check, ...] = (
    selectors,
    guarded,
    references,
    namespaces,
    ports,
    probes,
    restricted,
    no_secrets,
    images,
)
