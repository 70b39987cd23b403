// Holds rendered objects (a file with one as JSON in each line) against the schemas published for their kinds.
import { readFileSync } from "node:fs";

const packages = {
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/",
  "cert-manager.io": "@kubernetes-models/cert-manager/",
};

const faults = [];
for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const object = JSON.parse(line);
  const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0] : "";
  const models = await import((packages[group] ?? "kubernetes-models/") + object.apiVersion);
  const model = models[object.kind];
  if (!model) {
    faults.push(`${object.apiVersion} has no ${object.kind}.`);
    continue;
  }
  try {
    new model(object).validate();
  } catch (error) {
    faults.push(`${object.kind} ${object.metadata.name}: ${error.message}`);
  }
}
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
