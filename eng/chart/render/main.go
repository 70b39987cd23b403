// Renders a Helm chart as `helm template` does, for machines that have no helm: the same template functions (text/template
// and sprig), objects (Values, Release, Chart, Capabilities, Files, Template) and order of the rendered objects. It does
// what this repository's chart needs; subcharts, hooks and chart repositories are not among that.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

type options struct {
	chart, release, namespace, kubeVersion, kubeconfig string
	values, sets, setStrings, apiVersions              list
	onlyKinds, skipKinds                               string
	notes, json                                        bool
}

func main() {
	var o options
	flags := flag.NewFlagSet("chart-render", flag.ContinueOnError)
	flags.StringVar(&o.chart, "chart", "", "the chart's `folder`")
	flags.StringVar(&o.release, "release", "templating", "the release's `name`")
	flags.StringVar(&o.namespace, "namespace", "default", "the release's `namespace`")
	flags.Var(&o.values, "f", "a `file` of values, over the chart's own; repeatable, the last one wins")
	flags.Var(&o.sets, "set", "`path=value`, over all files; path is a.b, a.b[0]; value a number, true, false, null, {a,b} or text; repeatable")
	flags.Var(&o.setStrings, "set-string", "as --set, the value always a text; repeatable")
	flags.StringVar(&o.kubeVersion, "kube-version", "", "the cluster's `version` (default: what --kubeconfig's server says, else 1.31.0)")
	flags.Var(&o.apiVersions, "api-versions", "a further `API` the cluster has, such as monitoring.coreos.com/v1; repeatable")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "render for the cluster of this `file`: its version, its APIs, and lookup sees its objects")
	flags.StringVar(&o.onlyKinds, "only-kinds", "", "only objects of these `kinds`, separated by commas")
	flags.StringVar(&o.skipKinds, "skip-kinds", "", "no objects of these `kinds`, separated by commas")
	flags.BoolVar(&o.json, "json", false, "print an object a line, as JSON")
	flags.BoolVar(&o.notes, "notes", false, "print the rendered NOTES.txt instead of the objects")
	if err := flags.Parse(os.Args[1:]); err != nil {
		os.Exit(2)
	}
	if flags.NArg() > 0 || o.chart == "" {
		fmt.Fprintln(os.Stderr, "chart-render: give --chart FOLDER, and nothing but options.")
		os.Exit(2)
	}
	out, err := run(o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "chart-render: %v\n", err)
		os.Exit(1)
	}
	fmt.Print(out)
}

func run(o options) (string, error) {
	c, err := loadChart(o.chart)
	if err != nil {
		return "", err
	}
	values, err := mergeValues(c, o)
	if err != nil {
		return "", err
	}
	if err := checkSchema(c, values); err != nil {
		return "", err
	}
	cluster := cluster{kubeconfig: o.kubeconfig}
	capabilities, err := cluster.capabilities(o.kubeVersion, o.apiVersions)
	if err != nil {
		return "", err
	}
	e := newEngine(c, cluster, map[string]interface{}{
		"Values":       values,
		"Chart":        c.meta,
		"Capabilities": capabilities,
		"Files":        c.files,
		"Release": map[string]interface{}{
			"Name": o.release, "Namespace": o.namespace, "Service": "Helm", "Revision": 1,
			"IsInstall": true, "IsUpgrade": false,
		},
	})
	if o.notes {
		return e.render("templates/NOTES.txt")
	}
	return e.objects(split(o.onlyKinds), split(o.skipKinds), o.json)
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
