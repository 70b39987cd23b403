package main

import (
	"encoding/base64"
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

// The chart's other files, as templates see them in .Files.
type files map[string][]byte

func (f files) Get(name string) string { return string(f[name]) }

func (f files) GetBytes(name string) []byte { return f[name] }

func (f files) Glob(pattern string) files {
	found := files{}
	for name, content := range f {
		if match, err := path.Match(pattern, name); err == nil && match {
			found[name] = content
		}
	}
	return found
}

func (f files) Lines(name string) []string {
	return strings.Split(strings.TrimSuffix(string(f[name]), "\n"), "\n")
}

func (f files) AsConfig() string {
	return f.asMap(func(content []byte) string { return string(content) })
}

func (f files) AsSecrets() string {
	return f.asMap(base64.StdEncoding.EncodeToString)
}

func (f files) asMap(text func([]byte) string) string {
	entries := map[string]string{}
	for name, content := range f {
		entries[path.Base(name)] = text(content)
	}
	out, err := yaml.Marshal(entries)
	if err != nil {
		// Texts by texts can always be written.
		panic(err)
	}
	return strings.TrimSuffix(string(out), "\n")
}
