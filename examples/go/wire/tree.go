package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const mostLevels = 32

// A DocumentError says why bytes are not the document: Reason is empty, forbidden, malformed, too-large, unexpected-root
// or missing-element.
type DocumentError struct{ Reason, Element string }

func (e *DocumentError) Error() string { return strings.TrimSpace(e.Reason + " " + e.Element) }

type element struct {
	name     string
	text     strings.Builder
	children []*element
}

var doctype = regexp.MustCompile(`(?i)<!(DOCTYPE|ENTITY)`)

// tree reads strictly (wire §6.12): namespaces ignored, references decoded once, white space before the document skipped,
// no DOCTYPE, one root and nothing after it.
func tree(data []byte) (*element, error) {
	if !utf8.Valid(data) {
		return nil, &DocumentError{Reason: "malformed"}
	}
	data = bytes.TrimLeft(data, " \t\r\n\ufeff")
	if len(data) == 0 {
		return nil, &DocumentError{Reason: "empty"}
	}
	if doctype.Match(data) {
		return nil, &DocumentError{Reason: "forbidden"}
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	// Whatever encoding a declaration names: the bytes are UTF-8, as was just seen.
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var root *element
	var open []*element
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &DocumentError{Reason: "malformed"}
		}
		switch t := token.(type) {
		case xml.StartElement:
			one := &element{name: t.Name.Local}
			if len(open) > 0 {
				parent := open[len(open)-1]
				parent.children = append(parent.children, one)
			} else if root == nil {
				root = one
			} else {
				return nil, &DocumentError{Reason: "malformed"}
			}
			open = append(open, one)
			if len(open) > mostLevels {
				return nil, &DocumentError{Reason: "too-large"}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, &DocumentError{Reason: "malformed"}
			}
		}
	}
	if root == nil {
		return nil, &DocumentError{Reason: "malformed"}
	}
	return root, nil
}

func rootOf(data []byte, name string) (*element, error) {
	root, err := tree(data)
	if err == nil && root.name != name {
		return nil, &DocumentError{"unexpected-root", root.name}
	}
	return root, err
}

// child gives the text of the first child with one of these names, as it is.
func (e *element) child(names ...string) (string, bool) {
	for _, name := range names {
		for _, one := range e.children {
			if one.name == name {
				return one.text.String(), true
			}
		}
	}
	return "", false
}

func (e *element) optional(names ...string) string {
	text, _ := e.child(names...)
	return text
}

func (e *element) required(name string) (string, error) {
	text := strings.TrimSpace(e.optional(name))
	if text == "" {
		return "", &DocumentError{"missing-element", name}
	}
	return text, nil
}

var digits = regexp.MustCompile(`^[0-9]{1,16}$`)

func (e *element) number(name string, least, most int64) (int64, error) {
	text, err := e.required(name)
	if err != nil {
		return 0, err
	}
	number, _ := strconv.ParseInt(text, 10, 64)
	if !digits.MatchString(text) || number < least || number > most {
		return 0, &DocumentError{"malformed", name}
	}
	return number, nil
}

// etag gives an ETag without its quotes: they are part of the header, but not of the hash (wire §8.3).
func (e *element) etag() (string, error) {
	text, err := e.required("ETag")
	text = Unquoted(text)
	if err == nil && text == "" {
		err = &DocumentError{"missing-element", "ETag"}
	}
	return text, err
}

// Unquoted takes the quotes of an ETag off.
func Unquoted(etag string) string {
	if len(etag) > 1 && etag[0] == '"' && etag[len(etag)-1] == '"' {
		return etag[1 : len(etag)-1]
	}
	return etag
}

// truncated says whether more pages follow.
func (e *element) truncated() (bool, error) {
	text, err := e.required("IsTruncated")
	if err != nil {
		return false, err
	}
	text = strings.ToLower(text)
	if text != "true" && text != "false" {
		return false, &DocumentError{"malformed", "IsTruncated"}
	}
	return text == "true", nil
}

// decoded gives a key of a list as it is: where the list says so it is encoded (wire §6.17).
func (e *element) decoded(key string) string {
	if strings.TrimSpace(e.optional("EncodingType", "Encoding-type", "Encoding-Type")) == "url" {
		if plain, err := url.PathUnescape(key); err == nil {
			return plain
		}
	}
	return key
}
