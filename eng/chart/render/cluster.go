package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// The cluster a chart is rendered for, seen through kubectl; none where there is no kubeconfig.
type cluster struct {
	kubeconfig string
}

// What a chart is rendered for where nobody says.
const defaultVersion = "1.31.0"

type kubeVersion struct {
	Version, Major, Minor string
}

// v1.20.2, and what providers add: v1.31.4-gke.1234.
var versionText = regexp.MustCompile(`^v?([0-9]+)\.([0-9]+)\.[0-9]+([-+].*)?$`)

// A chart writes it as a text.
func (v kubeVersion) String() string { return v.Version }

func (v kubeVersion) GitVersion() string { return v.Version }

type apiVersions []string

func (a apiVersions) Has(version string) bool { return contains(a, version) }

type capabilities struct {
	KubeVersion kubeVersion
	APIVersions apiVersions
	HelmVersion map[string]interface{}
}

func (k cluster) capabilities(version string, further []string) (*capabilities, error) {
	c := &capabilities{
		APIVersions: append(apiVersions{"v1", "apps/v1"}, further...),
		HelmVersion: map[string]interface{}{"Version": "v3.0.0"},
	}
	if k.kubeconfig != "" {
		var told struct {
			ServerVersion struct{ GitVersion string }
		}
		out, err := k.kubectl("version", "-o", "json")
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(out, &told); err != nil {
			return nil, fmt.Errorf("kubectl version: %v", err)
		}
		if version == "" {
			version = told.ServerVersion.GitVersion
		}
		if out, err = k.kubectl("api-versions"); err != nil {
			return nil, err
		}
		c.APIVersions = append(c.APIVersions, strings.Fields(string(out))...)
	}
	if version == "" {
		version = defaultVersion
	}
	parts := versionText.FindStringSubmatch(version)
	if parts == nil {
		return nil, fmt.Errorf("the cluster's version is %q, expected one such as 1.31.0", version)
	}
	c.KubeVersion = kubeVersion{
		Version: "v" + strings.TrimPrefix(version, "v"),
		Major:   parts[1],
		Minor:   parts[2],
	}
	return c, nil
}

// An object, or a list of them where name is empty; an empty map where it is not there, or where there is no cluster.
func (k cluster) lookup(apiVersion, kind, namespace, name string) (map[string]interface{}, error) {
	out := map[string]interface{}{}
	if k.kubeconfig == "" {
		return out, nil
	}
	// kubectl takes a kind with its version and group: Deployment.v1.apps.
	resource := kind
	if group, version, found := strings.Cut(apiVersion, "/"); found {
		resource = kind + "." + version + "." + group
	}
	arguments := []string{"get", resource, "-o", "json", "--ignore-not-found"}
	if name != "" {
		arguments = append(arguments, name)
	}
	if namespace != "" {
		arguments = append(arguments, "--namespace", namespace)
	} else if name == "" {
		arguments = append(arguments, "--all-namespaces")
	}
	content, err := k.kubectl(arguments...)
	if err != nil || len(content) == 0 {
		return out, err
	}
	return out, json.Unmarshal(content, &out)
}

func (k cluster) kubectl(arguments ...string) ([]byte, error) {
	command := exec.Command("kubectl", append([]string{"--kubeconfig", k.kubeconfig, "--request-timeout=30s"}, arguments...)...)
	out, err := command.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return nil, fmt.Errorf("kubectl %s: %s", strings.Join(arguments, " "), strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}
