package main

import (
	"fmt"
	"os"

	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

// The chart's values, with the given files and then the given settings over them.
func mergeValues(c *chart, o options) (map[string]interface{}, error) {
	values := c.values
	for _, name := range o.values {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var over map[string]interface{}
		if err := yaml.UnmarshalStrict(content, &over); err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		values = merge(values, over)
	}
	for _, setting := range o.sets {
		if err := set(values, setting, typed); err != nil {
			return nil, fmt.Errorf("--set %s: %v", setting, err)
		}
	}
	for _, setting := range o.setStrings {
		if err := set(values, setting, text); err != nil {
			return nil, fmt.Errorf("--set-string %s: %v", setting, err)
		}
	}
	return values, nil
}

// Maps are merged, everything else replaced; null takes a key away.
func merge(base, over map[string]interface{}) map[string]interface{} {
	for key, value := range over {
		if value == nil {
			delete(base, key)
			continue
		}
		below, isMap := base[key].(map[string]interface{})
		if above, ok := value.(map[string]interface{}); ok && isMap {
			base[key] = merge(below, above)
			continue
		}
		if base == nil {
			base = map[string]interface{}{}
		}
		base[key] = value
	}
	return base
}

func checkSchema(c *chart, values map[string]interface{}) error {
	if c.schema == nil {
		return nil
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(c.schema), gojsonschema.NewGoLoader(values))
	if err != nil {
		return fmt.Errorf("values.schema.json: %v", err)
	}
	if result.Valid() {
		return nil
	}
	message := "values don't meet the specifications of the schema:"
	for _, fault := range result.Errors() {
		message += "\n  - " + fault.String()
	}
	return fmt.Errorf("%s", message)
}
