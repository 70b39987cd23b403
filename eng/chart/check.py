#!/usr/bin/env python3
"""What eng/chart/check.sh looks at in rendered objects.

check.py REPO FOLDER OLD CEL CURRENT SET...   compares the renderings FOLDER/SET-VERSION.json
check.py --others                             prints definitions of the kinds of others that the chart can make
check.py --state < LIST                       prints a line for each object that the chart made, with a digest
check.py --count < OBJECTS                    prints how many there are
check.py --lines < OBJECTS                    prints them an object a line
"""
import hashlib
import json
import pathlib
import re
import sys

OTHERS = [
    ("monitoring.coreos.com", "ServiceMonitor", "servicemonitors"),
    ("monitoring.coreos.com", "PrometheusRule", "prometheusrules"),
    ("cert-manager.io", "Certificate", "certificates"),
    ("cert-manager.io", "Issuer", "issuers"),
]
FAULTS = []


def check(ok, fault):
    if not ok:
        FAULTS.append(fault)


def objects(text):
    """One after the other, as kubectl prints them."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        item, at = decoder.raw_decode(text, at)
        found.append(item)
    return found


def load(folder, name, version):
    return objects((folder / f"{name}-{version}.json").read_text())


def key(item):
    return f"{item['kind']}/{item['metadata']['name']}"


def others():
    items = []
    for group, kind, plural in OTHERS:
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        items.append({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
            },
        })
    json.dump({"apiVersion": "v1", "kind": "List", "items": items}, sys.stdout)


def state():
    for item in json.load(sys.stdin)["items"]:
        # The service account of each namespace and such are not ours.
        if item["metadata"].get("labels", {}).get("app.kubernetes.io/name") != "templating":
            continue
        item.pop("status", None)
        item["metadata"] = {k: v for k, v in item["metadata"].items() if k in ("name", "labels", "annotations")}
        if item["kind"] == "ServiceAccount":
            item.pop("secrets", None)
        digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()
        print(key(item), digest)


def pod_specs(items):
    return [(key(i), i["spec"]["template"]["spec"]) for i in items if i["kind"] in ("Deployment", "DaemonSet", "Job")]


def check_restricted_pods(name, items):
    """The operator and the Jobs pass the restricted Pod Security level."""
    for what, spec in pod_specs(items):
        # The daemon and the installer see the shims, and nobody else any process of the host.
        sees = any(i["kind"] == "RuntimeClass" for i in items) and what.startswith("DaemonSet")
        check(not spec.get("hostNetwork") and bool(spec.get("hostPID")) == sees, f"{name}: {what} shares namespaces of the host.")
        if what.startswith("DaemonSet"):
            check(spec["automountServiceAccountToken"] is False, f"{name}: {what} has a service account token.")
            continue
        context = spec["securityContext"]
        check(context["runAsNonRoot"] is True, f"{name}: {what} may run as root.")
        check(context["seccompProfile"]["type"] == "RuntimeDefault", f"{name}: {what} has no seccomp profile.")
        check(not any("hostPath" in volume for volume in spec.get("volumes", [])), f"{name}: {what} has a hostPath.")
        for container in spec["containers"]:
            inner = container["securityContext"]
            check(inner["allowPrivilegeEscalation"] is False, f"{name}: {what} may gain privileges.")
            check(inner["capabilities"] == {"drop": ["ALL"]}, f"{name}: {what} has capabilities.")
            check(inner["readOnlyRootFilesystem"] is True, f"{name}: {what} can write its root.")


def check_selectors(name, items):
    """What selects pods selects those that the chart makes."""
    pods = [i["spec"]["template"]["metadata"]["labels"] for i in items if i["kind"] in ("Deployment", "DaemonSet")]
    for item in items:
        selector = item["spec"].get("selector") if item["kind"] in ("Deployment", "DaemonSet", "PodDisruptionBudget", "Service") else None
        if item["kind"] == "NetworkPolicy":
            selector = item["spec"]["podSelector"]
        if not selector or "matchExpressions" in selector:
            continue
        wanted = selector.get("matchLabels", selector).items()
        check(sum(wanted <= labels.items() for labels in pods) == 1, f"{name}: {key(item)} selects no pod, or too many.")


def flatten(rules, scope):
    return {
        (scope, group or "core", resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def check_role(repo, items, page, scopes):
    """The page says for each right of an account what needs it: no more, no less."""
    granted = set()
    for item in items:
        for (kind, whose), scope in scopes.items():
            if item["kind"] == kind and item["metadata"]["name"].endswith(whose):
                granted |= flatten(item["rules"], scope)
    documented = set()
    for line in (repo / page).read_text().splitlines():
        row = re.fullmatch(r"\| (cluster|own|each) \| (\S+) \| (\S+) \| ([a-z, ]+) \| .+ \|", line)
        if row:
            documented |= {(row[1], row[2], row[3], verb) for verb in row[4].split(", ")}
    check(not granted - documented, f"Granted, but not in {page}: {sorted(granted - documented)}")
    check(not documented - granted, f"In {page}, but not granted: {sorted(documented - granted)}")


def check_load_test(name, items):
    """Its rights are those of its account, in the namespaces that its arguments name; its pod has time to clean up."""
    jobs = [i for i in items if i["kind"] == "Job" and "-load-test-" in i["metadata"]["name"]]
    roles = {i["metadata"]["namespace"] for i in items if i["kind"] == "Role" and i["metadata"]["name"].endswith("-load-test")}
    bound = {i["metadata"]["namespace"] for i in items if i["kind"] == "RoleBinding" and i["metadata"]["name"].endswith("-load-test")}
    check(roles == bound, f"{name}: a load test has roles in {roles} and bindings in {bound}.")
    for job in jobs:
        spec = job["spec"]["template"]["spec"]
        named = {a.partition("=")[2] for a in spec["containers"][0]["args"] if a.startswith("--namespaces=")}
        check(named == roles, f"{name}: a load test goes to {named}, and has rights in {roles}.")
        check(job["spec"]["backoffLimit"] == 0 and spec["restartPolicy"] == "Never", f"{name}: a load test that failed runs again.")
    check(len(jobs) == ("load-test" in name), f"{name}: {len(jobs)} load tests.")


def comparable(items, same_version=False):
    """Without what is new in each rendering (certificates), and by what the versions are meant to differ."""
    out = {}
    for item in items:
        if item["kind"] == "CustomResourceDefinition" and not same_version:
            continue
        item = json.loads(json.dumps(item))
        if item["kind"] == "Secret":
            item["data"] = sorted(item["data"])
        if item["kind"] == "PodDisruptionBudget" and not same_version:
            item["apiVersion"] = "policy/*"
        out[key(item)] = item
    return out


def has_rules(value):
    if isinstance(value, dict):
        return "x-kubernetes-validations" in value or any(has_rules(v) for v in value.values())
    return isinstance(value, list) and any(has_rules(v) for v in value)


def compare(repo, folder, old, cel, current, sets):
    for name in sets:
        rendered = {version: load(folder, name, version) for version in (old, cel, current)}
        for version, items in rendered.items():
            names = [(i["kind"], i["metadata"].get("namespace"), i["metadata"]["name"]) for i in items]
            check(len(names) == len(set(names)), f"{name} {version}: an object is there twice.")
            budgets = {i["apiVersion"] for i in items if i["kind"] == "PodDisruptionBudget"}
            check(budgets <= {"policy/v1beta1" if version == old else "policy/v1"}, f"{name} {version}: {budgets}")
            definitions = [i for i in items if i["kind"] == "CustomResourceDefinition"]
            if name != "existing":
                check(len(definitions) == 3, f"{name} {version}: {len(definitions)} resources' definitions, expected 3.")
            check(any(map(has_rules, definitions)) == (version != old and bool(definitions)), f"{name} {version}: CEL rules are for 1.25 and newer.")
            for item in definitions:
                check(item["metadata"]["annotations"].get("helm.sh/resource-policy") == "keep", f"{name} {version}: {key(item)} would go with the release.")
            check_restricted_pods(name, items)
            check_selectors(name, items)
            check_load_test(name, items)
            # Helm 3 is what most people have.
            check(comparable(items, True) == comparable(load(folder, name, f"{version}-helm3"), True), f"{name} {version}: Helm 3 renders another thing.")
        # What a real old server accepts is what a current one gets, but for what is meant to differ.
        check(comparable(rendered[old]) == comparable(rendered[current]), f"{name}: {old} and {current} differ by more than they should.")
    check_role(
        repo, load(folder, "default", current), "docs/kubernetes/rbac.md", {("ClusterRole", "-operator"): "cluster", ("Role", "-operator"): "own"})
    check_role(
        repo, load(folder, "load-test", current), "docs/kubernetes/load.md", {("Role", "-load-test"): "each", ("Role", "-load-test-metrics"): "own"})


def main():
    if sys.argv[1] == "--others":
        others()
    elif sys.argv[1] == "--state":
        state()
    elif sys.argv[1] == "--count":
        print(len(objects(sys.stdin.read())))
    elif sys.argv[1] == "--lines":
        print("\n".join(map(json.dumps, objects(sys.stdin.read()))))
    else:
        repo, folder, old, cel, current, *sets = sys.argv[1:]
        compare(pathlib.Path(repo), pathlib.Path(folder), old, cel, current, sets)
        if FAULTS:
            sys.exit("\n".join(FAULTS))
        print(f"{len(sets)} sets of values render for {old}, {cel} and {current}.")


if __name__ == "__main__":
    main()
