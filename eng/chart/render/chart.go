package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

type chart struct {
	// Chart.yaml's fields, with a capital as templates see them.
	meta map[string]interface{}
	// By path in the chart: templates/x.yaml.
	templates map[string]string
	values    map[string]interface{}
	schema    []byte
	files     files
}

func loadChart(folder string) (*chart, error) {
	c := &chart{meta: map[string]interface{}{}, templates: map[string]string{}, files: files{}}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		return c.add(filepath.ToSlash(relative), content)
	})
	if err == nil && (len(c.meta) == 0 || c.values == nil) {
		err = fmt.Errorf("%s is not a chart: it has no Chart.yaml or no values.yaml", folder)
	}
	return c, err
}

func (c *chart) add(name string, content []byte) error {
	switch {
	case name == "Chart.yaml":
		var meta map[string]interface{}
		if err := yaml.UnmarshalStrict(content, &meta); err != nil {
			return fmt.Errorf("Chart.yaml: %v", err)
		}
		for key, value := range meta {
			c.meta[strings.ToUpper(key[:1])+key[1:]] = value
		}
		if meta["apiVersion"] != "v2" {
			return fmt.Errorf("Chart.yaml: apiVersion is %v, expected v2", meta["apiVersion"])
		}
		// As Helm calls it.
		c.meta["APIVersion"] = meta["apiVersion"]
	case name == "values.yaml":
		if err := yaml.UnmarshalStrict(content, &c.values); err != nil {
			return fmt.Errorf("values.yaml: %v", err)
		}
	case name == "values.schema.json":
		c.schema = content
	case strings.HasPrefix(name, "templates/"):
		c.templates[name] = string(content)
	case path.Base(name) != ".helmignore":
		c.files[name] = content
	}
	return nil
}

func (c *chart) name() string { return fmt.Sprint(c.meta["Name"]) }
