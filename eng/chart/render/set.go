package main

import (
	"fmt"
	"strconv"
	"strings"
)

// One step of a path: a key, or (where the key is empty) a place in a list.
type step struct {
	key   string
	index int
}

// Sets path=value in values; several may stand in one setting, separated by commas. A backslash takes the meaning from
// the comma, dot, bracket or equals sign after it.
func set(values map[string]interface{}, setting string, convert func(string) interface{}) error {
	for _, one := range splitUnescaped(setting, ',') {
		parts := splitUnescaped(one, '=')
		if len(parts) < 2 {
			return fmt.Errorf("expected path=value")
		}
		steps, err := parsePath(parts[0])
		if err != nil {
			return err
		}
		raw := strings.Join(parts[1:], "=")
		var value interface{}
		if strings.HasPrefix(raw, "{") && strings.HasSuffix(raw, "}") {
			items := []interface{}{}
			if inner := raw[1 : len(raw)-1]; inner != "" {
				for _, item := range splitUnescaped(inner, ',') {
					items = append(items, convert(unescape(item)))
				}
			}
			value = items
		} else {
			value = convert(unescape(raw))
		}
		if _, err := assign(values, steps, value); err != nil {
			return err
		}
	}
	return nil
}

func assign(into interface{}, steps []step, value interface{}) (interface{}, error) {
	if len(steps) == 0 {
		return value, nil
	}
	first := steps[0]
	if first.key != "" {
		m, ok := into.(map[string]interface{})
		if into != nil && !ok {
			return nil, fmt.Errorf("%s is not in a map", first.key)
		}
		if m == nil {
			m = map[string]interface{}{}
		}
		inner, err := assign(m[first.key], steps[1:], value)
		if err == nil && inner == nil {
			delete(m, first.key)
		} else {
			m[first.key] = inner
		}
		return m, err
	}
	l, ok := into.([]interface{})
	if into != nil && !ok {
		return nil, fmt.Errorf("[%d] is not in a list", first.index)
	}
	for len(l) <= first.index {
		l = append(l, nil)
	}
	inner, err := assign(l[first.index], steps[1:], value)
	l[first.index] = inner
	return l, err
}

func parsePath(path string) ([]step, error) {
	var steps []step
	for _, part := range splitUnescaped(path, '.') {
		key := part
		var indexes []step
		for strings.HasSuffix(key, "]") && !strings.HasSuffix(key, `\]`) {
			open := strings.LastIndex(key, "[")
			if open < 0 {
				break
			}
			index, err := strconv.Atoi(key[open+1 : len(key)-1])
			// Helm's own limit: a list that long is a mistake.
			if err != nil || index < 0 || index > 65536 {
				return nil, fmt.Errorf("%s: the place in a list must be a number from 0 to 65536", part)
			}
			indexes = append([]step{{index: index}}, indexes...)
			key = key[:open]
		}
		if key == "" {
			return nil, fmt.Errorf("%s: a key is empty", path)
		}
		steps = append(append(steps, step{key: unescape(key)}), indexes...)
	}
	return steps, nil
}

// Braces keep what is in them together, so that {a,b} is one value.
func splitUnescaped(text string, separator byte) []string {
	var parts []string
	start, depth := 0, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '{':
			depth++
		case text[i] == '}':
			depth--
		case text[i] == separator && (separator != ',' || depth == 0):
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func text(value string) interface{} { return value }

func typed(value string) interface{} {
	switch value {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	// As Helm: 0644 stays a text.
	if number, err := strconv.ParseInt(value, 10, 64); err == nil && (value == "0" || !strings.HasPrefix(value, "0")) {
		return number
	}
	return value
}
