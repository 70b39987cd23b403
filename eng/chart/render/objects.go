package main

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// One rendered object.
type object struct {
	source, kind, text string
}

// Helm's order of installation, of the kinds that charts have.
var order = []string{
	"Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget", "ServiceAccount", "Secret",
	"ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole",
	"ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet", "Pod", "ReplicaSet", "Deployment",
	"HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "Ingress", "APIService",
}

func (o object) order() int {
	for i, kind := range order {
		if kind == o.kind {
			return i
		}
	}
	return len(order)
}

var separator = regexp.MustCompile(`(?m)^---\s*$`)

// Every document must be an object by itself; one of comments alone is none.
func parseObjects(source, rendered string) ([]object, error) {
	var found []object
	for _, document := range separator.Split(rendered, -1) {
		document = strings.TrimSpace(document)
		var content map[string]interface{}
		if err := yaml.UnmarshalStrict([]byte(document), &content); err != nil {
			return nil, fmt.Errorf("%s: %v\n%s", source, err, document)
		}
		if len(content) == 0 {
			continue
		}
		kind, _ := content["kind"].(string)
		version, _ := content["apiVersion"].(string)
		if kind == "" || version == "" {
			return nil, fmt.Errorf("%s: an object without kind or apiVersion:\n%s", source, document)
		}
		found = append(found, object{source, kind, document})
	}
	return found, nil
}
