package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"
)

type engine struct {
	chart   *chart
	cluster cluster
	top     map[string]interface{}
	root    *template.Template
	// How deep includes stand in each other, to end one that includes itself.
	depth int
}

// Helm's limit of nested includes.
const maxDepth = 1000

func newEngine(c *chart, k cluster, top map[string]interface{}) *engine {
	return &engine{chart: c, cluster: k, top: top}
}

func (e *engine) parse() error {
	if e.root != nil {
		return nil
	}
	e.root = template.New(e.chart.name()).Option("missingkey=zero")
	e.root.Funcs(e.functions())
	for _, name := range e.names() {
		if _, err := e.root.New(e.full(name)).Parse(e.chart.templates[name]); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) full(name string) string { return e.chart.name() + "/" + name }

func (e *engine) names() []string {
	var names []string
	for name := range e.chart.templates {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (e *engine) render(name string) (string, error) {
	if err := e.parse(); err != nil {
		return "", err
	}
	data := map[string]interface{}{
		"Template": map[string]interface{}{"Name": e.full(name), "BasePath": e.full("templates")},
	}
	for key, value := range e.top {
		data[key] = value
	}
	return e.execute(e.full(name), data)
}

func (e *engine) execute(name string, data interface{}) (string, error) {
	if e.depth++; e.depth > maxDepth {
		return "", fmt.Errorf("%s includes itself without end", name)
	}
	defer func() { e.depth-- }()
	var out bytes.Buffer
	if err := e.root.ExecuteTemplate(&out, name, data); err != nil {
		return "", err
	}
	// What text/template writes for a value that is not there; Helm takes it out too.
	return strings.ReplaceAll(out.String(), "<no value>", ""), nil
}

// All objects in the order in which they can be applied.
func (e *engine) objects(only, skip []string, asJSON bool) (string, error) {
	var all []object
	for _, name := range e.names() {
		base := name[strings.LastIndex(name, "/")+1:]
		if strings.HasPrefix(base, "_") || base == "NOTES.txt" {
			continue
		}
		rendered, err := e.render(name)
		if err != nil {
			return "", err
		}
		found, err := parseObjects(e.full(name), rendered)
		if err != nil {
			return "", err
		}
		all = append(all, found...)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].order() < all[j].order() })
	var out strings.Builder
	for _, o := range all {
		if (only != nil && !contains(only, o.kind)) || contains(skip, o.kind) {
			continue
		}
		if !asJSON {
			fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", o.source, o.text)
			continue
		}
		line, err := yaml.YAMLToJSON([]byte(o.text))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "%s\n", line)
	}
	return out.String(), nil
}

func contains(list []string, item string) bool {
	for _, one := range list {
		if one == item {
			return true
		}
	}
	return false
}
