// Package wire holds the pure functions of docs/wire.md, from the standard library only. Each is judged by the vectors of
// fixtures/vectors (go run ./verify), so begin a port here. "wire §n" cites that document.
package wire

import (
	"sort"
	"strings"
)

// A Pair is a name and a value: of a query or of headers, as they are before any encoding.
type Pair struct{ Name, Value string }

const upperHex = "0123456789ABCDEF"

// Enc is the one percent-encoding (wire §1.2). url.QueryEscape writes a blank as a plus, url.PathEscape leaves `$&+=:@`.
func Enc(text string) string { return escape(text, "-_.~") }

// KeyPath writes a decoded path for the request line: slashes stay (wire §5.9).
func KeyPath(path string) string { return escape(path, "-_.~/") }

// What JavaScript's encodeURIComponent leaves, for client-upload signatures only (wire §15.1).
func encodeURIComponent(text string) string { return escape(text, "-_.~!'()*") }

func escape(text, kept string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(kept, c) >= 0:
			out.WriteByte(c)
		default:
			out.WriteByte('%')
			out.WriteByte(upperHex[c>>4])
			out.WriteByte(upperHex[c&15])
		}
	}
	return out.String()
}

// Query writes pairs as they stand on the wire; a parameter without value is its bare name (wire §1.6).
func Query(pairs []Pair) string {
	var texts []string
	for _, pair := range pairs {
		text := Enc(pair.Name)
		if pair.Value != "" {
			text += "=" + Enc(pair.Value)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "&")
}

// A Key is where an object lies, in its three forms.
type Key struct{ Key, SignedPath, RequestPath string }

// StorageKey makes the key of a storage path, or names why there is none: empty, dot-segment or too-long (wire §4.3).
func StorageKey(path string) (Key, string) {
	key := strings.TrimPrefix(path, "/")
	if key == "" {
		return Key{}, "empty"
	}
	for _, segment := range strings.Split(key, "/") {
		if segment == "." || segment == ".." {
			return Key{}, "dot-segment"
		}
	}
	if len(key) > 850 {
		return Key{}, "too-long"
	}
	return Key{key, "/" + key, "/" + KeyPath(key)}, ""
}

// sortedFields encodes, then lower-cases the names, then sorts, once and in this order (wire §5.2).
func sortedFields(pairs []Pair) (list, text string) {
	fields := make([]Pair, len(pairs))
	for i, pair := range pairs {
		fields[i] = Pair{strings.ToLower(Enc(pair.Name)), Enc(pair.Value)}
	}
	sort.Slice(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	names, texts := make([]string, len(fields)), make([]string, len(fields))
	for i, field := range fields {
		names[i], texts[i] = field.Name, field.Name+"="+field.Value
	}
	return strings.Join(names, ";"), strings.Join(texts, "&")
}
