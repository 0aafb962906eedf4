// Reproduces every vector of fixtures/vectors: go run ./verify [FOLDER]. Exit code 0 when all agree. The stages of a
// vector are compared in their order and the first that differs is shown: a wrong canonical text is another mistake than
// a wrong key.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

type vectorFile struct {
	NumberOfTests int               `json:"numberOfTests"`
	Rules         []json.RawMessage `json:"rules"`
	Tests         []vector          `json:"tests"`
	raw           []byte
}

type vector struct {
	ID       int             `json:"tcId"`
	Name     string          `json:"name"`
	Flags    []string        `json:"flags"`
	Expected json.RawMessage `json:"expected"`
	Steps    json.RawMessage `json:"steps"`
	raw      json.RawMessage
}

func (v *vector) UnmarshalJSON(data []byte) error {
	type plain vector
	v.raw = append(json.RawMessage(nil), data...)
	return json.Unmarshal(data, (*plain)(v))
}

// into reads the inputs of a vector.
func (v *vector) into(inputs any) {
	if err := json.Unmarshal(v.raw, inputs); err != nil {
		panic(fmt.Sprintf("%s: %v", v.Name, err))
	}
}

// stages gives names and values of an object in the order of the file.
func stages(raw json.RawMessage) (names []string, values map[string]any) {
	if json.Unmarshal(raw, &values) != nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.Token() // the brace; the text was just parsed
	for decoder.More() {
		name, _ := decoder.Token()
		var skipped json.RawMessage
		_ = decoder.Decode(&skipped)
		names = append(names, name.(string))
	}
	return names, values
}

// plain gives a value the form that JSON gives it.
func plain(value any) (same any) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &same)
	}
	if err != nil {
		panic(err)
	}
	return same
}

// difference gives the first stage that differs, or "".
func difference(v *vector, got any) (stage string, wanted, given any) {
	result, isObject := plain(got).(map[string]any)
	if !isObject {
		return "result", plain(v.Expected), plain(got)
	}
	for _, raw := range []json.RawMessage{v.Steps, v.Expected} {
		names, values := stages(raw)
		for _, name := range names {
			if !reflect.DeepEqual(values[name], result[name]) {
				return name, values[name], result[name]
			}
		}
	}
	return "", nil, nil
}

// A signer that does what a vendor-quirk shows would be wrong (fixtures/README.md).
func skipped(v *vector) bool {
	for _, flag := range v.Flags {
		if flag == "vendor-quirk" {
			return true
		}
	}
	return false
}

func verify(path string) (agree, skip, differ int) {
	base := filepath.Base(path)
	file := vectorFile{}
	data, err := os.ReadFile(path)
	if err == nil {
		file.raw = data
		err = json.Unmarshal(data, &file)
	}
	verifier := verifiers[strings.TrimSuffix(base, ".json")]
	switch {
	case err != nil:
		fmt.Printf("FAIL  %s: %v\n", base, err)
		return 0, 0, 1
	case len(file.Tests) != file.NumberOfTests:
		fmt.Printf("FAIL  %s: %d vectors instead of %d\n", base, len(file.Tests), file.NumberOfTests)
		return 0, 0, 1
	case verifier == nil:
		fmt.Printf("FAIL  %s: nothing here reproduces it\n", base)
		return 0, 0, 1
	}
	for i := range file.Tests {
		v := &file.Tests[i]
		if skipped(v) {
			skip++
			continue
		}
		stage, wanted, given := difference(v, verifier(v, &file))
		if stage == "" || (stage == "result" && reflect.DeepEqual(wanted, given)) {
			agree++
			continue
		}
		differ++
		fmt.Printf("FAIL  %s %d %s: %s\n  expected %q\n  got      %q\n", base, v.ID, v.Name, stage, fmt.Sprint(wanted), fmt.Sprint(given))
	}
	verdict := "ok  "
	if differ > 0 {
		verdict = "FAIL"
	}
	fmt.Printf("%s  %s: %d agree, %d skipped, %d differ\n", verdict, base, agree, skip, differ)
	return agree, skip, differ
}

func main() {
	folder := "../../fixtures/vectors"
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json")) // the pattern is well formed
	sort.Strings(paths)
	var agree, skip, differ int
	for _, path := range paths {
		a, s, d := verify(path)
		agree, skip, differ = agree+a, skip+s, differ+d
	}
	fmt.Printf("%d agree, %d skipped, %d differ\n", agree, skip, differ)
	if agree == 0 || differ > 0 {
		os.Exit(1)
	}
}
